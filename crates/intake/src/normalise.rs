//! Wire records to the model: pure. Only these files know both the vendor's words and ours.

pub(crate) mod span;
pub(crate) mod zpa;
pub(crate) mod zpa_reason;
