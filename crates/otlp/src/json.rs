//! OTLP as JSON, written anew as protobuf in one pass, so that everything behind the door knows one form.
//!
//! The scanner goes over the bytes and writes wire bytes as it goes: no tree, no copy of a text that needs none, nothing
//! allocated but the output, which is never longer than the JSON. A value that its field cannot have costs its span alone: it is
//! taken out of the output again and passed over. Only what is no JSON at all costs the request.
//!
//! Read as protobuf's JSON mapping says, with OTLP's exceptions (ids in hex), and as widely as is safe: both spellings of a name,
//! numbers as text, enumerations by name, both alphabets of base64, and the names that OTLP had before 0.15. Of equal keys the
//! last is in force and lists go on, as in protobuf. A lone surrogate becomes a byte that is no UTF-8, which the scan then mends,
//! marks and counts as it does for protobuf.

mod cursor;
mod encoding;
mod message;
mod number;
mod output;
mod text;
mod value;

use bytes::Bytes;
use thiserror::Error;

use crate::limits::{Limits, Refusal, RefusalReason, ScanError};
use cursor::Cursor;
use fanlight_model::{SpanId, TraceId};
use output::Output;

/// A request that was JSON.
#[derive(Clone, Debug)]
pub struct Transcoded {
    /// The same request as protobuf, without the spans that could not be read. It has not been scanned yet.
    pub bytes: Bytes,
    /// The spans that could not be read. Their ids are zero.
    pub refused: Vec<Refusal>,
    /// Where in the JSON the first of them has what it cannot have.
    pub first_refused_at: Option<usize>,
}

/// Why a JSON body is refused whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum JsonError {
    /// It is no JSON.
    #[error("not JSON at line {line}, byte {at} of the body: {wrong}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The byte, from 0.
        at: usize,
        /// What is wrong there.
        wrong: &'static str,
    },
    /// It is JSON, and no request.
    #[error("the JSON is not a trace request: an object with the list `resourceSpans` is one")]
    NotARequest,
    /// Too many spans, groups or values; the same caps as for protobuf.
    #[error(transparent)]
    Cap(#[from] ScanError),
    /// As protobuf it would be too large.
    #[error("the request has more than {limit} bytes as protobuf; send smaller batches")]
    TooLarge {
        /// The cap.
        limit: usize,
    },
}

/// Writes a JSON trace request as protobuf of at most `max_bytes`, under the caps of a scan.
///
/// # Errors
/// [`JsonError`] for what is no JSON, no request, or passes a cap.
pub fn transcode_json(json: &[u8], limits: &Limits, max_bytes: usize) -> Result<Transcoded, JsonError> {
    let mut transcoder = Transcoder {
        cursor: Cursor::new(json),
        output: Output::new(json.len(), max_bytes),
        limits,
        counts: Counts::default(),
        kept: 0,
        refused: Vec::new(),
        first_refused_at: None,
    };
    match transcoder.request() {
        Ok(()) => {}
        Err(Fault::Stop(error)) => return Err(error),
        Err(Fault::Bad(_)) => {
            // The cursor may stand before what is no JSON either.
            Cursor::new(json).whole()?;
            return Err(JsonError::NotARequest);
        }
    }
    let Transcoder { output, refused, first_refused_at, .. } = transcoder;
    Ok(Transcoded { bytes: output.finish(), refused, first_refused_at })
}

/// The state of one pass.
struct Transcoder<'a> {
    cursor: Cursor<'a>,
    output: Output,
    limits: &'a Limits,
    counts: Counts,
    /// Spans in the output.
    kept: usize,
    refused: Vec<Refusal>,
    first_refused_at: Option<usize>,
}

/// What has a cap, as far as it was seen.
#[derive(Default)]
struct Counts {
    resource_spans: u32,
    scope_spans: u32,
    spans: u32,
    values: u32,
}

/// Why reading stopped.
enum Fault {
    /// The request is refused.
    Stop(JsonError),
    /// The message around it is, and nothing beside it.
    Bad(RefusalReason),
}

impl From<JsonError> for Fault {
    fn from(error: JsonError) -> Self {
        Self::Stop(error)
    }
}

const WRONG: Fault = Fault::Bad(RefusalReason::WrongValue);

impl<'a> Transcoder<'a> {
    /// Reads one value. What is wrong inside it costs itself: nothing of it stays in the output, and the cursor stands behind it.
    fn attempt(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<(), Fault>,
    ) -> Result<Option<RefusalReason>, JsonError> {
        self.cursor.skip_space();
        let (at, length) = (self.cursor.position(), self.output.len());
        match read(self) {
            Ok(()) => Ok(None),
            Err(Fault::Stop(error)) => Err(error),
            Err(Fault::Bad(reason)) => {
                self.first_refused_at.get_or_insert(self.cursor.position());
                self.cursor.go_back_to(at);
                self.output.truncate(length);
                self.cursor.skip_value()?;
                Ok(Some(reason))
            }
        }
    }

    /// A list of messages, each judged alone. One that is no message, and what is no list, count as one refused span each: nobody
    /// can say how many they held.
    fn each(&mut self, read: fn(&mut Self) -> Result<(), Fault>) -> Result<(), JsonError> {
        if !self.cursor.take(b'[') {
            self.first_refused_at.get_or_insert(self.cursor.position());
            self.cursor.skip_value()?;
            self.refuse(RefusalReason::WrongValue, 1);
            return Ok(());
        }
        let mut list = cursor::Progress::default();
        while self.cursor.next_element(&mut list)? {
            let kept = self.kept;
            let Some(reason) = self.attempt(read)? else { continue };
            let lost = self.kept - kept;
            self.kept = kept;
            match reason {
                RefusalReason::BadResource | RefusalReason::BadScope => self.refuse(reason, lost),
                _ => self.refuse(reason, lost.max(1)),
            }
        }
        Ok(())
    }

    fn refuse(&mut self, reason: RefusalReason, spans: usize) {
        let refusal = Refusal { reason, trace_id: TraceId::default(), span_id: SpanId::default() };
        self.refused.extend(std::iter::repeat_n(refusal, spans));
    }

    /// An object begins here, or the message cannot be read.
    fn open_object(&mut self) -> Result<(), Fault> {
        if self.cursor.take(b'{') { Ok(()) } else { Err(WRONG) }
    }

    /// A list begins here, or the message around it cannot be read.
    fn open_list(&mut self) -> Result<(), Fault> {
        if self.cursor.take(b'[') { Ok(()) } else { Err(WRONG) }
    }

    fn count_value(&mut self) -> Result<(), JsonError> {
        let limit = self.limits.max_values_per_request;
        self.counts.values += 1;
        if self.counts.values > limit { Err(ScanError::TooManyValues { limit }.into()) } else { Ok(()) }
    }
}
