//! Reads a request's bytes: one pass over the outer framing counts, then one walk checks every byte and fills the index.

mod content;
mod span;

use bytes::Bytes;
use fanlight_model::{SpanId, TraceId};

use crate::batch::{Batch, Frame, Index, Level, Range, Removed, ResourceEntry, ScopeEntry, array_at};
use crate::limits::{Limits, Refusal, RefusalReason, ScanError};
use crate::wire::{LENGTH, Message, WireError, tag};
use content::Content;

const REQUEST: &str = "ExportTraceServiceRequest";
const RESOURCE_SPANS: &str = "ResourceSpans";
const SCOPE_SPANS: &str = "ScopeSpans";

const REQUEST_RESOURCE_SPANS: u32 = tag(1, LENGTH);
const RESOURCE_SPANS_RESOURCE: u32 = tag(1, LENGTH);
const RESOURCE_SPANS_SCOPE_SPANS: u32 = tag(2, LENGTH);
const RESOURCE_SPANS_SCHEMA_URL: u32 = tag(3, LENGTH);
/// What `ScopeSpans` were called before OTLP 0.15; the same on the wire but for the number.
const RESOURCE_SPANS_LIBRARY_SPANS: u32 = tag(1000, LENGTH);
const SCOPE_SPANS_SCOPE: u32 = tag(1, LENGTH);
const SCOPE_SPANS_SPAN: u32 = tag(2, LENGTH);
const SCOPE_SPANS_SCHEMA_URL: u32 = tag(3, LENGTH);

/// Fields that OTLP gives `ResourceSpans` and `ScopeSpans`, as bits.
const GROUP_FIELDS: u32 = 0b1110;

/// Scans a request: checks its framing and its caps before anything is allocated, then indexes its spans, refuses those that
/// nobody could decode or that pass a limit, and mends in a copy made only then: invalid UTF-8 becomes as many `?`, and spans under
/// the field number that OTLP had for them before 0.15 go on under today's, which everybody reads.
pub fn scan(bytes: &Bytes, limits: &Limits) -> Result<Batch, ScanError> {
    if u32::try_from(bytes.len()).is_err() {
        return Err(ScanError::TooLong { bytes: bytes.len() });
    }
    let framing = Framing::count(bytes, limits)?;
    let mut walk = Walk {
        content: Content::new(bytes, limits),
        index: Index {
            spans: Vec::with_capacity(framing.spans as usize),
            scopes: Vec::with_capacity(framing.scope_spans as usize),
            scope_pieces: Vec::with_capacity(framing.scopes as usize),
            resources: Vec::with_capacity(framing.resource_spans as usize),
            resource_pieces: Vec::with_capacity(framing.resources as usize),
            ..Index::default()
        },
    };
    walk.request(Message::new(bytes))?;
    let Walk { content, mut index } = walk;
    index.counts = content.counts;
    index.counts.spans = framing.spans;
    index.mended = content.is_mended();
    let mut batch = Batch { bytes: content.into_bytes(), index };
    batch.index.repaired = batch.spans().filter(|span| span.is_repaired()).count();
    Ok(batch)
}

/// How many messages of each kind a request holds.
#[derive(Default)]
struct Framing {
    resource_spans: u32,
    resources: u32,
    scope_spans: u32,
    scopes: u32,
    spans: u32,
}

impl Framing {
    /// Reads tags and lengths only, and stops at the first cap passed.
    fn count(bytes: &[u8], limits: &Limits) -> Result<Self, ScanError> {
        let mut found = Self::default();
        let mut request = Message::new(bytes);
        while let Some(tag) = framed(REQUEST, &mut request, |m| m.tag())? {
            if tag == REQUEST_RESOURCE_SPANS {
                count_group(&mut found.resource_spans, RESOURCE_SPANS, limits)?;
                found.resource_spans(framed(REQUEST, &mut request, |m| m.message())?, limits)?;
            } else {
                framed(REQUEST, &mut request, |m| m.skip_unknown(tag, 0b10))?;
            }
        }
        Ok(found)
    }

