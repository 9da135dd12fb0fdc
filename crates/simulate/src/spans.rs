//! Spans as each instrumentation really sends them.

pub(crate) mod browser;
pub(crate) mod client;
pub(crate) mod database;
pub(crate) mod dotnet;
pub(crate) mod envoy;
pub(crate) mod exporter;
pub(crate) mod go;
pub(crate) mod java;
pub(crate) mod node;
pub(crate) mod protobuf;
pub(crate) mod python;
pub(crate) mod resource;
pub(crate) mod scope;
pub(crate) mod server;
pub(crate) mod span;
