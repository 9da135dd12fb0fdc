//! What persons, agents and machines do, and when.

pub(crate) mod agent;
pub(crate) mod begin;
pub(crate) mod diurnal;
pub(crate) mod identity;
pub(crate) mod queue;
pub(crate) mod report;
pub(crate) mod visit;