    fn resource_spans(&mut self, mut group: Message<'_>, limits: &Limits) -> Result<(), ScanError> {
        while let Some(tag) = framed(RESOURCE_SPANS, &mut group, |m| m.tag())? {
            match tag {
                RESOURCE_SPANS_RESOURCE => {
                    count_group(&mut self.resources, "Resource", limits)?;
                    framed(RESOURCE_SPANS, &mut group, |m| m.message())?;
                }
                RESOURCE_SPANS_SCOPE_SPANS | RESOURCE_SPANS_LIBRARY_SPANS => {
                    count_group(&mut self.scope_spans, SCOPE_SPANS, limits)?;
                    self.scope_spans(framed(RESOURCE_SPANS, &mut group, |m| m.message())?, limits)?;
                }
                RESOURCE_SPANS_SCHEMA_URL => framed(RESOURCE_SPANS, &mut group, |m| m.message().map(drop))?,
                other => framed(RESOURCE_SPANS, &mut group, |m| m.skip_unknown(other, GROUP_FIELDS))?,
            }
        }
        Ok(())
    }

    fn scope_spans(&mut self, mut group: Message<'_>, limits: &Limits) -> Result<(), ScanError> {
        while let Some(tag) = framed(SCOPE_SPANS, &mut group, |m| m.tag())? {
            match tag {
                SCOPE_SPANS_SPAN => {
                    self.spans += 1;
                    if self.spans > limits.max_spans_per_request {
                        return Err(ScanError::TooManySpans { limit: limits.max_spans_per_request });
                    }
                    framed(SCOPE_SPANS, &mut group, |m| m.message())?;
                }
                SCOPE_SPANS_SCOPE => {
                    count_group(&mut self.scopes, "InstrumentationScope", limits)?;
                    framed(SCOPE_SPANS, &mut group, |m| m.message())?;
                }
                SCOPE_SPANS_SCHEMA_URL => framed(SCOPE_SPANS, &mut group, |m| m.message().map(drop))?,
                other => framed(SCOPE_SPANS, &mut group, |m| m.skip_unknown(other, GROUP_FIELDS))?,
            }
        }
        Ok(())
    }
}

fn count_group(count: &mut u32, message: &'static str, limits: &Limits) -> Result<(), ScanError> {
    *count += 1;
    if *count > limits.max_groups_per_request {
        return Err(ScanError::TooManyGroups { message, limit: limits.max_groups_per_request });
    }
    Ok(())
}

/// Reads from a message of the outer framing, naming it and the place where it breaks.
#[inline(always)]
fn framed<'a, T>(
    message: &'static str,
    from: &mut Message<'a>,
    read: impl FnOnce(&mut Message<'a>) -> Result<T, WireError>,
) -> Result<T, ScanError> {
    let at = from.position();
    read(from).map_err(|cause| ScanError::Framing { message, at, cause })
}

/// The second pass.
struct Walk<'a> {
    content: Content<'a>,
    index: Index,
}

/// How much the index held before a group, so that a refused group can be taken out again.
struct Mark {
    spans: usize,
    joins: usize,
    removed: usize,
}

impl<'a> Walk<'a> {
    fn request(&mut self, mut request: Message<'a>) -> Result<(), ScanError> {
        loop {
            let at = request.position();
            match framed(REQUEST, &mut request, |m| m.tag())? {
                None => return Ok(()),
                Some(REQUEST_RESOURCE_SPANS) => {
                    let group = framed(REQUEST, &mut request, |m| m.message())?;
                    self.resource_spans(frame_of(at, &group), group)?;
                }
                Some(other) => framed(REQUEST, &mut request, |m| m.skip(other))?,
            }
        }
    }

    fn resource_spans(&mut self, frame: Frame, mut group: Message<'a>) -> Result<(), ScanError> {
        let resource = narrow(self.index.resources.len());
        let mark = self.mark();
        let first_piece = narrow(self.index.resource_pieces.len());
        let mut entry = ResourceEntry { frame, ..ResourceEntry::default() };
        // Its scopes point to it before it is complete: a resource may stand after its spans.
        self.index.resources.push(entry);
        let mut outcome = Ok(());
        let mut attributes = 0;
        loop {
            let at = group.position();
            match framed(RESOURCE_SPANS, &mut group, |m| m.tag())? {
                None => break,
                Some(RESOURCE_SPANS_RESOURCE) => {
                    let piece = framed(RESOURCE_SPANS, &mut group, |m| m.message())?;
                    self.index.resource_pieces.push(range(&piece));
                    outcome =
                        outcome.and_then(|()| self.content.resource(piece, &mut entry, &mut attributes));
                    entry.mended |= self.content.take_mended();
                }
                Some(found @ (RESOURCE_SPANS_SCOPE_SPANS | RESOURCE_SPANS_LIBRARY_SPANS)) => {
                    if found == RESOURCE_SPANS_LIBRARY_SPANS {
                        self.content.rename(at, group.position(), RESOURCE_SPANS_SCOPE_SPANS);
                    }
                    let inner = framed(RESOURCE_SPANS, &mut group, |m| m.message())?;
                    self.scope_spans(frame_of(at, &inner), inner, resource)?;
                }
                Some(RESOURCE_SPANS_SCHEMA_URL) => {
                    let url = framed(RESOURCE_SPANS, &mut group, |m| m.message())?;
                    outcome = outcome.and_then(|()| self.content.text(url));
                    entry.mended |= self.content.take_mended();
                }
                Some(other) => framed(RESOURCE_SPANS, &mut group, |m| m.skip(other))?,
            }
        }
        entry.pieces = Range { from: first_piece, to: narrow(self.index.resource_pieces.len()) };
        if let Some(slot) = self.index.resources.last_mut() {
            *slot = entry;
        }
        if outcome.is_err() {
            let removed = Removed { frame, scope: u32::MAX, resource, level: Level::ResourceSpans };
            self.refuse_group(&mark, RefusalReason::BadResource, removed);
        }
        self.content.check_values()
    }

