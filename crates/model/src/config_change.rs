//! What an administrator did at the edge.

use std::sync::Arc;

use crate::record::{OCSF_OTHER, RecordHeader};
use crate::{OcsfClass, PrincipalId, Timestamp};

/// One record of an audit feed: a change, or a sign-in or sign-out.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigChange {
    /// What every record has.
    pub header: RecordHeader,
    /// When it was done, on the edge's clock: `ModifiedTime`, else `CreationTime`.
    pub change_time: Option<Timestamp>,
    /// `AuditOperationType`, as sent: `Create`, `Update`, `Sign Out`, …
    pub operation: Option<Arc<str>>,
    /// `ObjectType`.
    pub object_type: Option<Arc<str>>,
    /// `ObjectName`.
    pub object_name: Option<Arc<str>>,
    /// `ObjectID`, digits beyond what a double can tell.
    pub object_id: Option<Arc<str>>,
    /// The administrator's pseudonym.
    pub principal_id: Option<PrincipalId>,
    /// `User`, as sent.
    pub user_name: Option<Arc<str>>,
    /// `ModifiedBy`: the administrator's id.
    pub user_id: Option<Arc<str>>,
    /// `RequestID`.
    pub request_id: Option<Arc<str>>,
    /// `SessionID` of the administrator.
    pub session_id: Option<Arc<str>>,
    /// `AuditOldValue`: a JSON document, as text.
    pub old_value: Option<Arc<str>>,
    /// `AuditNewValue`: a JSON document, as text.
    pub new_value: Option<Arc<str>>,
    /// Where it was done from, in feeds that say so.
    pub client_address: Option<Arc<str>>,
    /// Success or failure, in feeds that say so.
    pub result: Option<Arc<str>>,
}

/// The kinds of operation that OCSF tells apart.
#[derive(Clone, Copy)]
enum Operation {
    Create,
    Read,
    Update,
    Delete,
    SignIn,
    SignOut,
    Activate,
    Other,
}

impl ConfigChange {
    /// A change of which nothing is known but where it came from.
    pub const fn empty(header: RecordHeader) -> Self {
        Self {
            header,
            change_time: None,
            operation: None,
            object_type: None,
            object_name: None,
            object_id: None,
            principal_id: None,
            user_name: None,
            user_id: None,
            request_id: None,
            session_id: None,
            old_value: None,
            new_value: None,
            client_address: None,
            result: None,
        }
    }

    /// Authentication for a sign-in or sign-out, else Entity Management.
    pub fn ocsf_class(&self) -> OcsfClass {
        match self.kind() {
            Operation::SignIn | Operation::SignOut => OcsfClass::Authentication,
            _ => OcsfClass::EntityManagement,
        }
    }

    /// OCSF `activity_id` in that class.
    pub fn ocsf_activity(&self) -> u8 {
        match self.kind() {
            Operation::Create | Operation::SignIn => 1,
            Operation::Read | Operation::SignOut => 2,
            Operation::Update => 3,
            Operation::Delete => 4,
            Operation::Activate => 10,
            Operation::Other => OCSF_OTHER,
        }
    }

    fn kind(&self) -> Operation {
        let word = self.operation.as_deref().unwrap_or_default().to_ascii_lowercase();
        let letters: String = word.chars().filter(char::is_ascii_alphabetic).collect();
        match letters.as_str() {
            "create" => Operation::Create,
            "read" | "download" | "export" => Operation::Read,
            "update" | "modify" | "patch" => Operation::Update,
            "delete" => Operation::Delete,
            "activate" => Operation::Activate,
            "signin" | "login" | "signinfailure" => Operation::SignIn,
            "signout" | "logout" => Operation::SignOut,
            _ => Operation::Other,
        }
    }
}
