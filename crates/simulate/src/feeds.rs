//! The vendor's records, byte for byte as its templates render them.

pub(crate) mod envoy;
pub(crate) mod exchange;
pub(crate) mod rendering;
pub(crate) mod template;
pub(crate) mod value;
pub(crate) mod written;
pub(crate) mod zia;
pub(crate) mod zia_dns;
pub(crate) mod zia_firewall;
pub(crate) mod zia_web;
pub(crate) mod zpa_appprotection;
pub(crate) mod zpa_audit;
pub(crate) mod zpa_browser_access;
pub(crate) mod zpa_connector_metrics;
pub(crate) mod zpa_connector_status;
pub(crate) mod zpa_user_activity;
pub(crate) mod zpa_user_status;
