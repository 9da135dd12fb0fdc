//! ZPA User Status to the device fact.

use std::sync::Arc;

use fanlight_model::DeviceFact;

use super::list::{attributes, list};
use super::reader::Reader;
use super::record::header;
use crate::decode::feed_table::Token;
use crate::decode::table::zpa_user_status::T;

/// What one record tells of a ZPA session. Records of one session are many: each is an event of its own, by its whole line.
pub(crate) fn device_fact(reader: &mut Reader<'_, '_>, raw: Arc<str>) -> DeviceFact {
    let mut fact = DeviceFact::empty(header(reader, None, raw));
    (fact.user_name, fact.principal_id) = reader.named(T::Username);
    fact.session_id = reader.text(T::SessionID);
    fact.session_status = reader.text(T::SessionStatus);
    fact.device = reader.text(T::Hostname).map(|name| reader.marked(name));
    fact.platform = reader.text(T::Platform);
    fact.client_type = reader.text(T::ClientType);
    fact.client_version = reader.text(T::Version);
    fact.certificate = reader.text(T::CertificateCN);
    fact.identity_provider = reader.text(T::Idp);
    fact.service_edge = reader.text(T::ZEN);
    fact.public_address = reader.text(T::PublicIP);
    fact.private_address = reader.text(T::PrivateIP);
    fact.authenticated_time = reader.stamp(T::TimestampAuthentication);
    fact.unauthenticated_time = reader.stamp(T::TimestampUnAuthentication);
    fact.trusted_networks = reader.list(T::TrustedNetworks);
    fact.trusted_network_names = reader.list(T::TrustedNetworksNames);
    fact.postures_hit = reader.list(T::PosturesHit);
    fact.postures_miss = reader.list(T::PosturesMiss);
    if let Some(text) = reader.value(T::SAMLAttributes) {
        fact.saml_attributes = attributes(text, &mut |text| reader.memo.text(text));
    }
    fact.received_bytes = reader.number(T::TotalBytesRx);
    fact.sent_bytes = reader.number(T::TotalBytesTx);
    fact.header.parse_level = reader.level();
    fact
}

impl Reader<'_, '_> {
    /// A list in any of its shapes: an array, a text with commas, one value, or nothing.
    pub(crate) fn list(&mut self, token: impl Token) -> Vec<Arc<str>> {
        match self.value(token) {
            Some(text) => list(text, &mut |text| self.memo.text(text)),
            None => Vec::new(),
        }
    }
}
