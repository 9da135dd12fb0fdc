//! Bytes to wire records: pure, total, and in the sender's words.

pub(crate) mod flat_json;
pub(crate) mod line;
pub(crate) mod lines;
pub(crate) mod note;
pub(crate) mod sources;
pub(crate) mod stamp;
pub(crate) mod template;
pub(crate) mod zpa;
