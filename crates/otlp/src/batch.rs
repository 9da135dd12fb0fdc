//! The index over one request.

use bytes::Bytes;

use crate::limits::Refusal;
use crate::view::{ResourceView, SpanView};

/// A scanned request: its bytes, and an index of the spans that were kept. It borrows nothing and is cheap to move.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The request as received; where invalid UTF-8 had to be mended, a copy of the same length. The index points into it.
    pub bytes: Bytes,
    pub(crate) index: Index,
}

/// How much a batch holds, so that a reader can allocate once. Refused spans count too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Spans on the wire.
    pub spans: u32,
    /// Attributes and nested values, wherever they stand.
    pub values: u32,
    /// Span events.
    pub events: u32,
    /// Span links.
    pub links: u32,
}

/// Everything that the scan notes. Spans stand in the order of the wire.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    pub(crate) spans: Vec<SpanEntry>,
    pub(crate) joins: Vec<JoinEntry>,
    pub(crate) scopes: Vec<ScopeEntry>,
    pub(crate) scope_pieces: Vec<Range>,
    pub(crate) resources: Vec<ResourceEntry>,
    pub(crate) resource_pieces: Vec<Range>,
    pub(crate) refused: Vec<Refusal>,
    /// What `splice` leaves out, in the order of the wire, never one inside another.
    pub(crate) removed: Vec<Removed>,
    pub(crate) repaired: usize,
    /// The bytes are a mended copy.
    pub(crate) mended: bool,
    pub(crate) counts: Counts,
}

/// Positions of the first byte and of the byte after the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) from: u32,
    pub(crate) to: u32,
}

/// A length-delimited field: its tag at `at`, its content from `body` to `end`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Frame {
    pub(crate) at: u32,
    pub(crate) body: u32,
    pub(crate) end: u32,
}

/// One span that was kept. Position 0 stands for "absent": a request begins with a tag, so no content can be there.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SpanEntry {
    pub(crate) start_nanos: u64,
    pub(crate) end_nanos: u64,
    pub(crate) frame: Frame,
    pub(crate) trace_id_at: u32,
    pub(crate) span_id_at: u32,
    pub(crate) parent_at: u32,
    pub(crate) name: Range,
    pub(crate) status_message: Range,
    pub(crate) scope: u32,
    pub(crate) joins_from: u32,
    pub(crate) joins: u8,
    pub(crate) kind: u8,
    pub(crate) status_code: u8,
    pub(crate) mended: bool,
}

/// One attribute that the join looks at: where its `KeyValue` stands, and which of the known keys it has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JoinEntry {
    pub(crate) at: u32,
    /// The length of the `KeyValue` in 24 bits, and above it the place that [`crate::join::place_of`] gives its key.
    pub(crate) key_and_length: u32,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ScopeEntry {
    pub(crate) frame: Frame,
    pub(crate) resource: u32,
    pub(crate) name: Range,
    pub(crate) version: Range,
    pub(crate) pieces: Range,
    pub(crate) mended: bool,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ResourceEntry {
    pub(crate) frame: Frame,
    pub(crate) pieces: Range,
    pub(crate) dropped_attributes: u32,
    /// The `KeyValue` of each key in [`crate::join::RESOURCE_KEYS`].
    pub(crate) known: [Range; 6],
    pub(crate) mended: bool,
}

/// A field that is left out when the request goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Removed {
    pub(crate) frame: Frame,
    pub(crate) scope: u32,
    pub(crate) resource: u32,
    pub(crate) level: Level,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Span,
    ScopeSpans,
    ResourceSpans,
}

static ABSENT: SpanEntry = SpanEntry {
    start_nanos: 0,
    end_nanos: 0,
    frame: Frame { at: 0, body: 0, end: 0 },
    trace_id_at: 0,
    span_id_at: 0,
    parent_at: 0,
    name: Range { from: 0, to: 0 },
    status_message: Range { from: 0, to: 0 },
    scope: u32::MAX,
    joins_from: 0,
    joins: 0,
    kind: 0,
    status_code: 0,
    mended: false,
};

// The bound on memory rests on it: a span's share of the index.
const _: () = assert!(size_of::<SpanEntry>() <= 80);

impl Batch {
    /// How many spans were kept.
    pub fn len(&self) -> usize {
        self.index.spans.len()
    }

    /// True when no span was kept.
    pub fn is_empty(&self) -> bool {
        self.index.spans.is_empty()
    }

    /// A kept span, by its place among them. Past the end it is a span of which everything is absent.
    pub fn span(&self, index: usize) -> SpanView<'_> {
        SpanView { batch: self, entry: self.index.spans.get(index).unwrap_or(&ABSENT) }
    }

    /// The kept spans in the order of the wire.
    pub fn spans(&self) -> impl ExactSizeIterator<Item = SpanView<'_>> {
        self.index.spans.iter().map(move |entry| SpanView { batch: self, entry })
    }

    /// Every `ResourceSpans`, by the numbers that [`SpanView::resource_index`] gives.
    pub fn resources(&self) -> impl ExactSizeIterator<Item = ResourceView<'_>> {
        self.index.resources.iter().map(move |entry| ResourceView { batch: self, entry })
    }

    /// The spans that were refused, with the reason of each.
    pub fn refused(&self) -> &[Refusal] {
        &self.index.refused
    }

    /// How many kept spans were mended.
    pub fn repaired(&self) -> usize {
        self.index.repaired
    }

    /// How much the request holds.
    pub fn counts(&self) -> Counts {
        self.index.counts
    }

    /// True when something was refused or mended, so that even without additions other bytes go on than came in.
    pub fn is_altered(&self) -> bool {
        self.index.mended || self.index.repaired > 0 || !self.index.removed.is_empty()
    }

    /// Bytes of memory that the index holds, beside [`Self::bytes`].
    pub fn index_bytes(&self) -> usize {
        fn held<T>(list: &Vec<T>) -> usize {
            list.capacity() * size_of::<T>()
        }
        let index = &self.index;
        held(&index.spans)
            + held(&index.joins)
            + held(&index.scopes)
            + held(&index.scope_pieces)
            + held(&index.resources)
            + held(&index.resource_pieces)
            + held(&index.refused)
            + held(&index.removed)
    }

    /// The bytes in a range; nothing where there are none.
    #[inline]
    pub(crate) fn slice(&self, range: Range) -> &[u8] {
        self.bytes.get(range.from as usize..range.to as usize).unwrap_or_default()
    }
}

/// As many bytes as an id has; zeros where there are none.
#[inline]
pub(crate) fn array_at<const N: usize>(bytes: &[u8], at: u32) -> [u8; N] {
    let bytes = if at == 0 { None } else { bytes.get(at as usize..) };
    bytes.and_then(|bytes| bytes.first_chunk()).copied().unwrap_or([0; N])
}
