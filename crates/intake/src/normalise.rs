//! Wire records to the model: pure. Only these files know both the vendor's words and ours.

mod change;
mod device;
mod health;
mod list;
pub(crate) mod memo;
mod reader;
pub(crate) mod record;
mod request;
pub(crate) mod span;
mod zpa;
mod zpa_reason;
