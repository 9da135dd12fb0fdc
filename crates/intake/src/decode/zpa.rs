//! ZPA LSS User Activity (`zpn_trans_log`) as a wire record, by its tokens and not by their order.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use super::flat_json::{Object, Value};
use super::line::RawReason;
use super::note::{Note, Notes};

macro_rules! tokens {
    ($($token:ident)*) => {
        /// The tokens of User Activity that Fanlight reads, by the vendor's names.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(usize)]
        pub(crate) enum Token { $(#[doc = stringify!($token)] $token),* }

        impl Token {
            pub(crate) const ALL: &[Self] = &[$(Self::$token),*];

            /// The token as the vendor spells it.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$token => stringify!($token)),* }
            }
        }

        const TOKEN_COUNT: usize = [$(Token::$token),*].len();
    };
}

tokens! {
    LogTimestamp Customer SessionID ConnectionID InternalReason ConnectionStatus IPProtocol Username ServicePort
    ClientPublicIP ClientPrivateIP ClientZEN Policy Connector ConnectorZEN ConnectorIP ConnectorPort Host Application
    AppGroup Server ServerIP ServerPort PolicyProcessingTime CAProcessingTime AppLearnTime ConnectorZENSetupTime
    ConnectionSetupTime ServerSetupTime TimestampConnectionStart TimestampConnectionEnd TimestampCATx TimestampCARx
    TimestampAppLearnStart TimestampZENFirstRxClient TimestampZENFirstTxClient TimestampZENLastRxClient
    TimestampZENLastTxClient TimestampConnectorZENSetupComplete TimestampZENFirstRxConnector
    TimestampZENFirstTxConnector TimestampZENLastRxConnector TimestampZENLastTxConnector ZENTotalBytesRxClient
    ZENTotalBytesTxClient Hostname
}

/// Keys of the default and of the longer templates that carry nothing this version reads. They are no surprise.
const KNOWN_UNREAD: &[&str] = &[
    "fl",
    "DoubleEncryption",
    "ClientLatitude",
    "ClientLongitude",
    "ClientCountryCode",
    "ZENBytesRxClient",
    "ZENBytesTxClient",
    "ZENTotalBytesRxConnector",
    "ZENBytesRxConnector",
    "ZENTotalBytesTxConnector",
    "ZENBytesTxConnector",
    "Idp",
    "ClientToClient",
    "ClientCity",
    "MicroTenantID",
    "AppMicroTenantID",
    "Platform",
    "PRAConnectionID",
    "PRAConsoleType",
    "PRAApprovalID",
    "PRACapabilityPolicyID",
    "PRACredentialPolicyID",
    "PRACredentialUserName",
    "PRACredentialLoginType",
    "PRAErrorStatus",
    "PRAFileTransferList",
    "PRARecordingStatus",
    "PRASharedUsersList",
    "PRASharedUserList",
    "PRASessionType",
    "PRASharedMode",
    "EventType",
];

/// Only User Activity has these; three known keys with one of them make a line User Activity.
const DISTINCTIVE: &[Token] = &[
    Token::InternalReason,
    Token::ServicePort,
    Token::ConnectorIP,
    Token::ConnectorPort,
    Token::ConnectorZEN,
    Token::AppGroup,
    Token::PolicyProcessingTime,
    Token::ServerSetupTime,
    Token::TimestampConnectionStart,
    Token::ZENTotalBytesRxClient,
];

/// Tokens without which an answer is missing, in the order of the flow; what of them a template lacks is told.
const WANTED: &[Token] = &[
    Token::LogTimestamp,
    Token::ConnectionID,
    Token::ConnectionStatus,
    Token::InternalReason,
    Token::Username,
    Token::ClientPublicIP,
    Token::ClientZEN,
    Token::Policy,
    Token::Connector,
    Token::ConnectorIP,
    Token::ConnectorPort,
    Token::ServerIP,
    Token::ServerPort,
    Token::Application,
    Token::AppGroup,
    Token::PolicyProcessingTime,
    Token::CAProcessingTime,
    Token::AppLearnTime,
    Token::ConnectorZENSetupTime,
    Token::ConnectionSetupTime,
    Token::ServerSetupTime,
    Token::TimestampConnectionStart,
    Token::TimestampConnectionEnd,
    Token::TimestampConnectorZENSetupComplete,
    Token::TimestampZENFirstRxClient,
    Token::TimestampZENFirstTxConnector,
    Token::TimestampZENFirstRxConnector,
    Token::TimestampZENLastRxConnector,
    Token::Hostname,
];

/// Which template rendered a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Fanlight's own, with its marker.
    Fanlight,
    /// The vendor's default JSON, perhaps with tokens added.
    Default,
    /// A customer's own.
    Custom,
    /// None that is known.
    Unknown,
}

impl Dialect {
    /// The lower-case name that `fanlight ingest test` prints.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fanlight => "fanlight",
            Self::Default => "default",
            Self::Custom => "custom",
            Self::Unknown => "unknown",
        }
    }
}

