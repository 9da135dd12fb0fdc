//! A file for what arrives much later.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// The spool could not be written or read.
#[derive(Debug, thiserror::Error)]
#[error("cannot keep what arrives later in the spool file")]
pub struct SpoolError(#[source] io::Error);

/// An open file without a name that anyone else uses. Written through a buffer of its own.
#[derive(Debug)]
pub(crate) struct Spool {
    file: File,
    written: u64,
    buffer: Vec<u8>,
    /// The first write that failed: told at the next read.
    failed: Option<io::Error>,
}

/// Where something stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spooled {
    at: u64,
    length: usize,
}

const BUFFER: usize = 1 << 20;

impl Spool {
    pub(crate) const fn new(file: File) -> Self {
        Self { file, written: 0, buffer: Vec::new(), failed: None }
    }

    pub(crate) fn put(&mut self, bytes: &[u8]) -> Spooled {
        let at = self.written + self.buffer.len() as u64;
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= BUFFER {
            self.drain();
        }
        Spooled { at, length: bytes.len() }
    }

    pub(crate) fn get(&mut self, spooled: Spooled) -> Result<Vec<u8>, SpoolError> {
        self.drain();
        if let Some(error) = self.failed.take() {
            return Err(SpoolError(error));
        }
        let mut bytes = vec![0; spooled.length];
        let read = self.file.seek(SeekFrom::Start(spooled.at)).and_then(|_| self.file.read_exact(&mut bytes));
        read.map_err(SpoolError)?;
        Ok(bytes)
    }

    fn drain(&mut self) {
        if self.buffer.is_empty() || self.failed.is_some() {
            return;
        }
        let end = self.file.seek(SeekFrom::Start(self.written));
        match end.and_then(|_| self.file.write_all(&self.buffer)) {
            Ok(()) => self.written += self.buffer.len() as u64,
            Err(error) => self.failed = Some(error),
        }
        self.buffer.clear();
    }
}
