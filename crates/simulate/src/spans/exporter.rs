//! Where a process's spans wait for the next batch.

use fanlight_model::{SpanId, Timestamp};

use super::protobuf::{Attributes, Message, length_of};
use super::scope::Scope;
use super::span::Span;

/// OpenTelemetry's own batch limit.
const MAX_BATCH: usize = 512;

/// The batching exporter of one process.
#[derive(Debug)]
pub(crate) struct Exporter {
    resource: Vec<u8>,
    pub(crate) batch_ns: i64,
    waiting: Vec<Waiting>,
    /// A flush is in the queue already.
    pub(crate) is_due: bool,
}

#[derive(Debug)]
struct Waiting {
    ends: Timestamp,
    scope: Scope,
    id: SpanId,
    bytes: Vec<u8>,
}

/// One OTLP request, and the spans in it.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) bytes: Vec<u8>,
    pub(crate) spans: Vec<SpanId>,
}

impl Exporter {
    pub(crate) fn new(resource: &Attributes, batch_ns: i64) -> Self {
        Self {
            resource: resource.message().as_bytes().to_vec(),
            batch_ns,
            waiting: Vec::new(),
            is_due: false,
        }
    }

    /// Takes a span that ends at a true time.
    pub(crate) fn take(&mut self, span: &Span, ends: Timestamp) {
        self.waiting.push(Waiting { ends, scope: span.scope, id: span.id, bytes: span.encode() });
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The batches of the spans that have ended.
    pub(crate) fn flush(&mut self, now: Timestamp) -> Vec<Batch> {
        let (ended, waiting) =
            std::mem::take(&mut self.waiting).into_iter().partition(|span| span.ends <= now);
        self.waiting = waiting;
        let ended: Vec<Waiting> = ended;
        ended.chunks(MAX_BATCH).map(|chunk| self.batch(chunk)).collect()
    }

    /// `ExportTraceServiceRequest { 1: ResourceSpans { 1: Resource, 2: ScopeSpans { 1: scope, 2: spans } } }`, each byte written once.
    fn batch(&self, spans: &[Waiting]) -> Batch {
        let mut scopes: Vec<(Scope, Vec<u8>, usize)> = Vec::new();
        for span in spans {
            let bytes = nested(span.bytes.len());
            match scopes.iter_mut().find(|(scope, ..)| *scope == span.scope) {
                Some((_, _, length)) => *length += bytes,
                None => {
                    let head = head_of(span.scope);
                    let length = head.len() + bytes;
                    scopes.push((span.scope, head, length));
                }
            }
        }
        let inside =
            nested(self.resource.len()) + scopes.iter().map(|(.., length)| nested(*length)).sum::<usize>();
        let mut request = Message::with_capacity(nested(inside));
        request.open(1, inside);
        request.bytes(1, &self.resource);
        for (scope, head, length) in scopes {
            request.open(2, length);
            request.raw(&head);
            for span in spans.iter().filter(|span| span.scope == scope) {
                request.bytes(2, &span.bytes);
            }
        }
        Batch { bytes: request.into_bytes(), spans: spans.iter().map(|span| span.id).collect() }
    }
}

/// `1: InstrumentationScope { 1: name, 2: version }`.
fn head_of(scope: Scope) -> Vec<u8> {
    let (name, version) = scope.name();
    let mut inside = Message::with_capacity(96);
    inside.bytes(1, name.as_bytes());
    if !version.is_empty() {
        inside.bytes(2, version.as_bytes());
    }
    let mut head = Message::with_capacity(112);
    head.bytes(1, inside.as_bytes());
    head.into_bytes()
}

/// What so many bytes take as a field with a number below 16.
const fn nested(length: usize) -> usize {
    1 + length_of(length as u64) + length
}
