//! What can go wrong, by what the caller can do about it.

use std::io;
use std::path::{Path, PathBuf};

use crate::frame::MAX_FRAME_BYTES;

/// Why the log could not do what it was told.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The disk is full; it works again once there is room.
    #[error("no space left on the disk for `{}`", path.display())]
    Full {
        /// The file that could not grow.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// The disk or the system failed.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// Frames that were appended and not yet synced are gone: a sync on the way to a new file failed.
    #[error("frames appended before the last sync are lost in `{}`", path.display())]
    Lost {
        /// The folder of the log.
        path: PathBuf,
    },
    /// The frame is over the cap.
    #[error("a frame of {bytes} bytes is over the cap of {MAX_FRAME_BYTES}")]
    TooLarge {
        /// Its payload's length.
        bytes: usize,
    },
}

impl LogError {
    pub(crate) fn io(action: &'static str, path: &Path, cause: io::Error) -> Self {
        match cause.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::Full { path: path.to_owned(), cause }
            }
            _ => Self::Io { action, path: path.to_owned(), cause },
        }
    }

    /// True where room on the disk is all that lacks.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full { .. })
    }
}

/// Why a frame was not acknowledged. It may be safe on disk all the same; only an acknowledgement says that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// No space on the disk; worth a retry later.
    #[error("no space left on the disk of the log")]
    Full,
    /// The disk failed.
    #[error("the disk of the log failed")]
    Failed,
    /// The log was closed.
    #[error("the log is closed")]
    Closed,
    /// The queue before the log is full; worth a retry soon.
    #[error("the queue before the log is full")]
    Busy,
    /// The frame is over [`MAX_FRAME_BYTES`]; a retry is useless.
    #[error("the frame is over the cap of {MAX_FRAME_BYTES} bytes")]
    TooLarge,
}
