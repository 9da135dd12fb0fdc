//! Appends attributes to spans within their bytes.
//!
//! Only three lengths change around an addition: the span's, its `ScopeSpans`' and its `ResourceSpans`'. Those are written anew in
//! their shortest form; every other byte is copied as it came, unknown fields and odd framing included.

use std::ops::Range;

use bytes::Bytes;
use fanlight_model::attribute::REPAIRED;

use crate::attributes::Attributes;
use crate::batch::{Batch, Frame, Level};
use crate::wire::{Message, put_varint, varint_len};

/// Appends to each named span (by its place among the kept ones) its attributes, leaves refused spans out, and marks mended
/// spans with `fanlight.repaired`. With nothing to change it gives back the bytes as received, without a copy. It only adds:
/// the caller has left out the keys that a span already has. A place past the end is passed over.
pub fn splice(batch: &Batch, additions: &[(u32, Attributes)]) -> Bytes {
    let mut mark = Attributes::default();
    mark.push_bool(REPAIRED, true);
    write(batch, &edits(batch, additions, &mark))
}

/// The request with only these of its kept spans, by their places, each where it stood. What is around them stays.
pub fn only(batch: &Batch, spans: Range<usize>) -> Bytes {
    let index = &batch.index;
    let others = index.spans.iter().enumerate().filter(|(place, _)| !spans.contains(place));
    let mut edits: Vec<Edit<'_>> = others
        .filter_map(|(_, entry)| {
            let resource = index.scopes.get(entry.scope as usize)?.resource;
            let what = What::Remove(Level::Span);
            Some(Edit { frame: entry.frame, scope: entry.scope, resource, what })
        })
        .chain(removals(batch))
        .collect();
    edits.sort_by_key(|edit| edit.frame.at);
    write(batch, &edits)
}

/// With nothing to change it gives back the bytes as received, without a copy.
fn write(batch: &Batch, edits: &[Edit<'_>]) -> Bytes {
    if edits.is_empty() {
        return batch.bytes.clone();
    }
    let growth: i64 = by_resource(edits).map(|group| resource_change(batch, group).outer).sum();
    let length = usize::try_from(batch.bytes.len() as i64 + growth).unwrap_or_default();
    let mut output = Output { from: &batch.bytes, copied: 0, into: Vec::with_capacity(length) };
    for group in by_resource(edits) {
        write_resource(batch, group, &mut output);
    }
    output.copy_to(batch.bytes.len());
    Bytes::from(output.into)
}

/// One change, in the order of the wire.
struct Edit<'a> {
    frame: Frame,
    scope: u32,
    resource: u32,
    what: What<'a>,
}

#[derive(Clone, Copy)]
enum What<'a> {
    Append(&'a [u8]),
    Remove(Level),
}

fn edits<'a>(batch: &'a Batch, additions: &'a [(u32, Attributes)], mark: &'a Attributes) -> Vec<Edit<'a>> {
    let index = &batch.index;
    let mut edits = Vec::with_capacity(additions.len() + index.removed.len() + index.repaired);
    let append = |place: usize, bytes: &'a [u8]| {
        let entry = index.spans.get(place)?;
        let resource = index.scopes.get(entry.scope as usize)?.resource;
        Some(Edit { frame: entry.frame, scope: entry.scope, resource, what: What::Append(bytes) })
    };
    let worded = additions.iter().filter(|(_, added)| !added.is_empty());
    edits.extend(worded.filter_map(|(place, added)| append(*place as usize, added.as_bytes())));
    if index.repaired > 0 {
        // A span may have come through another Fanlight, which has marked it already.
        let mended =
            batch.spans().enumerate().filter(|(_, span)| span.is_repaired() && !span.has_attribute(REPAIRED));
        edits.extend(mended.filter_map(|(place, _)| append(place, mark.as_bytes())));
    }
    edits.extend(removals(batch));
    // Stable: several additions to one span keep their order. Callers go through the spans in order, so it is sorted already.
    edits.sort_by_key(|edit| edit.frame.at);
    edits
}

/// What the scan has refused.
fn removals(batch: &Batch) -> impl Iterator<Item = Edit<'_>> {
    batch.index.removed.iter().map(|removed| Edit {
        frame: removed.frame,
        scope: removed.scope,
        resource: removed.resource,
        what: What::Remove(removed.level),
    })
}

/// By how much the content of a message grows, and the message as a whole with its tag and length.
struct Change {
    inner: i64,
    outer: i64,
}

/// The change of a frame whose content grows by so much.
fn framed(batch: &Batch, frame: Frame, inner: i64) -> Change {
    let length_before = i64::from(frame.body) - length_at(batch, frame) as i64;
    Change { inner, outer: inner + varint_len(content_len(frame, inner)) as i64 - length_before }
}

fn content_len(frame: Frame, inner: i64) -> u64 {
    u64::try_from(i64::from(frame.end) - i64::from(frame.body) + inner).unwrap_or_default()
}

