//! Wire records to the model: pure. Only these files know both the vendor's words and ours.

pub(crate) mod memo;
mod reader;
pub(crate) mod record;
pub(crate) mod span;
mod zpa;
mod zpa_reason;
