//! The tables of all feeds.

pub(crate) mod cloud_connector_dns;
pub(crate) mod cloud_connector_event;
pub(crate) mod cloud_connector_session;
pub(crate) mod envoy;
pub(crate) mod nginx;
mod nulls;
pub(crate) mod zia_audit;
pub(crate) mod zia_dns;
pub(crate) mod zia_email_dlp;
pub(crate) mod zia_endpoint_dlp;
pub(crate) mod zia_firewall;
pub(crate) mod zia_nss_alert;
pub(crate) mod zia_saas_security;
pub(crate) mod zia_tunnel;
pub(crate) mod zia_web;
pub(crate) mod zpa_user_activity;

use fanlight_model::Feed;

use super::feed_table::FeedTable;

/// All that there are. Where two know a line equally well the first is taken.
pub(crate) static TABLES: &[&FeedTable] = &[
    &zpa_user_activity::ZPA_USER_ACTIVITY,
    &zia_web::ZIA_WEB,
    &zia_firewall::ZIA_FIREWALL,
    &zia_dns::ZIA_DNS,
    &zia_tunnel::ZIA_TUNNEL,
    &zia_audit::ZIA_AUDIT,
    &zia_saas_security::ZIA_SAAS_SECURITY,
    &zia_endpoint_dlp::ZIA_ENDPOINT_DLP,
    &zia_email_dlp::ZIA_EMAIL_DLP,
    &zia_nss_alert::ZIA_NSS_ALERT,
    &cloud_connector_session::CLOUD_CONNECTOR_SESSION,
    &cloud_connector_dns::CLOUD_CONNECTOR_DNS,
    &cloud_connector_event::CLOUD_CONNECTOR_EVENT,
    &envoy::ENVOY,
    &nginx::NGINX,
];

/// The table of a feed; `None` for a feed that this version does not decode yet.
pub fn feed_table(feed: Feed) -> Option<&'static FeedTable> {
    TABLES.iter().copied().find(|table| table.feed == feed)
}
