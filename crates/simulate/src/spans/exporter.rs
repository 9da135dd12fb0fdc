//! Where a process's spans wait for the next batch.

use fanlight_model::{SpanId, Timestamp};

use super::protobuf::{Attributes, Message};
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

    /// `ExportTraceServiceRequest { 1: ResourceSpans { 1: Resource, 2: ScopeSpans { 1: scope, 2: spans } } }`.
    fn batch(&self, spans: &[Waiting]) -> Batch {
        let bytes: usize = spans.iter().map(|span| span.bytes.len() + 8).sum();
        let mut resource_spans = Message::with_capacity(bytes + self.resource.len() + 256);
        resource_spans.bytes(1, &self.resource);
        let mut scopes: Vec<Scope> = Vec::new();
        for span in spans {
            if !scopes.contains(&span.scope) {
                scopes.push(span.scope);
            }
        }
        for scope in scopes {
            let (name, version) = scope.name();
            let mut scope_message = Message::with_capacity(96);
            scope_message.bytes(1, name.as_bytes());
            if !version.is_empty() {
                scope_message.bytes(2, version.as_bytes());
            }
            let mut scope_spans = Message::with_capacity(bytes);
            scope_spans.bytes(1, scope_message.as_bytes());
            for span in spans.iter().filter(|span| span.scope == scope) {
                scope_spans.bytes(2, &span.bytes);
            }
            resource_spans.bytes(2, scope_spans.as_bytes());
        }
        let mut request = Message::with_capacity(bytes + self.resource.len() + 272);
        request.bytes(1, resource_spans.as_bytes());
        Batch { bytes: request.into_bytes(), spans: spans.iter().map(|span| span.id).collect() }
    }
}