/// Where a frame's length begins: after its tag, which may be padded.
fn length_at(batch: &Batch, frame: Frame) -> usize {
    let field = batch.bytes.get(frame.at as usize..frame.body as usize).unwrap_or_default();
    let mut head = Message::new(field);
    match head.tag() {
        Ok(Some(_)) => frame.at as usize + head.position(),
        _ => frame.body as usize,
    }
}

fn by_resource<'a, 'e>(edits: &'e [Edit<'a>]) -> impl Iterator<Item = &'e [Edit<'a>]> {
    edits.chunk_by(|one, two| one.resource == two.resource)
}

fn by_scope<'a, 'e>(edits: &'e [Edit<'a>]) -> impl Iterator<Item = &'e [Edit<'a>]> {
    edits.chunk_by(|one, two| one.scope == two.scope)
}

fn by_span<'a, 'e>(edits: &'e [Edit<'a>]) -> impl Iterator<Item = &'e [Edit<'a>]> {
    edits.chunk_by(|one, two| one.frame.at == two.frame.at)
}

fn removal(edits: &[Edit<'_>], level: Level) -> Option<Frame> {
    edits
        .iter()
        .find(|edit| matches!(edit.what, What::Remove(found) if found == level))
        .map(|edit| edit.frame)
}

fn gone(frame: Frame) -> Change {
    let whole = i64::from(frame.at) - i64::from(frame.end);
    Change { inner: whole, outer: whole }
}

fn resource_change(batch: &Batch, edits: &[Edit<'_>]) -> Change {
    if let Some(frame) = removal(edits, Level::ResourceSpans) {
        return gone(frame);
    }
    let inner = by_scope(edits).map(|group| scope_change(batch, group).outer).sum();
    framed(batch, resource_frame(batch, edits), inner)
}

fn scope_change(batch: &Batch, edits: &[Edit<'_>]) -> Change {
    if let Some(frame) = removal(edits, Level::ScopeSpans) {
        return gone(frame);
    }
    let inner = by_span(edits).map(|group| span_change(batch, group).outer).sum();
    framed(batch, scope_frame(batch, edits), inner)
}

fn span_change(batch: &Batch, edits: &[Edit<'_>]) -> Change {
    match edits {
        [Edit { frame, what: What::Remove(_), .. }, ..] => gone(*frame),
        [Edit { frame, .. }, ..] => {
            framed(batch, *frame, edits.iter().map(|edit| appended(edit).len() as i64).sum())
        }
        [] => Change { inner: 0, outer: 0 },
    }
}

fn appended<'a>(edit: &Edit<'a>) -> &'a [u8] {
    match edit.what {
        What::Append(bytes) => bytes,
        What::Remove(_) => &[],
    }
}

fn resource_frame(batch: &Batch, edits: &[Edit<'_>]) -> Frame {
    let resource = edits.first().and_then(|edit| batch.index.resources.get(edit.resource as usize));
    resource.map(|entry| entry.frame).unwrap_or_default()
}

fn scope_frame(batch: &Batch, edits: &[Edit<'_>]) -> Frame {
    let scope = edits.first().and_then(|edit| batch.index.scopes.get(edit.scope as usize));
    scope.map(|entry| entry.frame).unwrap_or_default()
}

/// The new request, and how far the old one has been copied into it.
struct Output<'a> {
    from: &'a [u8],
    copied: usize,
    into: Vec<u8>,
}

impl Output<'_> {
    fn copy_to(&mut self, position: usize) {
        self.into.extend_from_slice(self.from.get(self.copied..position).unwrap_or_default());
        self.copied = position;
    }

    /// Copies up to a frame and its tag, and writes its length anew.
    fn open(&mut self, batch: &Batch, frame: Frame, inner: i64) {
        self.copy_to(length_at(batch, frame));
        put_varint(&mut self.into, content_len(frame, inner));
        self.copied = frame.body as usize;
    }

    fn leave_out(&mut self, frame: Frame) {
        self.copy_to(frame.at as usize);
        self.copied = frame.end as usize;
    }
}

fn write_resource(batch: &Batch, edits: &[Edit<'_>], output: &mut Output<'_>) {
    if let Some(frame) = removal(edits, Level::ResourceSpans) {
        return output.leave_out(frame);
    }
    output.open(batch, resource_frame(batch, edits), resource_change(batch, edits).inner);
    for group in by_scope(edits) {
        write_scope(batch, group, output);
    }
}

fn write_scope(batch: &Batch, edits: &[Edit<'_>], output: &mut Output<'_>) {
    if let Some(frame) = removal(edits, Level::ScopeSpans) {
        return output.leave_out(frame);
    }
    output.open(batch, scope_frame(batch, edits), scope_change(batch, edits).inner);
    for group in by_span(edits) {
        match group {
            [Edit { frame, what: What::Remove(_), .. }, ..] => output.leave_out(*frame),
            [Edit { frame, .. }, ..] => {
                output.open(batch, *frame, span_change(batch, group).inner);
                output.copy_to(frame.end as usize);
                group.iter().for_each(|edit| output.into.extend_from_slice(appended(edit)));
            }
            [] => {}
        }
    }
}
