//! What ends a replay.

use std::io;
use std::path::PathBuf;

/// A folder could not be sent. Each names its thing and, where there is one, the way out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// There is no manifest, or it cannot be read.
    #[error("cannot read `{}`: name a folder that `fanlight simulate --out` has finished", .path.display())]
    NoManifest {
        /// The manifest.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The manifest is no such JSON.
    #[error("`{}` is no manifest of a company: make the folder anew with `fanlight simulate`", .path.display())]
    BadManifest {
        /// The manifest.
        path: PathBuf,
        /// Why.
        #[source]
        cause: serde_json::Error,
    },
    /// The folder was made in a format that this version does not know.
    #[error("`{}` has the format `{found}`, not `{known}`: make it anew with this version's `fanlight simulate`", .path.display())]
    UnknownFormat {
        /// The manifest.
        path: PathBuf,
        /// What it says.
        found: String,
        /// What this version reads.
        known: &'static str,
    },
    /// The manifest names a stream or file that cannot be.
    #[error("`{}` names {what}: make the folder anew with this version's `fanlight simulate`", .path.display())]
    UnknownStream {
        /// The manifest.
        path: PathBuf,
        /// What it names.
        what: String,
    },
    /// A file has another length than the manifest says.
    #[error("`{}` has {found} bytes, not the manifest's {expected}: copy or make the folder anew", .path.display())]
    WrongSize {
        /// The file.
        path: PathBuf,
        /// By the manifest.
        expected: u64,
        /// On the disk.
        found: u64,
    },
    /// A file of the folder could not be read.
    #[error("cannot read `{}`", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// A file does not hold what its format says.
    #[error("piece {piece} of `{}` is damaged ({what}): copy or make the folder anew", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Which piece, from 0.
        piece: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// Nobody said where a stream goes.
    #[error("nothing says where stream `{stream}` goes: name {wanted}")]
    NoTarget {
        /// The stream.
        stream: String,
        /// What would do.
        wanted: String,
    },
    /// A target cannot be spoken to.
    #[error("`{url}` is no target: write it like `http://127.0.0.1:4318`")]
    BadTarget {
        /// What was given.
        url: String,
    },
    /// A token cannot stand in a header.
    #[error("the token for `{url}` holds characters that no header can carry: look at its file")]
    BadToken {
        /// Where it was for.
        url: String,
    },
    /// A speed that is none.
    #[error("`{0}` is no speed: give a number above 0, or `max`")]
    BadSpeed(f64),
    /// The state file could not be read or written.
    #[error("cannot {verb} the replay's state `{}`", .path.display())]
    State {
        /// Read or write.
        verb: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The state file is no such JSON.
    #[error("`{}` does not tell how far an earlier replay came: begin anew with `--restart`, or remove the file", .path.display())]
    BadState {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: serde_json::Error,
    },
    /// The state file tells of another folder.
    #[error("`{}` tells of {what}, not of this folder: begin anew with `--restart`, or remove the file", .path.display())]
    OtherState {
        /// The file.
        path: PathBuf,
        /// Of what.
        what: String,
    },
    /// A receiver refused a piece for good.
    #[error("`{target}` refused piece {piece} of stream `{stream}` with {status}{told}")]
    Refused {
        /// The receiver.
        target: String,
        /// The stream.
        stream: String,
        /// Which piece, from 0; of a batch the first.
        piece: u64,
        /// HTTP's or gRPC's word.
        status: String,
        /// The receiver's own words, after a colon.
        told: String,
    },
    /// A receiver was busy or away for too long.
    #[error(
        "`{target}` did not take piece {piece} of stream `{stream}` in {tries} tries, the last time: {last}; start the same command again to go on from there"
    )]
    GaveUp {
        /// The receiver.
        target: String,
        /// The stream.
        stream: String,
        /// Which piece, from 0; of a batch the first.
        piece: u64,
        /// How often it was tried.
        tries: u32,
        /// What came of the last try.
        last: String,
    },
    /// A task of the replay died.
    #[error("the replay's task for {0} ended before its work")]
    TaskEnded(String),
}
