//! What Zscaler's edge does: who comes in where, which rule fits, what a connection costs, what is held back.

pub(crate) mod bandwidth;
pub(crate) mod client;
pub(crate) mod close;
pub(crate) mod connection;
pub(crate) mod open;
pub(crate) mod ports;
pub(crate) mod refusal;
pub(crate) mod setup;
pub(crate) mod slab;
