//! Bytes to wire records: pure, total, and in the sender's words.

pub(crate) mod body;
pub(crate) mod compare;
pub(crate) mod detect;
pub(crate) mod dialect;
pub(crate) mod envelope;
pub(crate) mod explain;
pub(crate) mod fast_hash;
pub(crate) mod feed_setting;
pub(crate) mod feed_table;
pub(crate) mod flat_json;
pub(crate) mod label;
pub(crate) mod layout;
pub(crate) mod line;
pub(crate) mod note;
pub(crate) mod product;
pub(crate) mod raw_reason;
pub(crate) mod rendering;
pub(crate) mod slots;
pub(crate) mod sources;
pub(crate) mod stamp;
pub(crate) mod syntax;
pub(crate) mod table;
pub(crate) mod template;
pub(crate) mod template_parse;
pub(crate) mod wire;
pub(crate) mod zone;