/// One record of User Activity in the vendor's words. A token that the template lacks is `None`.
#[derive(Clone, Debug)]
pub(crate) struct ZpaUserActivity<'a> {
    values: [Option<Cow<'a, str>>; TOKEN_COUNT],
    pub(crate) dialect: Dialect,
}

impl<'a> ZpaUserActivity<'a> {
    /// Picks the tokens out of an object; of a key that stands twice the last counts.
    pub(crate) fn from_object(object: Object<'a>, notes: &mut Notes) -> Result<Self, RawReason> {
        if !is_user_activity(&object) {
            return Err(RawReason::OtherFeed(other_feed(&object)));
        }
        let mut record = Self { values: [const { None }; TOKEN_COUNT], dialect: Dialect::Custom };
        let mut default_keys = 0;
        for (key, value) in object.fields {
            let Some(known) = lookup(&key) else {
                notes.add(Note::UnknownKey(key.into_owned()));
                continue;
            };
            if key == MARKER_KEY {
                record.dialect = marker(&value, notes);
                continue;
            }
            default_keys += 1;
            let Some(token) = known else { continue };
            let text = match value {
                Value::Text(text) => text,
                Value::Bare(text) | Value::Nested(text) => Cow::Borrowed(text),
                Value::Nothing => Cow::Borrowed(""),
                Value::Token => {
                    notes.add(Note::TemplateToken(token.as_str()));
                    Cow::Borrowed("")
                }
            };
            if let Some(slot) = record.values.get_mut(token as usize)
                && slot.replace(text).is_some()
            {
                notes.add(Note::DuplicateKey(token.as_str()));
            }
        }
        if record.dialect == Dialect::Custom && default_keys >= DEFAULT_TEMPLATE_KEYS {
            record.dialect = Dialect::Default;
        }
        Ok(record)
    }

    /// A token's value; `None` where the template lacks it, and where the value is empty.
    pub(crate) fn get(&self, token: Token) -> Option<&str> {
        self.values.get(token as usize)?.as_deref().filter(|text| !text.trim().is_empty())
    }

    /// Wanted tokens that the template lacks, in the vendor's words.
    pub(crate) fn missing(&self) -> Vec<&'static str> {
        let lacks = |token: &&Token| self.values.get(**token as usize).is_none_or(Option::is_none);
        WANTED.iter().filter(lacks).map(|token| token.as_str()).collect()
    }
}

const MARKER_KEY: &str = "fl";
const MARKER_FAMILY: &str = "zpa.ua/";
const MARKER: &str = "zpa.ua/1";

/// The vendor's default of 2019 has this many keys; later ones have more.
const DEFAULT_TEMPLATE_KEYS: usize = 50;

fn marker(value: &Value<'_>, notes: &mut Notes) -> Dialect {
    match value {
        Value::Text(text) if text == MARKER => Dialect::Fanlight,
        Value::Text(text) if text.starts_with(MARKER_FAMILY) => {
            notes.add(Note::UnknownTemplateVersion);
            Dialect::Fanlight
        }
        _ => Dialect::Custom,
    }
}

type Keys = HashMap<String, Option<Token>>;

/// Keys by their exact spelling, and by their lower-case form for those who spell them otherwise, the vendor among them.
static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let read = Token::ALL.iter().map(|token| (token.as_str(), Some(*token)));
    let unread = KNOWN_UNREAD.iter().map(|key| (*key, None));
    let mut keys = Keys::new();
    for (key, token) in read.chain(unread) {
        keys.insert(key.to_owned(), token);
        keys.insert(key.to_ascii_lowercase(), token);
    }
    keys
});

fn lookup(key: &str) -> Option<Option<Token>> {
    KEYS.get(key).or_else(|| KEYS.get(&key.to_ascii_lowercase())).copied()
}

fn is_user_activity(object: &Object<'_>) -> bool {
    let mut known = 0;
    let mut distinctive = false;
    for (key, value) in &object.fields {
        if key == MARKER_KEY && matches!(value, Value::Text(text) if text.starts_with(MARKER_FAMILY)) {
            return true;
        }
        if let Some(found) = lookup(key) {
            known += 1;
            distinctive |= found.is_some_and(|token| DISTINCTIVE.contains(&token));
        }
    }
    known >= 3 && distinctive
}

/// The name of the feed that a key gives away, for the message.
fn other_feed(object: &Object<'_>) -> &'static str {
    const SIGNS: &[(&str, &str)] = &[
        ("exchangesequenceindex", "zpa_appprotection"),
        ("nameid", "zpa_browser_access"),
        ("auditoperationtype", "zpa_audit"),
        ("alivetargetcount", "zpa_app_connector_metrics"),
        ("connectorgroup", "zpa_app_connector_status"),
        ("serviceedgegroup", "zpa_private_service_edge_status"),
        ("certificatecn", "zpa_user_status"),
        ("postureshit", "zpa_user_status"),
        ("enforcementaction", "zpa_microsegmentation"),
        ("sourcetype", "zia"),
    ];
    let has = |sign: &str| object.fields.iter().any(|(key, _)| key.eq_ignore_ascii_case(sign));
    SIGNS.iter().find(|(sign, _)| has(sign)).map_or("unknown", |(_, feed)| feed)
}
