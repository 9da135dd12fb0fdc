//! Who a peer showed to be in its handshake.

use rustls::ServerConnection;

use crate::der::Certificate;

/// What a client's certificate says of it; the certificate was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerIdentity {
    /// `CN=shop, O=Example`.
    pub subject: String,
    /// `DNS:shop.example.com`, `URI:spiffe://example.com/shop`, `IP:192.0.2.7`, `email:ana@example.com`.
    pub names: Vec<String>,
    /// The certificate's serial number, in hex.
    pub serial: String,
}

/// Who it is; nothing where the listener asked for no certificate.
pub(crate) fn of(connection: &ServerConnection) -> Option<PeerIdentity> {
    let first = connection.peer_certificates()?.first()?;
    let Certificate { subject, names, serial, .. } = Certificate::read(first)?;
    Some(PeerIdentity { subject, names, serial })
}
