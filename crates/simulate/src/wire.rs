//! The folder that a company is written into.
//!
//! ```text
//! manifest.json                 what was made, from what, and what is absent
//! wire/<stream>.ndjson          lines of a feed, each ended by its newline (`.log` where they are no JSON)
//! wire/<stream>.pb              OTLP requests, each preceded by its length as four little-endian bytes
//! wire/<stream>.<…>.arrivals    a line a piece: the first is nanoseconds since 1970, each other what was added
//! truth/<file>.ndjson           what only the scorer may see
//! ```
//!
//! A piece is a line or a request. The pieces of one file stand in the order of arrival; the same number of lines is in its
//! `.arrivals`, so that a replayer can merge all files by time.

mod absent;
mod file;
mod manifest;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use fanlight_model::Timestamp;

use crate::company::Company;
use crate::settings::Settings;
use crate::transport::spool::SpoolError;
use crate::truth::TruthFile;
use file::{PieceFile, TextFile};

pub use manifest::WrittenFile;

/// A company could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulateError {
    /// The folder holds a company already.
    #[error("`{}` holds a company already: name an empty folder", .0.display())]
    NotEmpty(PathBuf),
    /// A file or folder could not be made or written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// What arrives much later could not be kept.
    #[error(transparent)]
    Spool(#[from] SpoolError),
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// The company's time.
    pub time: Timestamp,
    /// From 0 to 1.
    pub share: f64,
    /// Pieces written so far.
    pub pieces: u64,
}

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// The wire's files.
    pub wire: Vec<WrittenFile>,
    /// The truth's files.
    pub truth: Vec<WrittenFile>,
    /// All bytes.
    pub bytes: u64,
    /// All pieces of the wire.
    pub pieces: u64,
    /// Pages, requests, records and spans by kind.
    pub counts: Vec<(&'static str, u64)>,
}

/// Pieces between two reports of progress.
const REPORT_EVERY: u64 = 20_000;

/// Writes a company into a folder, with bounded memory.
pub fn write(
    settings: &Settings,
    out: &Path,
    mut progress: impl FnMut(Progress),
) -> Result<Summary, SimulateError> {
    let manifest_path = out.join("manifest.json");
    if manifest_path.exists() {
        return Err(SimulateError::NotEmpty(out.to_owned()));
    }
    for folder in ["wire", "truth"] {
        let path = out.join(folder);
        fs::create_dir_all(&path).map_err(|cause| SimulateError::Write { path, cause })?;
    }
    let mut company = Company::new(settings.clone());
    let spool = out.join(".spool");
    company.spool_into(open_spool(&spool)?);
    let written = write_pieces(&mut company, out, &mut progress);
    // Whatever came of it: nobody else needs the file.
    let removed = fs::remove_file(&spool);
    let (wire, truth) = written?;
    removed.map_err(|cause| SimulateError::Write { path: spool, cause })?;
    let summary = Summary {
        bytes: wire.iter().chain(&truth).map(|file| file.bytes).sum(),
        pieces: wire.iter().map(|file| file.pieces).sum(),
        counts: company.counts().iter().map(|(what, count)| (*what, *count)).collect(),
        wire,
        truth,
    };
    let text = manifest::text(settings, &summary);
    fs::write(&manifest_path, text).map_err(|cause| SimulateError::Write { path: manifest_path, cause })?;
    Ok(summary)
}

fn open_spool(path: &Path) -> Result<File, SimulateError> {
    let opened = File::options().read(true).write(true).create(true).truncate(true).open(path);
    opened.map_err(|cause| SimulateError::Write { path: path.to_owned(), cause })
}

type Written = (Vec<WrittenFile>, Vec<WrittenFile>);

fn write_pieces(
    company: &mut Company,
    out: &Path,
    progress: &mut impl FnMut(Progress),
) -> Result<Written, SimulateError> {
    let zia = company.settings.zia;
    let mut files: Vec<PieceFile> = company
        .streams()
        .to_vec()
        .into_iter()
        .map(|stream| PieceFile::create(out, &stream, zia))
        .collect::<Result<_, _>>()?;
    let mut truth: Vec<(TruthFile, TextFile)> = TruthFile::ALL
        .into_iter()
        .map(|file| Ok((file, TextFile::create(out, &format!("truth/{}", file.name()))?)))
        .collect::<Result<_, SimulateError>>()?;
    let (start, length) =
        (company.settings.start, i64::from(company.settings.minutes.max(1)) * 60_000_000_000);
    let mut pieces = 0_u64;
    while let Some(piece) = company.next_piece()? {
        if let Some(file) = files.get_mut(piece.stream.index()) {
            file.put(&piece)?;
        }
        pieces += 1;
        if pieces.is_multiple_of(1_024) {
            drain_truth(company, &mut truth)?;
        }
        if pieces.is_multiple_of(REPORT_EVERY) {
            let share = (company.now().nanos_since(start) as f64 / length as f64).clamp(0.0, 1.0);
            progress(Progress { time: company.now(), share, pieces });
        }
    }
    drain_truth(company, &mut truth)?;
    progress(Progress { time: company.now(), share: 1.0, pieces });
    let mut wire = Vec::new();
    for file in files {
        wire.extend(file.finish()?);
    }
    let truth = truth
        .into_iter()
        .map(|(which, file)| file.finish(company.truth_lines(which)))
        .collect::<Result<_, _>>()?;
    Ok((wire, truth))
}

fn drain_truth(company: &mut Company, truth: &mut [(TruthFile, TextFile)]) -> Result<(), SimulateError> {
    for (which, file) in truth {
        file.put(company.take_truth(*which).as_bytes())?;
    }
    Ok(())
}
