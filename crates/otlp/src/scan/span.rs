//! One span of the walk.

use fanlight_model::{SpanId, TraceId};

use super::content::low_bits;
use super::{Walk, narrow};
use crate::batch::{Frame, JoinEntry, Level, Removed, SpanEntry, array_at};
use crate::join::place_of;
use crate::limits::{Refusal, RefusalReason};
use crate::wire::{FIXED32, FIXED64, LENGTH, Message, VARINT, tag};

const TRACE_ID: u32 = tag(1, LENGTH);
const SPAN_ID: u32 = tag(2, LENGTH);
const TRACE_STATE: u32 = tag(3, LENGTH);
const PARENT_SPAN_ID: u32 = tag(4, LENGTH);
const NAME: u32 = tag(5, LENGTH);
const KIND: u32 = tag(6, VARINT);
const START: u32 = tag(7, FIXED64);
const END: u32 = tag(8, FIXED64);
const ATTRIBUTE: u32 = tag(9, LENGTH);
const DROPPED_ATTRIBUTES: u32 = tag(10, VARINT);
const EVENT: u32 = tag(11, LENGTH);
const DROPPED_EVENTS: u32 = tag(12, VARINT);
const LINK: u32 = tag(13, LENGTH);
const DROPPED_LINKS: u32 = tag(14, VARINT);
const STATUS: u32 = tag(15, LENGTH);
const FLAGS: u32 = tag(16, FIXED32);
/// Fields 1 to 16, as bits.
const KNOWN: u32 = 0x1_fffe;

const STATUS_MESSAGE: u32 = tag(2, LENGTH);
const STATUS_CODE: u32 = tag(3, VARINT);
const STATUS_KNOWN: u32 = 0b1100;

/// The first nanosecond that a [`fanlight_model::Timestamp`] cannot tell: in the year 2262.
const BEYOND: u64 = 1 << 63;

/// How much of what has a limit a span has had so far.
#[derive(Default)]
struct Had {
    attributes: u32,
    events: u32,
    links: u32,
    /// A bit for each join attribute noted.
    joins: u32,
}

impl<'a> Walk<'a> {
    /// Keeps the span, or refuses it and nothing else.
    #[inline]
    pub(super) fn span(&mut self, frame: Frame, body: Message<'a>, scope: u32, resource: u32) {
        let joins_from = self.index.joins.len();
        let mut entry = SpanEntry { frame, scope, joins_from: narrow(joins_from), ..SpanEntry::default() };
        let outcome = self.span_fields(body, &mut entry).and_then(|()| self.require_ids(&entry));
        entry.mended |= self.content.take_mended();
        match outcome {
            Ok(()) => self.index.spans.push(entry),
            Err(reason) => {
                self.index.joins.truncate(joins_from);
                let bytes = self.content.received();
                let trace_id = TraceId(array_at(bytes, entry.trace_id_at));
                let span_id = SpanId(array_at(bytes, entry.span_id_at));
                self.index.refused.push(Refusal { reason, trace_id, span_id });
                self.index.removed.push(Removed { frame, scope, resource, level: Level::Span });
            }
        }
    }

    fn require_ids(&self, entry: &SpanEntry) -> Result<(), RefusalReason> {
        let bytes = self.content.received();
        if TraceId(array_at(bytes, entry.trace_id_at)).is_zero() {
            return Err(RefusalReason::NoTraceId);
        }
        if SpanId(array_at(bytes, entry.span_id_at)).is_zero() {
            return Err(RefusalReason::NoSpanId);
        }
        Ok(())
    }

    fn span_fields(&mut self, mut span: Message<'a>, entry: &mut SpanEntry) -> Result<(), RefusalReason> {
        let mut had = Had::default();
        while let Some(found) = span.tag()? {
            // Most fields are attributes: a branch of their own is foretold where the jump below is not.
            if found == ATTRIBUTE {
                let pair = span.message()?;
                let key = self.content.attribute(pair, &mut had.attributes)?;
                if let Some(place) = place_of(key) {
                    self.note_join(place, &pair, &mut had.joins, entry);
                }
                continue;
            }
            match found {
                TRACE_ID => entry.trace_id_at = id(span.message()?, 16)?,
                SPAN_ID => entry.span_id_at = id(span.message()?, 8)?,
                PARENT_SPAN_ID => entry.parent_at = id(span.message()?, 8)?,
                TRACE_STATE => self.content.text(span.message()?)?,
                NAME => entry.name = self.content.text_range(span.message()?)?,
                KIND => entry.kind = u8::try_from(low_bits(span.varint()?)).unwrap_or(0),
                START => entry.start_nanos = span.fixed64()?,
                END => entry.end_nanos = span.fixed64()?,
                EVENT => {
                    had.events += 1;
                    if had.events > self.content.limits().max_events_per_span {
                        return Err(RefusalReason::TooManyEvents);
                    }
                    self.content.event(span.message()?)?;
                }
                LINK => {
                    had.links += 1;
                    if had.links > self.content.limits().max_links_per_span {
                        return Err(RefusalReason::TooManyLinks);
                    }
                    self.content.link(span.message()?)?;
                }
                STATUS => self.status(span.message()?, entry)?,
                DROPPED_ATTRIBUTES | DROPPED_EVENTS | DROPPED_LINKS => span.varint().map(drop)?,
                FLAGS => span.fixed32().map(drop)?,
                other => span.skip_unknown(other, KNOWN)?,
            }
        }
        entry.mended =
            entry.end_nanos < entry.start_nanos || entry.end_nanos.max(entry.start_nanos) >= BEYOND;
        Ok(())
    }

    /// A `Status`, or a piece of one: what stands later wins, field by field.
    fn status(&mut self, mut status: Message<'a>, entry: &mut SpanEntry) -> Result<(), RefusalReason> {
        while let Some(found) = status.tag()? {
            match found {
                STATUS_MESSAGE => entry.status_message = self.content.text_range(status.message()?)?,
                STATUS_CODE => entry.status_code = u8::try_from(low_bits(status.varint()?)).unwrap_or(0),
                other => status.skip_unknown(other, STATUS_KNOWN)?,
            }
        }
        Ok(())
    }

    /// Notes an attribute for the join; a later one of the same key takes the place of an earlier.
    fn note_join(&mut self, place: u8, pair: &Message<'a>, noted: &mut u32, entry: &mut SpanEntry) {
        let length = narrow(pair.len());
        if length > 0x00ff_ffff {
            return;
        }
        let join = JoinEntry { at: narrow(pair.position()), key_and_length: u32::from(place) << 24 | length };
        if *noted >> place & 1 == 1 {
            let own = self.index.joins.iter_mut().skip(entry.joins_from as usize);
            own.filter(|earlier| earlier.key_and_length >> 24 == u32::from(place))
                .for_each(|earlier| *earlier = join);
        } else {
            *noted |= 1 << place;
            entry.joins += 1;
            self.index.joins.push(join);
        }
    }
}

/// Where an id stands; absent when it is empty, refused when it has another length.
#[inline]
fn id(bytes: Message<'_>, length: usize) -> Result<u32, RefusalReason> {
    match bytes.len() {
        0 => Ok(0),
        found if found == length => Ok(narrow(bytes.position())),
        _ => Err(RefusalReason::WrongIdLength),
    }
}
