//! What one span, and what it hangs on, says.

use std::fmt;

use fanlight_model::{SpanId, SpanKind, Timestamp, TraceId};

use crate::batch::{Batch, Frame, Range, ResourceEntry, ScopeEntry, SpanEntry, array_at};
use crate::join::JoinAttributes;
use crate::value::{Value, key_of, key_value, text};
use crate::wire::{LENGTH, Message, tag};

/// One kept span, read from the wire bytes.
#[derive(Clone, Copy)]
pub struct SpanView<'a> {
    pub(crate) batch: &'a Batch,
    pub(crate) entry: &'a SpanEntry,
}

/// What the scope's `ResourceSpans` says of its resource. Two `ResourceSpans` of equal resources are two views.
#[derive(Clone, Copy)]
pub struct ResourceView<'a> {
    pub(crate) batch: &'a Batch,
    pub(crate) entry: &'a ResourceEntry,
}

/// The attributes of a span, a scope or a resource in the order of the wire, equal keys included: the last of them is in force.
#[derive(Clone, Debug)]
pub struct AttributeIter<'a> {
    pairs: Pairs<'a>,
}

static NO_RESOURCE: ResourceEntry = ResourceEntry {
    frame: Frame { at: 0, body: 0, end: 0 },
    pieces: Range { from: 0, to: 0 },
    dropped_attributes: 0,
    known: [Range { from: 0, to: 0 }; 6],
    mended: false,
};

impl<'a> SpanView<'a> {
    /// The trace id, never zero.
    #[inline]
    pub fn trace_id(&self) -> TraceId {
        TraceId(array_at(&self.batch.bytes, self.entry.trace_id_at))
    }

    /// The span id, never zero.
    #[inline]
    pub fn span_id(&self) -> SpanId {
        SpanId(array_at(&self.batch.bytes, self.entry.span_id_at))
    }

    /// The parent's span id; zero for a root.
    #[inline]
    pub fn parent_span_id(&self) -> SpanId {
        SpanId(array_at(&self.batch.bytes, self.entry.parent_at))
    }

    /// The name.
    pub fn name(&self) -> &'a str {
        text(self.batch.slice(self.entry.name))
    }

    /// The kind.
    #[inline]
    pub fn kind(&self) -> SpanKind {
        SpanKind::from_wire(u64::from(self.entry.kind))
    }

    /// The start. Beyond the year 2262 it saturates, and the span counts as mended.
    #[inline]
    pub fn start(&self) -> Timestamp {
        Timestamp::from_unix_nanos(self.entry.start_nanos)
    }

    /// The end, never before the start: a span that ends before it starts is shown as a moment, and counts as mended.
    #[inline]
    pub fn end(&self) -> Timestamp {
        Timestamp::from_unix_nanos(self.entry.end_nanos).max(self.start())
    }

    /// The status: 0 unset, 1 ok, 2 error.
    pub fn status_code(&self) -> u8 {
        self.entry.status_code
    }

    /// The status message.
    pub fn status_message(&self) -> &'a str {
        text(self.batch.slice(self.entry.status_message))
    }

    /// True when what is shown differs from what was sent: invalid UTF-8 in the span, its scope or its resource, an end
    /// before the start, or a time beyond the year 2262.
    pub fn is_repaired(&self) -> bool {
        self.entry.mended || self.scope().is_some_and(|scope| scope.mended) || self.resource().entry.mended
    }

    /// The attributes.
    pub fn attributes(&self) -> AttributeIter<'a> {
        AttributeIter { pairs: self.pairs() }
    }

    /// The attribute with this key that is in force.
    pub fn attribute(&self, key: &str) -> Option<Value<'a>> {
        self.pairs().filter(|pair| key_of(pair) == key.as_bytes()).last().map(|pair| key_value(pair).1)
    }

    /// True when the span has an attribute with this key.
    pub fn has_attribute(&self, key: &str) -> bool {
        self.pairs().any(|pair| key_of(pair) == key.as_bytes())
    }

    /// The resource.
    #[inline]
    pub fn resource(&self) -> ResourceView<'a> {
        let entry = self.batch.index.resources.get(self.resource_index() as usize);
        ResourceView { batch: self.batch, entry: entry.unwrap_or(&NO_RESOURCE) }
    }

    /// Which `ResourceSpans` of the batch it stands in: what was found out of a resource can be kept under this number.
    #[inline]
    pub fn resource_index(&self) -> u32 {
        self.scope().map_or(u32::MAX, |scope| scope.resource)
    }

    /// The name of the instrumentation scope.
    pub fn scope_name(&self) -> &'a str {
        self.scope().map_or("", |scope| text(self.batch.slice(scope.name)))
    }

    /// The version of the instrumentation scope.
    pub fn scope_version(&self) -> &'a str {
        self.scope().map_or("", |scope| text(self.batch.slice(scope.version)))
    }

    /// The attributes of the instrumentation scope.
    pub fn scope_attributes(&self) -> AttributeIter<'a> {
        let pieces = self.scope().map(|scope| scope.pieces).unwrap_or_default();
        AttributeIter { pairs: Pairs::of_pieces(self.batch, &self.batch.index.scope_pieces, pieces, 3) }
    }

    /// What the join looks at.
    pub fn join(&self) -> JoinAttributes<'a> {
        let mut found = JoinAttributes::default();
        let from = self.entry.joins_from as usize;
        let entries = self.batch.index.joins.get(from..from + usize::from(self.entry.joins));
        for entry in entries.unwrap_or_default() {
            let length = entry.key_and_length & 0x00ff_ffff;
            let range = Range { from: entry.at, to: entry.at.saturating_add(length) };
            found.take(entry.key_and_length >> 24, self.batch.slice(range));
        }
        found
    }

    /// The bytes of the `Span` message, without its own tag and length.
    pub fn encoded(&self) -> &'a [u8] {
        self.batch.slice(Range { from: self.entry.frame.body, to: self.entry.frame.end })
    }

    fn pairs(&self) -> Pairs<'a> {
        Pairs {
            current: Message::new(self.encoded()),
            tag: tag(9, LENGTH),
            batch: self.batch,
            pieces: [].iter(),
        }
    }

    #[inline]
    fn scope(&self) -> Option<&'a ScopeEntry> {
        self.batch.index.scopes.get(self.entry.scope as usize)
    }
}

