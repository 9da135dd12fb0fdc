//! What is known of the device behind a ZPA session, and of its posture.

use std::sync::Arc;

use crate::record::{OCSF_OTHER, RecordHeader};
use crate::{PrincipalId, Timestamp};

/// One record of ZPA User Status. Repeated every few minutes while the session lives; `None` and the empty list are "the record does
/// not say".
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceFact {
    /// What every record has.
    pub header: RecordHeader,
    /// The principal's pseudonym.
    pub principal_id: Option<PrincipalId>,
    /// `Username`, as sent.
    pub user_name: Option<Arc<str>>,
    /// `SessionID`: the ZPA session, by which User Activity finds its device.
    pub session_id: Option<Arc<str>>,
    /// `SessionStatus`, as sent: `ZPN_STATUS_AUTHENTICATED` and others.
    pub session_status: Option<Arc<str>>,
    /// `Hostname`.
    pub device: Option<Arc<str>>,
    /// `Platform`: `windows`, `mac`, …
    pub platform: Option<Arc<str>>,
    /// `ClientType`: `zpn_client_type_zapp` and others.
    pub client_type: Option<Arc<str>>,
    /// `Version` of the client.
    pub client_version: Option<Arc<str>>,
    /// `CertificateCN`.
    pub certificate: Option<Arc<str>>,
    /// `Idp`: the name of the identity provider's configuration.
    pub identity_provider: Option<Arc<str>>,
    /// `ZEN`: the service edge of the session.
    pub service_edge: Option<Arc<str>>,
    /// `PublicIP`, as sent where it is no address.
    pub public_address: Option<Arc<str>>,
    /// `PrivateIP`, as sent where it is no address.
    pub private_address: Option<Arc<str>>,
    /// `TimestampAuthentication`, on the edge's clock.
    pub authenticated_time: Option<Timestamp>,
    /// `TimestampUnAuthentication`, on the edge's clock.
    pub unauthenticated_time: Option<Timestamp>,
    /// `TrustedNetworks`.
    pub trusted_networks: Vec<Arc<str>>,
    /// `TrustedNetworksNames`.
    pub trusted_network_names: Vec<Arc<str>>,
    /// `PosturesHit`: what the device fulfils.
    pub postures_hit: Vec<Arc<str>>,
    /// `PosturesMiss`: what it does not.
    pub postures_miss: Vec<Arc<str>>,
    /// `SAMLAttributes`, in the order sent. The only place where a principal's groups can appear.
    pub saml_attributes: Vec<(Arc<str>, Vec<Arc<str>>)>,
    /// `TotalBytesRx`, bytes of the session so far.
    pub received_bytes: Option<u64>,
    /// `TotalBytesTx`, bytes of the session so far.
    pub sent_bytes: Option<u64>,
}

/// The status is repeated as a heartbeat; only what follows an authentication this closely is a logon.
const LOGON_NANOS: i64 = 60_000_000_000;

impl DeviceFact {
    /// A fact of which nothing is known but where it came from.
    pub const fn empty(header: RecordHeader) -> Self {
        Self {
            header,
            principal_id: None,
            user_name: None,
            session_id: None,
            session_status: None,
            device: None,
            platform: None,
            client_type: None,
            client_version: None,
            certificate: None,
            identity_provider: None,
            service_edge: None,
            public_address: None,
            private_address: None,
            authenticated_time: None,
            unauthenticated_time: None,
            trusted_networks: Vec::new(),
            trusted_network_names: Vec::new(),
            postures_hit: Vec::new(),
            postures_miss: Vec::new(),
            saml_attributes: Vec::new(),
            received_bytes: None,
            sent_bytes: None,
        }
    }

    /// OCSF Authentication: 1 Logon, also one that failed; 2 Logoff; 99 for a heartbeat.
    pub fn ocsf_activity(&self) -> u8 {
        let fresh = || {
            let (logged, since) = (self.header.log_time?, self.authenticated_time?);
            Some(logged.nanos_since(since) <= LOGON_NANOS)
        };
        match self.session_status.as_deref() {
            Some("ZPN_STATUS_AUTH_FAILED") => 1,
            Some("ZPN_STATUS_DISCONNECTED") => 2,
            Some("ZPN_STATUS_AUTHENTICATED") if fresh() == Some(true) => 1,
            _ => OCSF_OTHER,
        }
    }
}
