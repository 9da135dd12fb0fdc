//! Wire records to the model: pure. Only these files know both the vendor's words and ours.

mod change;
mod cloud_connector;
mod device;
mod health;
mod list;
mod logged;
pub(crate) mod memo;
mod proxy;
mod proxy_refusal;
mod reader;
pub(crate) mod record;
mod rendered;
mod request;
pub(crate) mod span;
mod zia;
mod zia_audit;
mod zia_dns;
mod zia_firewall;
mod zia_policy;
mod zia_web;
mod zpa;
mod zpa_reason;
