//! The HTTP API: JSON for people and their tools stops here.
//!
//! [`router`] answers questions about traces (by id, by TraceQL, in SQL), serves the pane's files, and tells how the server is:
//! `/metrics`, `/livez`, `/readyz`. `src/openapi.json` describes every route. It refuses whoever has neither the token nor a
//! session, whoever came under another's name (`Host`, `Origin`), and whatever would write; every refusal is
//! `application/problem+json` with a stable code, a hint and the request's own trace id. It never opens a socket: whoever has
//! one serves the router on it, with routes of others beside it ([`router_beside`]).
//!
//! ```
//! use fanlight_api::AdminToken;
//!
//! let folder = tempfile::tempdir()?;
//! let token = AdminToken::load_or_create(&folder.path().join("admin.token"))?;
//! assert!(!token.is("0123"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod body;
mod caller;
mod choices;
mod config_report;
mod cookie;
mod feeds;
mod metrics;
mod pane;
mod parameters;
mod problem;
mod readiness;
mod router;
mod search;
mod session;
mod sign_in;
mod sql;
mod state;
mod status;
mod token;
mod trace;
mod traceql;

pub use config_report::ConfigReport;
pub use feeds::{
    AlarmAnswer, Counted, FeedAnswer, Feeds, FeedsAnswer, GainAnswer, LatenessAnswer, RungAnswer,
};
pub use problem::Problem;
pub use readiness::{PartState, Readiness, ReadinessPart};
pub use router::{router, router_beside};
pub use sign_in::{NewCode, SignIn, SignInError};
pub use state::ApiState;
pub use token::AdminToken;