    fn scope_spans(&mut self, frame: Frame, mut group: Message<'a>, resource: u32) -> Result<(), ScanError> {
        let scope = narrow(self.index.scopes.len());
        let mark = self.mark();
        let first_piece = narrow(self.index.scope_pieces.len());
        let mut entry = ScopeEntry { frame, resource, ..ScopeEntry::default() };
        self.index.scopes.push(entry);
        let mut outcome = Ok(());
        let mut attributes = 0;
        loop {
            let at = group.position();
            match framed(SCOPE_SPANS, &mut group, |m| m.tag())? {
                None => break,
                Some(SCOPE_SPANS_SPAN) => {
                    let span = framed(SCOPE_SPANS, &mut group, |m| m.message())?;
                    self.span(frame_of(at, &span), span, scope, resource);
                    self.content.check_values()?;
                }
                Some(SCOPE_SPANS_SCOPE) => {
                    let piece = framed(SCOPE_SPANS, &mut group, |m| m.message())?;
                    self.index.scope_pieces.push(range(&piece));
                    outcome = outcome.and_then(|()| self.content.scope(piece, &mut entry, &mut attributes));
                    entry.mended |= self.content.take_mended();
                }
                Some(SCOPE_SPANS_SCHEMA_URL) => {
                    let url = framed(SCOPE_SPANS, &mut group, |m| m.message())?;
                    outcome = outcome.and_then(|()| self.content.text(url));
                    entry.mended |= self.content.take_mended();
                }
                Some(other) => framed(SCOPE_SPANS, &mut group, |m| m.skip(other))?,
            }
        }
        entry.pieces = Range { from: first_piece, to: narrow(self.index.scope_pieces.len()) };
        if let Some(slot) = self.index.scopes.last_mut() {
            *slot = entry;
        }
        if outcome.is_err() {
            let removed = Removed { frame, scope, resource, level: Level::ScopeSpans };
            self.refuse_group(&mark, RefusalReason::BadScope, removed);
        }
        self.content.check_values()
    }

    fn mark(&self) -> Mark {
        Mark {
            spans: self.index.spans.len(),
            joins: self.index.joins.len(),
            removed: self.index.removed.len(),
        }
    }

    /// Takes out every span that was kept since the mark: the message around them would be refused further on.
    fn refuse_group(&mut self, mark: &Mark, reason: RefusalReason, removed: Removed) {
        let bytes = self.content.received();
        for entry in self.index.spans.drain(mark.spans..) {
            let trace_id = TraceId(array_at(bytes, entry.trace_id_at));
            let span_id = SpanId(array_at(bytes, entry.span_id_at));
            self.index.refused.push(Refusal { reason, trace_id, span_id });
        }
        self.index.joins.truncate(mark.joins);
        self.index.removed.truncate(mark.removed);
        self.index.removed.push(removed);
    }
}

/// Positions and counts fit 32 bits: longer requests were refused at the door.
#[inline]
fn narrow(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

/// The range of a message of which nothing has been read yet.
#[inline]
fn range(message: &Message<'_>) -> Range {
    Range { from: narrow(message.position()), to: narrow(message.end()) }
}

#[inline]
fn frame_of(at: usize, body: &Message<'_>) -> Frame {
    Frame { at: narrow(at), body: narrow(body.position()), end: narrow(body.end()) }
}
