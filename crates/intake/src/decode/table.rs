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
pub(crate) mod zpa_app_connector_metrics;
pub(crate) mod zpa_app_connector_status;
pub(crate) mod zpa_appprotection;
pub(crate) mod zpa_audit;
pub(crate) mod zpa_browser_access;
pub(crate) mod zpa_microsegmentation;
pub(crate) mod zpa_private_service_edge_metrics;
pub(crate) mod zpa_private_service_edge_status;
pub(crate) mod zpa_user_activity;
pub(crate) mod zpa_user_status;

use fanlight_model::Feed;

use super::feed_table::FeedTable;

/// All that there are. Where two know a line equally well the first is taken.
pub(crate) static TABLES: &[&FeedTable] = &[
    &zpa_user_activity::ZPA_USER_ACTIVITY,
    &zpa_user_status::ZPA_USER_STATUS,
    &zpa_browser_access::ZPA_BROWSER_ACCESS,
    &zpa_appprotection::ZPA_APPPROTECTION,
    &zpa_app_connector_status::ZPA_APP_CONNECTOR_STATUS,
    &zpa_app_connector_metrics::ZPA_APP_CONNECTOR_METRICS,
    &zpa_private_service_edge_status::ZPA_PRIVATE_SERVICE_EDGE_STATUS,
    &zpa_private_service_edge_metrics::ZPA_PRIVATE_SERVICE_EDGE_METRICS,
    &zpa_audit::ZPA_AUDIT,
    &zpa_microsegmentation::ZPA_MICROSEGMENTATION,
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// No key stands for two fields of a feed, and what makes a line a feed's is one of its fields.
    #[test]
    fn each_table_is_of_one_piece() {
        for table in TABLES {
            let names: Vec<String> =
                table.fields.iter().map(|field| field.name.to_ascii_lowercase()).collect();
            assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{}", table.feed);
            for field in table.fields {
                for alias in field.aliases {
                    let known = table.fields.iter().any(|other| other.name.eq_ignore_ascii_case(alias));
                    assert!(!known || alias.eq_ignore_ascii_case(field.name), "{} {alias}", table.feed);
                }
                assert!(
                    !field.meaning.is_empty() && !field.nulls.is_empty(),
                    "{} {}",
                    table.feed,
                    field.name
                );
            }
            for sign in table.signs {
                assert!(table.fields.iter().any(|field| field.name == *sign), "{} {sign}", table.feed);
            }
            assert!(table.marker.ends_with('/'), "{}", table.feed);
        }
        let markers: BTreeSet<_> = TABLES.iter().map(|table| table.marker).collect();
        assert_eq!(markers.len(), TABLES.len());
    }
}