impl fmt::Debug for SpanView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpanView")
            .field("trace_id", &self.trace_id())
            .field("span_id", &self.span_id())
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}

impl<'a> ResourceView<'a> {
    /// The attributes.
    pub fn attributes(&self) -> AttributeIter<'a> {
        let pieces = self.entry.pieces;
        AttributeIter { pairs: Pairs::of_pieces(self.batch, &self.batch.index.resource_pieces, pieces, 1) }
    }

    /// How many attributes the sender left out.
    pub fn dropped_attributes_count(&self) -> u32 {
        self.entry.dropped_attributes
    }

    /// `service.name`, where it is text.
    pub fn service_name(&self) -> Option<&'a str> {
        self.known_text(0)
    }

    /// `service.namespace`, where it is text.
    pub fn service_namespace(&self) -> Option<&'a str> {
        self.known_text(1)
    }

    /// `deployment.environment.name`, else the older `deployment.environment`.
    pub fn deployment_environment(&self) -> Option<&'a str> {
        self.known_text(2).or_else(|| self.known_text(3))
    }

    /// `host.ip`: one text or a list of texts.
    pub fn host_ips(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let value = self.known(4);
        let list = match value {
            Some(Value::Array(array)) => Some(array.iter()),
            _ => None,
        };
        value
            .and_then(|value| value.as_str())
            .into_iter()
            .chain(list.into_iter().flatten().filter_map(|value| value.as_str()))
    }

    /// `k8s.pod.ip`, where it is text.
    pub fn k8s_pod_ip(&self) -> Option<&'a str> {
        self.known_text(5)
    }

    /// True when invalid UTF-8 was mended in it; all its spans then count as mended.
    pub fn is_repaired(&self) -> bool {
        self.entry.mended
    }

    fn known(&self, place: usize) -> Option<Value<'a>> {
        let range = self.entry.known.get(place).copied().filter(|range| range.from != 0)?;
        Some(key_value(self.batch.slice(range)).1)
    }

    fn known_text(&self, place: usize) -> Option<&'a str> {
        self.known(place)?.as_str()
    }
}

impl fmt::Debug for ResourceView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceView").field("service_name", &self.service_name()).finish_non_exhaustive()
    }
}

impl<'a> Iterator for AttributeIter<'a> {
    type Item = (&'a str, Value<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.pairs.next().map(key_value)
    }
}

/// The `KeyValue` bytes in one message after another.
#[derive(Clone, Debug)]
struct Pairs<'a> {
    current: Message<'a>,
    tag: u32,
    batch: &'a Batch,
    pieces: std::slice::Iter<'a, Range>,
}

impl<'a> Pairs<'a> {
    fn of_pieces(batch: &'a Batch, all: &'a [Range], pieces: Range, field: u32) -> Self {
        let pieces = all.get(pieces.from as usize..pieces.to as usize).unwrap_or_default();
        Self { current: Message::new(&[]), tag: tag(field, LENGTH), batch, pieces: pieces.iter() }
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            match self.current.tag().ok()? {
                Some(found) if found == self.tag => {
                    return self.current.message().ok().map(|pair| pair.bytes());
                }
                Some(other) => self.current.skip(other).ok()?,
                None => self.current = Message::new(self.batch.slice(*self.pieces.next()?)),
            }
        }
    }
}
