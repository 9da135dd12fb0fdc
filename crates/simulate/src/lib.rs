//! The invented company that demo and tests run on: a simulation with its truth, and the edge's stand-in.
//!
//! [`Company`] is a discrete-event simulation: one seed and one virtual clock make the same bytes on every machine. [`write()`] puts
//! them into a folder, as [`wire`] and [`truth`] describe; as an iterator a company gives its pieces in the order of arrival.
//! [`score`] compares what a server found with the truth, and calls absent what nobody makes yet.
//! [`stand_in`] is a TCP forwarder that logs as a ZPA app connector does: real sockets, real stamps, the vendor's own template.
//! [`replay`] sends such a folder to a running server, over the real protocols.
//! Nothing here shares code with `correlate`, `diagnose` or `intake`: what it writes must be read from the wire like anyone else's.
//!
//! ```
//! use fanlight_simulate::{Company, Scenario, Settings};
//!
//! let settings = Settings { minutes: 1, scenario: Scenario::SlowDb, ..Settings::default() };
//! let mut company = Company::new(settings);
//! let first = company.next().expect("something happens");
//! assert!(!company.streams()[first.stream.index()].name.is_empty());
//! ```

mod clock;
mod company;
mod edge;
mod feeds;
mod incident;
mod journey;
mod profile;
mod random;
pub mod replay;
mod scenario;
pub mod score;
mod settings;
mod spans;
pub mod stand_in;
mod table;
mod timeline;
mod topology;
mod transport;
pub mod truth;
pub mod wire;
mod workload;

pub use company::Company;
pub use profile::{Profile, UnknownName};
pub use scenario::Scenario;
pub use settings::{ActivityRecords, ListShape, Settings, ZiaDialect, ZpaDialect};
pub use transport::spool::SpoolError;
pub use transport::stream::{Piece, Stream, StreamId, StreamKind};
pub use truth::TruthFile;
pub use wire::{Progress, SimulateError, Summary, write};
