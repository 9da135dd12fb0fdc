//! Real peers for the end-to-end tests: processes, sockets, and nothing of Fanlight's own code.
//!
//! The server is the built binary, the apps are Flask, FastAPI and Express under OpenTelemetry's own auto-instrumentation,
//! the edge is the binary's stand-in, the second pipeline is rotel. This library starts them, each in the test's own folder
//! and on ports that the system chose, waits for what they show, and ends exactly the processes that it started. What
//! Fanlight did is asked over its API; what it sent on is read by OpenTelemetry's own protobuf types.
//!
//! ```
//! use fanlight_e2e::{KeyValue, otlp};
//!
//! let span = otlp::server_span([1; 16], [2; 8], "GET /orders", vec![KeyValue::text("http.route", "/orders")]);
//! let request = otlp::request("shop", vec![], vec![span]);
//! assert_eq!(otlp::spans(&request).len(), 1);
//! ```

mod app;
mod authority;
mod binary;
pub mod connection;
mod http_client;
pub mod lss;
pub mod otlp;
mod process;
mod rotel;
mod server;
mod sink;
mod stand_in;
mod wait;

pub use app::{App, Sending, Stack};
pub use authority::Authority;
pub use binary::{fanlight, installed, samples_folder};
pub use http_client::{Answer, HttpClient, curl};
pub use otlp::KeyValue;
pub use process::Process;
pub use rotel::Rotel;
pub use server::{LOOPBACK, Row, Server, serve_command};
pub use sink::{Received, Sink};
pub use stand_in::{StandIn, StandInOptions};
pub use wait::{PATIENCE, until};
