//! Sockets in. What is received is durable before it is acknowledged, and a sender that cannot be served is told so in its own
//! protocol's words.

pub(crate) mod body;
pub(crate) mod credential;
pub(crate) mod door;
pub(crate) mod inflate;
pub(crate) mod lightstep;
pub(crate) mod otlp_grpc;
pub(crate) mod otlp_http;
pub(crate) mod own;
pub(crate) mod push;
pub(crate) mod recent;
pub(crate) mod refusal;
pub(crate) mod sink;
pub(crate) mod status;
pub(crate) mod stream;
pub(crate) mod tail;
pub(crate) mod unpack;
