//! The HTTP API: JSON for people and their tools stops here.
//!
//! [`router`] answers `GET /api/v1/traces/{trace_id}`, `POST /api/v1/sql`, `GET /api/v1/status`, `GET /metrics`, `GET /livez`
//! and `GET /readyz`. It refuses whoever has no token, whoever came under another's name (`Host`, `Origin`), and whatever would
//! write; every refusal is `application/problem+json` with a stable code, a hint and the request's own trace id. It never
//! opens a socket: whoever has one serves the router on it.
//!
//! ```
//! use fanlight_api::AdminToken;
//!
//! let folder = tempfile::tempdir()?;
//! let token = AdminToken::load_or_create(&folder.path().join("admin.token"))?;
//! assert!(!token.is("0123"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod caller;
mod config_report;
mod hosts;
mod metrics;
mod problem;
mod readiness;
mod router;
mod sql;
mod state;
mod status;
mod token;
mod trace;

pub use config_report::ConfigReport;
pub use hosts::Hosts;
pub use problem::Problem;
pub use readiness::Readiness;
pub use router::router;
pub use state::ApiState;
pub use token::AdminToken;
