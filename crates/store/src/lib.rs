//! Keeps spans, access events, links and the feeds' other records as columns, and finds them again.
//!
//! Rows are visible at once in the hot tail and become immutable Parquet parts when sealed; a chain of small commits says what
//! is visible and where the log may be cut. Damage never stops an opening: what cannot be read is put aside and named.
//! It refuses to change or delete a row, to answer from a block whose checksum is wrong, and to read a newer format.
//!
//! ```
//! use fanlight_log::{FaultyDisk, Position};
//! use fanlight_runtime::{Clock, Ledger};
//! use fanlight_store::{Append, Settings, Store};
//!
//! let disk = std::sync::Arc::new(FaultyDisk::default());
//! let (store, _) = Store::open(Settings::new("/d"), Clock::system(), Ledger::default(), disk)?;
//! let position = Position { file: 1, offset: 64 };
//! store.append(Append { position, ..Append::default() })?;
//! assert_eq!(store.seal()?, Some(position));
//! # Ok::<(), fanlight_store::StoreError>(())
//! ```

mod append;
mod commit;
mod error;
mod fold;
mod hot;
mod open;
mod part;
mod quarantine;
mod query;
mod raw_lines;
mod record;
mod schema;
mod seal;
mod settings;
mod snapshot;
mod store;
mod trace;

pub use append::{Append, Pressure, SpanRows};
pub use error::StoreError;
pub use open::OpenReport;
pub use part::Part;
pub use quarantine::SetAside;
pub use query::{
    AccessField, AccessValue, AccessValues, Comparison, FoundAccess, FoundSpan, FoundTrace, Pattern,
    PatternError, QueryBudget, QueryError, SearchAnswer, ServiceRow, Services, SpanField, SpanFilter,
    SpanTest, SqlAnswer, Test, TimeRange, ValueField,
};
pub use raw_lines::visit_raw_lines;
pub use schema::{ID_COLUMNS, SCHEMA_VERSION, TIME_ZONE, Table, map_type, text_list_type, time_type};
pub use settings::Settings;
pub use snapshot::Snapshot;
pub use store::Store;
pub use trace::{SpanRow, TraceRows};
