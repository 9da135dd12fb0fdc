//! The streams of records that Fanlight reads, and what each is in OCSF.

use std::fmt;

use crate::Product;

/// A class of the Open Cybersecurity Schema Framework, version 1.5, that a feed's records belong to; kept for export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OcsfClass {
    /// Data Security Finding.
    DataSecurityFinding,
    /// Authentication.
    Authentication,
    /// Entity Management.
    EntityManagement,
    /// Network Activity.
    NetworkActivity,
    /// HTTP Activity.
    HttpActivity,
    /// DNS Activity.
    DnsActivity,
    /// Tunnel Activity.
    TunnelActivity,
    /// Device Inventory Info.
    DeviceInventoryInfo,
    /// Application Lifecycle.
    ApplicationLifecycle,
}

impl OcsfClass {
    /// `class_uid`.
    pub const fn uid(self) -> u32 {
        match self {
            Self::DataSecurityFinding => 2006,
            Self::Authentication => 3002,
            Self::EntityManagement => 3004,
            Self::NetworkActivity => 4001,
            Self::HttpActivity => 4002,
            Self::DnsActivity => 4003,
            Self::TunnelActivity => 4014,
            Self::DeviceInventoryInfo => 5001,
            Self::ApplicationLifecycle => 6002,
        }
    }
}

macro_rules! feeds {
    ($($(#[$doc:meta])* $feed:ident = $code:literal, $name:literal, $product:ident, $class:ident, [$($alias:literal),*];)*) => {
        /// A stream of records of one type. The number is the feed's in the log's frames: it never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Feed { $($(#[$doc])* $feed = $code),* }

        impl Feed {
            /// Every feed that this version reads.
            pub const ALL: &[Self] = &[$(Self::$feed),*];

            /// The contract's name of the feed, with underscores.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$feed => $name),* }
            }

            /// Other names that people and samples use.
            const fn aliases(self) -> &'static [&'static str] {
                match self { $(Self::$feed => &[$($alias),*]),* }
            }

            /// The product that writes it.
            pub const fn product(self) -> Product {
                match self { $(Self::$feed => Product::$product),* }
            }

            /// The class that its records belong to where the record itself does not say another.
            pub const fn ocsf_class(self) -> OcsfClass {
                match self { $(Self::$feed => OcsfClass::$class),* }
            }
        }
    };
}

