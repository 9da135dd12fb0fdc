//! Durable frames: what was acknowledged is on disk.
//!
//! A folder of numbered, append-only files of checksummed frames. [`Segments`] writes, syncs, replays and cuts them and blocks
//! while it does; [`Appender`] puts group commit above it: one write and one sync for all who wait. Damage never stops an
//! opening: the readable prefix of each file stays, the rest is put aside and named. It knows nothing of what the bytes mean.
//!
//! ```
//! use std::{ops::ControlFlow, sync::Arc};
//! use fanlight_log::{Frame, FaultyDisk, Position, Segments};
//!
//! let disk = Arc::new(FaultyDisk::default());
//! let (mut segments, _) = Segments::open("/d/log".as_ref(), 1 << 20, disk)?;
//! segments.append(&[Frame { kind: 1, bytes: "hello".into(), ..Frame::default() }])?;
//! segments.sync()?;
//! segments.replay(Position::START, &mut |_, frame| {
//!     assert_eq!(frame.bytes, "hello");
//!     ControlFlow::Continue(())
//! })?;
//! # Ok::<(), fanlight_log::LogError>(())
//! ```

mod append;
mod disk;
mod error;
pub mod fault;
mod frame;
mod position;
mod read;
mod recover;
mod segments;

pub use append::{Appender, LogStatus, Logged};
pub use disk::{Disk, DiskEntry, DiskFile, StdDisk};
pub use error::{AppendError, LogError};
pub use fault::FaultyDisk;
pub use frame::{FRAME_OVERHEAD_BYTES, Frame, MAX_FRAME_BYTES};
pub use position::Position;
pub use read::ReplayReport;
pub use recover::{OpenReport, Quarantined};
pub use segments::Segments;
