//! How what was logged gets to Fanlight: late, twice, or never.

pub(crate) mod lss;
pub(crate) mod nss;
pub(crate) mod pending;
pub(crate) mod sender;
pub(crate) mod spool;
pub(crate) mod stream;
