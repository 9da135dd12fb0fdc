//! Files in the making, hashed as they are written.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use fanlight_model::Timestamp;
use sha2::{Digest, Sha256};

use super::SimulateError;
use super::manifest::WrittenFile;
use crate::settings::ZiaDialect;
use crate::transport::stream::{Piece, Stream, StreamKind};

const BUFFER: usize = 1 << 18;

/// A file of bytes.
#[derive(Debug)]
pub(super) struct TextFile {
    name: String,
    path: PathBuf,
    writer: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
}

impl TextFile {
    pub(super) fn create(out: &Path, name: &str) -> Result<Self, SimulateError> {
        let path = out.join(name);
        let file = File::create(&path).map_err(|cause| SimulateError::Write { path: path.clone(), cause })?;
        let writer = BufWriter::with_capacity(BUFFER, file);
        Ok(Self { name: name.to_owned(), path, writer, hash: Sha256::new(), bytes: 0 })
    }

    pub(super) fn put(&mut self, bytes: &[u8]) -> Result<(), SimulateError> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        let written = self.writer.write_all(bytes);
        written.map_err(|cause| SimulateError::Write { path: self.path.clone(), cause })
    }

    pub(super) fn finish(mut self, pieces: u64) -> Result<WrittenFile, SimulateError> {
        let flushed = self.writer.flush();
        flushed.map_err(|cause| SimulateError::Write { path: self.path.clone(), cause })?;
        let sha256 = self.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(WrittenFile {
            name: self.name,
            stream: None,
            pieces,
            records: 0,
            bytes: self.bytes,
            sha256,
            first_arrival: None,
            last_arrival: None,
        })
    }
}

/// A stream's file with its arrivals.
#[derive(Debug)]
pub(super) struct PieceFile {
    stream: Stream,
    pieces: TextFile,
    arrivals: TextFile,
    count: u64,
    records: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

impl PieceFile {
    pub(super) fn create(out: &Path, stream: &Stream, zia: ZiaDialect) -> Result<Self, SimulateError> {
        let is_cells = matches!(zia, ZiaDialect::Csv | ZiaDialect::Leef);
        let ending = match stream.kind {
            StreamKind::Otlp => "pb",
            StreamKind::Lines(fanlight_model::Feed::ZiaWeb) if is_cells => "log",
            StreamKind::Lines(_) => "ndjson",
        };
        let name = format!("wire/{}.{ending}", stream.name);
        Ok(Self {
            stream: stream.clone(),
            pieces: TextFile::create(out, &name)?,
            arrivals: TextFile::create(out, &format!("{name}.arrivals"))?,
            count: 0,
            records: 0,
            first: None,
            last: None,
        })
    }

    pub(super) fn put(&mut self, piece: &Piece) -> Result<(), SimulateError> {
        if self.stream.kind == StreamKind::Otlp {
            let length = u32::try_from(piece.bytes.len()).unwrap_or(u32::MAX);
            self.pieces.put(&length.to_le_bytes())?;
        }
        self.pieces.put(&piece.bytes)?;
        let added = self.last.map_or(piece.arrival.as_nanos(), |last| piece.arrival.nanos_since(last));
        self.arrivals.put(format!("{added}\n").as_bytes())?;
        self.first = self.first.or(Some(piece.arrival));
        self.last = Some(piece.arrival);
        self.count += 1;
        self.records += u64::from(piece.records);
        Ok(())
    }

    /// The pieces' file, then the arrivals'.
    pub(super) fn finish(self) -> Result<[WrittenFile; 2], SimulateError> {
        let written = WrittenFile {
            stream: Some(self.stream),
            records: self.records,
            first_arrival: self.first,
            last_arrival: self.last,
            ..self.pieces.finish(self.count)?
        };
        Ok([written, WrittenFile { pieces: 0, ..self.arrivals.finish(0)? }])
    }
}
