//! Makes OTLP spans of `tracing`'s, for those about our own work.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use fanlight_model::{SpanId, SpanKind, TraceId};
use fanlight_otlp::{Attributes, SpanDraft};
use fanlight_runtime::Clock;
use tokio::sync::mpsc;
use tracing::field::{Field, Visit};
use tracing::span::{self, Record};
use tracing::{Id, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::collect::Made;

/// Spans that wait to be kept; beyond it they are dropped and counted.
const QUEUE_SPANS: usize = 4_096;

/// Traces that are begun in a second with one kind of work: enough to see what goes on, and cheap beside a thousand requests. Each
/// kind has its own, so that a busy one hides no other.
const TRACES_PER_SECOND: u32 = 10;

/// Records spans while they are open, and gives them away when they end.
pub(super) struct Recorder {
    clock: Clock,
    made: mpsc::Sender<SpanDraft>,
    dropped: Arc<AtomicU64>,
    /// For each kind of work with which traces begin, the second in which one last did, and how many have in it. There are as many
    /// kinds as the code has roots.
    begun: Mutex<BTreeMap<&'static str, (u64, u32)>>,
    /// Ids are random in their run and never twice in it.
    seed: [u8; 16],
    next_id: AtomicU64,
}

impl Recorder {
    /// A recorder, and what it makes.
    pub(super) fn new(clock: Clock) -> (Self, Made) {
        let (made, waiting) = mpsc::channel(QUEUE_SPANS);
        let dropped = Arc::new(AtomicU64::new(0));
        let mut seed = [0; 16];
        if getrandom::fill(&mut seed).is_err() {
            // Without the kernel's randomness a run's ids still differ from those of a run that began at another time.
            seed = u128::from(clock.now().as_unix_nanos()).to_be_bytes();
        }
        let recorder = Self {
            clock,
            made,
            dropped: Arc::clone(&dropped),
            begun: Mutex::default(),
            seed,
            next_id: AtomicU64::new(1),
        };
        (recorder, Made::new(waiting, dropped))
    }

    /// Whether one more trace may begin now.
    fn is_sampled(&self, kind: &'static str) -> bool {
        let second = self.clock.elapsed().as_secs();
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, count) = begun.entry(kind).or_insert((second, 0));
        if *last != second {
            (*last, *count) = (second, 0);
        }
        *count = count.saturating_add(1);
        *count <= TRACES_PER_SECOND
    }

    fn new_span_id(&self) -> SpanId {
        let number = self.next_id.fetch_add(1, Ordering::Relaxed);
        let [.., a, b, c, d, e, f, g, h] = self.seed;
        // The seed spreads the runs, the odd factor the ids of one: two of a run never meet.
        let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from_be_bytes([a, b, c, d, e, f, g, h]);
        SpanId(mixed.max(1).to_be_bytes())
    }

    fn new_trace_id(&self) -> TraceId {
        let SpanId(low) = self.new_span_id();
        let mut id = self.seed;
        id.iter_mut().rev().zip(low.iter().rev()).for_each(|(byte, low)| *byte = *low);
        TraceId(id)
    }
}

/// A span that is open. One that is not recorded has none.
struct Open(SpanDraft, HasEnded);

/// Told by the field `ended`: its handle lives on in what comes after it.
struct HasEnded(bool);

impl<S> Layer<S> for Recorder
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let (trace_id, parent) = match attributes.parent() {
            Some(parent) => {
                let Some(parent) = context.span(parent) else { return };
                let extensions = parent.extensions();
                let Some(Open(parent, _)) = extensions.get::<Open>() else { return };
                (parent.trace_id, parent.span_id)
            }
            None if self.is_sampled(attributes.metadata().name()) => (self.new_trace_id(), SpanId::default()),
            None => return,
        };
        let now = self.clock.now();
        let mut draft = SpanDraft {
            trace_id,
            span_id: self.new_span_id(),
            parent,
            name: attributes.metadata().name().to_owned(),
            kind: SpanKind::Internal,
            start: now,
            end: now,
            ..SpanDraft::default()
        };
        attributes.record(&mut Fields { draft: &mut draft, ended: false });
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(Open(draft, HasEnded(false)));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut extensions = span.extensions_mut();
        let Some(Open(draft, HasEnded(has_ended))) = extensions.get_mut::<Open>() else { return };
        let mut fields = Fields { draft, ended: false };
        values.record(&mut fields);
        if fields.ended && !*has_ended {
            draft.end = self.clock.now();
            *has_ended = true;
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let Some(Open(mut draft, HasEnded(has_ended))) = span.extensions_mut().remove::<Open>() else {
            return;
        };
        if !has_ended {
            draft.end = self.clock.now();
        }
        // The clock may have been set back meanwhile.
        draft.end = draft.end.max(draft.start);
        if self.made.try_send(draft).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Writes fields into a span: what belongs to the span itself, and all others as attributes.
struct Fields<'a> {
    draft: &'a mut SpanDraft,
    ended: bool,
}

impl Fields<'_> {
    fn text(&mut self, field: &str, value: &str) {
        match field {
            "otel.kind" => {
                self.draft.kind = match value {
                    "server" => SpanKind::Server,
                    "client" => SpanKind::Client,
                    _ => SpanKind::Internal,
                };
            }
            "trace_id" => self.draft.trace_id = value.parse().unwrap_or(self.draft.trace_id),
            "span_id" => self.draft.span_id = value.parse().unwrap_or(self.draft.span_id),
            "parent_span_id" => self.draft.parent = value.parse().unwrap_or(self.draft.parent),
            _ => {
                self.draft.has_failed |= field == "error.type";
                self.attributes().push_str(field, value);
            }
        }
    }

    fn attributes(&mut self) -> &mut Attributes {
        &mut self.draft.attributes
    }
}

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field.name(), &format!("{value:?}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        match field.name() {
            "ended" => self.ended = value,
            name => self.attributes().push_bool(name, value),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.attributes().push_int(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.attributes().push_int(field.name(), i64::try_from(value).unwrap_or(i64::MAX));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.attributes().push_double(field.name(), value);
    }
}
