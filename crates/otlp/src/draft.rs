//! Spans that Fanlight makes itself.

use bytes::Bytes;
use fanlight_model::{SpanId, SpanKind, Timestamp, TraceId};

use crate::attributes::Attributes;
use crate::wire::{FIXED64, VARINT, put_bytes, put_varint, tag};

/// A span to be encoded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpanDraft {
    /// Its trace.
    pub trace_id: TraceId,
    /// Its own id.
    pub span_id: SpanId,
    /// Its parent; zero makes it a root.
    pub parent: SpanId,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: SpanKind,
    /// Its start.
    pub start: Timestamp,
    /// Its end.
    pub end: Timestamp,
    /// Its attributes.
    pub attributes: Attributes,
    /// What it did has failed.
    pub has_failed: bool,
    /// The spans that it points to by span links.
    pub links: Vec<(TraceId, SpanId)>,
}

/// Encodes spans of one resource and one scope as a whole request, its fields in the order of their numbers.
pub fn encode_request(resource: &Attributes, scope_name: &str, spans: &[SpanDraft]) -> Bytes {
    let mut resource_bytes = Vec::with_capacity(resource.as_bytes().len());
    for pair in resource.encoded() {
        put_bytes(&mut resource_bytes, 1, pair);
    }
    let mut scope = Vec::with_capacity(scope_name.len() + 4);
    put_bytes(&mut scope, 1, scope_name.as_bytes());

    let mut scope_spans = Vec::new();
    put_bytes(&mut scope_spans, 1, &scope);
    let mut encoded = Vec::new();
    for span in spans {
        encoded.clear();
        encode_span(&mut encoded, span);
        put_bytes(&mut scope_spans, 2, &encoded);
    }

    let mut resource_spans = Vec::with_capacity(resource_bytes.len() + scope_spans.len() + 24);
    put_bytes(&mut resource_spans, 1, &resource_bytes);
    put_bytes(&mut resource_spans, 2, &scope_spans);
    let mut request = Vec::with_capacity(resource_spans.len() + 12);
    put_bytes(&mut request, 1, &resource_spans);
    Bytes::from(request)
}

fn encode_span(into: &mut Vec<u8>, span: &SpanDraft) {
    put_bytes(into, 1, &span.trace_id.0);
    put_bytes(into, 2, &span.span_id.0);
    if !span.parent.is_zero() {
        put_bytes(into, 4, &span.parent.0);
    }
    put_bytes(into, 5, span.name.as_bytes());
    put_varint(into, u64::from(tag(6, VARINT)));
    put_varint(into, span.kind as u64);
    for (field, time) in [(7, span.start), (8, span.end)] {
        put_varint(into, u64::from(tag(field, FIXED64)));
        into.extend_from_slice(&time.as_unix_nanos().to_le_bytes());
    }
    into.extend_from_slice(span.attributes.as_bytes());
    for (trace_id, span_id) in &span.links {
        let mut link = Vec::with_capacity(28);
        put_bytes(&mut link, 1, &trace_id.0);
        put_bytes(&mut link, 2, &span_id.0);
        put_bytes(into, 13, &link);
    }
    if span.has_failed {
        // `Status { code = 3: STATUS_CODE_ERROR }`
        put_bytes(into, 15, &[0x18, 2]);
    }
}
