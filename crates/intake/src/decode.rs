//! Bytes to wire records: pure, total, and in the sender's words.

pub(crate) mod body;
pub(crate) mod detect;
pub(crate) mod dialect;
pub(crate) mod explain;
pub(crate) mod fast_hash;
pub(crate) mod feed_table;
pub(crate) mod flat_json;
pub(crate) mod layout;
pub(crate) mod line;
pub(crate) mod lines;
pub(crate) mod note;
pub(crate) mod slots;
pub(crate) mod sources;
pub(crate) mod stamp;
pub(crate) mod table;
pub(crate) mod template;
pub(crate) mod template_parse;
pub(crate) mod wire;