feeds! {
    /// ZPA LSS User Activity (`zpn_trans_log`): one record per state of a tunnelled connection.
    ZpaUserActivity = 1, "zpa_user_activity", Zpa, NetworkActivity, [];
    /// ZPA LSS User Status (`zpn_auth_log`): the state of a ZPA session, its device and posture, repeated.
    ZpaUserStatus = 2, "zpa_user_status", Zpa, Authentication, [];
    /// ZPA LSS Browser Access (`zpn_http_trans_log`): one record per HTTP request.
    ZpaBrowserAccess = 3, "zpa_browser_access", Zpa, HttpActivity, [];
    /// ZPA LSS AppProtection (`zpn_waf_http_exchanges_log`): one record per inspected HTTP exchange.
    ZpaAppprotection = 4, "zpa_appprotection", Zpa, HttpActivity, ["zpa_app_protection"];
    /// ZPA LSS App Connector Status (`zpn_ast_auth_log`): the state of an app connector's own ZPA session.
    ZpaAppConnectorStatus = 5, "zpa_app_connector_status", Zpa, DeviceInventoryInfo, [];
    /// ZPA LSS App Connector Metrics (`zpn_ast_comprehensive_stats`): periodic.
    ZpaAppConnectorMetrics = 6, "zpa_app_connector_metrics", Zpa, DeviceInventoryInfo, [];
    /// ZPA LSS Private Service Edge Status (`zpn_sys_auth_log`).
    ZpaPrivateServiceEdgeStatus = 7, "zpa_private_service_edge_status", Zpa, DeviceInventoryInfo, ["zpa_pse_status"];
    /// ZPA LSS Private Service Edge Metrics (`zpn_pbroker_comprehensive_stats`).
    ZpaPrivateServiceEdgeMetrics = 8, "zpa_private_service_edge_metrics", Zpa, DeviceInventoryInfo, ["zpa_pse_metrics"];
    /// ZPA LSS Audit (`zpn_audit_log`): one record per change by an administrator.
    ZpaAudit = 9, "zpa_audit", Zpa, EntityManagement, [];
    /// ZPA Microsegmentation (`zms_flow_log`): one record per flow between workloads.
    ZpaMicrosegmentation = 10, "zpa_microsegmentation", Zpa, NetworkActivity, ["zms_flow_log"];
    /// ZIA web log: one record per transaction.
    ZiaWeb = 16, "zia_web", Zia, HttpActivity, [];
    /// ZIA firewall log: one record per firewall session, or one that stands for many.
    ZiaFirewall = 17, "zia_firewall", Zia, NetworkActivity, ["zia_fw"];
    /// ZIA DNS log: one record per question.
    ZiaDns = 18, "zia_dns", Zia, DnsActivity, [];
    /// ZIA tunnel log: phases, events and samples of GRE and IPSec tunnels.
    ZiaTunnel = 19, "zia_tunnel", Zia, TunnelActivity, [];
    /// ZIA admin audit log: one record per change by an administrator.
    ZiaAudit = 20, "zia_audit", Zia, EntityManagement, ["zia_admin_audit"];
    /// ZIA SaaS security (CASB) logs, all of its subtypes.
    ZiaSaasSecurity = 21, "zia_saas_security", Zia, DataSecurityFinding, ["zia_casb", "zia_casb_crm", "zia_casb_filesharing", "zia_casb_mail", "zia_casb_itsm", "zia_casb_collab", "zia_casb_repo"];
    /// ZIA endpoint DLP log.
    ZiaEndpointDlp = 22, "zia_endpoint_dlp", Zia, DataSecurityFinding, ["zia_endpointdlp", "zia_edlp"];
    /// ZIA e-mail DLP log.
    ZiaEmailDlp = 23, "zia_email_dlp", Zia, DataSecurityFinding, ["zia_emaildlp"];
    /// Alerts of the NSS itself, as syslog.
    ZiaNssAlert = 24, "zia_nss_alert", Zia, ApplicationLifecycle, ["nss_alert", "zia_alert"];
    /// Cloud and Branch Connector session log (`ECLOG`).
    CloudConnectorSession = 32, "cloud_connector_session", Zia, NetworkActivity, ["zia_cloud_connector_session", "branch_connector_session"];
    /// Cloud and Branch Connector DNS log (`EC_DNSLOG`).
    CloudConnectorDns = 33, "cloud_connector_dns", Zia, DnsActivity, ["zia_cloud_connector_dns", "branch_connector_dns"];
    /// Cloud and Branch Connector event log (`EC_EVENTLOG`).
    CloudConnectorEvent = 34, "cloud_connector_event", Zia, DeviceInventoryInfo, ["zia_cloud_connector_event", "branch_connector_event"];
    /// Envoy's JSON access log: one record per request.
    Envoy = 48, "envoy", Envoy, HttpActivity, [];
    /// nginx's access log as JSON: one record per request.
    Nginx = 49, "nginx", Envoy, HttpActivity, [];
}

/// Feeds are numbered below this, so that a frame's kind has room for what else there is to say.
pub const FEED_CODES: u8 = 64;

impl Feed {
    /// Its number in the log's frames, below [`FEED_CODES`].
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The feed of a number.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|feed| feed.code() == code)
    }

    /// Finds a feed by its name, or another that is usual for it; dots are taken for underscores.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.replace(['.', '-'], "_").to_ascii_lowercase();
        Self::ALL.iter().copied().find(|feed| feed.as_str() == name || feed.aliases().contains(&&*name))
    }
}

impl fmt::Display for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_aliases_and_numbers_are_each_feeds_own() {
        let names: Vec<&str> =
            Feed::ALL.iter().flat_map(|feed| feed.aliases().iter().copied().chain([feed.as_str()])).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        for feed in Feed::ALL.iter().copied() {
            assert_eq!(Feed::from_code(feed.code()), Some(feed));
            assert_eq!(Feed::from_name(&feed.as_str().replace('_', ".")), Some(feed));
            assert!(feed.code() < FEED_CODES);
        }
        assert_eq!(Feed::from_name("zia_edlp"), Some(Feed::ZiaEndpointDlp));
        assert_eq!(Feed::from_name("zia_web2"), None);
    }
}
