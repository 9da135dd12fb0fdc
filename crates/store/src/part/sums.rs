//! Checksums over the blocks of a part's rows. Parquet's writer here sums no pages, and a flipped bit must not become an answer.

use std::io::{self, Write};

use fanlight_log::DiskFile;

use crate::fold::hash64;

/// Small enough that one page costs few bytes more than its own, large enough that the sums are 1/4 000 of the part.
pub(crate) const BLOCK_BYTES: u64 = 32 << 10;

/// A file being written that sums what passes through it.
#[derive(Debug)]
pub(crate) struct SummedFile {
    file: Box<dyn DiskFile>,
    written: u64,
    block: Vec<u8>,
    sums: Vec<u64>,
    tail: Option<Vec<u8>>,
}

impl SummedFile {
    pub(crate) fn new(file: Box<dyn DiskFile>) -> Self {
        Self {
            file,
            written: 0,
            block: Vec::with_capacity(BLOCK_BYTES as usize),
            sums: Vec::new(),
            tail: None,
        }
    }

    /// The rows are written; what follows is the tail. Returns the sums, the last of them over what is left of a block.
    pub(crate) fn sums(&self) -> Vec<u64> {
        let rest = (!self.block.is_empty()).then(|| hash64(&self.block));
        self.sums.iter().copied().chain(rest).collect()
    }

    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    pub(crate) fn begin_tail(&mut self) {
        self.tail = Some(Vec::new());
    }

    pub(crate) fn tail(&self) -> &[u8] {
        self.tail.as_deref().unwrap_or_default()
    }

    pub(crate) fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn sum(&mut self, mut bytes: &[u8]) {
        if let Some(tail) = &mut self.tail {
            tail.extend_from_slice(bytes);
            return;
        }
        while !bytes.is_empty() {
            let room = (BLOCK_BYTES as usize).saturating_sub(self.block.len());
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.block.extend_from_slice(now);
            bytes = later;
            if self.block.len() as u64 == BLOCK_BYTES {
                self.sums.push(hash64(&self.block));
                self.block.clear();
            }
        }
    }
}

impl Write for SummedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.append(bytes)?;
        let taken = bytes.get(..written).unwrap_or(bytes);
        self.written += taken.len() as u64;
        self.sum(taken);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Sums as text, for the footer.
pub(crate) fn encode(sums: &[u64]) -> String {
    let mut text = String::with_capacity(sums.len() * 16);
    for sum in sums {
        text.push_str(&format!("{sum:016x}"));
    }
    text
}

/// `None` where the text is not what [`encode`] writes.
pub(crate) fn decode(text: &str) -> Option<Vec<u64>> {
    let (digits, rest) = text.as_bytes().as_chunks::<16>();
    if !rest.is_empty() {
        return None;
    }
    digits.iter().map(|digits| u64::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()).collect()
}
