//! How this stage is called.

/// The stage's name in the ledger.
pub const STAGE: &str = "listen";
