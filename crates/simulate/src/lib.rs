//! The invented company that demo and tests run on; today: the edge's stand-in.
//!
//! [`stand_in`] is a TCP forwarder that logs as a ZPA app connector does: real sockets, real stamps, the vendor's own template.
//! It shares no code with `correlate`, `diagnose` or `intake`: what it writes must be read from the wire like anyone else's.
//!
//! ```
//! use fanlight_runtime::{Clock, Shutdown};
//! use fanlight_simulate::stand_in::{Settings, StandIn, User};
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
//! # runtime.block_on(async {
//! let (upstream, lss) = ("127.0.0.1:5000".parse().expect("an app"), "127.0.0.1:9015".parse().expect("a server"));
//! let mut settings = Settings::new(upstream, lss);
//! settings.users.push(User::new("ana@example.com", "127.0.0.1:0".parse().expect("an address")));
//! let stand_in = StandIn::bind(settings, Clock::system()).await.expect("port 0 is free");
//! # let shutdown = Shutdown::new();
//! # shutdown.begin();
//! stand_in.run(shutdown).await;
//! # });
//! ```

pub mod stand_in;
