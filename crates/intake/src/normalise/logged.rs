//! When a record was logged, from whichever of its stamps can be used.

use fanlight_model::{AccessEvent, Timestamp};

use super::reader::Reader;
use crate::decode::feed_table::Target;
use crate::decode::note::Note;
use crate::decode::stamp::{Dating, Stamp};
use crate::decode::zone::zone_seconds;

/// The record's own time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Logged {
    /// `None` where no stamp can be used.
    pub(crate) time: Option<Timestamp>,
    /// False where it is only near: its second was impossible.
    pub(crate) exact: bool,
}

/// Stamps of the year 1970 stand for none.
const FIRST_YEAR: Timestamp = Timestamp::from_seconds(366 * 86_400);

/// What is known of the zone of a record's stamps.
#[derive(Clone, Copy)]
enum Zone {
    East(i64),
    Unknown,
}

/// Reads the stamps of the column `log_time` in the order of the table: the first that can be used counts, and one with an
/// impossible second only where no other is better. Nothing is dated by a zone that is not known.
pub(crate) fn logged(reader: &mut Reader<'_, '_>) -> Logged {
    let zone = zone(reader);
    let mut near = None;
    for (at, field) in reader.wire.table().fields.iter().enumerate() {
        if field.target != Target::Column("log_time") {
            continue;
        }
        let Some(text) = reader.wire.at(at) else { continue };
        match read(text, zone, reader.arrival) {
            Some(Stamp::At(time)) if time >= FIRST_YEAR => return Logged { time: Some(time), exact: true },
            Some(Stamp::Clamped(time)) if time >= FIRST_YEAR => {
                reader.notes.add(Note::ImpossibleSecond(field.name));
                near = near.or(Some(time));
            }
            Some(Stamp::Unreadable) => reader.notes.add(Note::UnreadableTime(field.name)),
            _ => {}
        }
    }
    if near.is_none() {
        reader.notes.add(Note::NoTime);
    }
    Logged { time: near, exact: false }
}

/// The zone that the record's own `tz` names, else the feed's.
fn zone(reader: &mut Reader<'_, '_>) -> Zone {
    let fields = reader.wire.table().fields;
    let word = fields.iter().position(|field| field.name == "tz").and_then(|at| reader.wire.at(at));
    let Some(word) = word else { return Zone::East(reader.wire.zone_seconds) };
    match (zone_seconds(word), reader.wire.zone_seconds) {
        (Some(east), _) => Zone::East(east),
        // The site said which zone the feed is in; the word says no other.
        (None, east) if east != 0 => Zone::East(east),
        (None, _) => {
            reader.notes.add(Note::UnknownZone(word.into()));
            Zone::Unknown
        }
    }
}

/// `None` for a stamp without a zone where none is known.
fn read(text: &str, zone: Zone, arrival: Timestamp) -> Option<Stamp> {
    let (text, own) = split_zone(text);
    let at = |zone_seconds| Stamp::read(text, Dating { arrival, zone_seconds });
    match (own, zone) {
        (Some(word), _) => zone_seconds(word).map(at),
        (None, Zone::East(east)) => Some(at(east)),
        // What is the same in two zones has its own.
        (None, Zone::Unknown) => Some(at(0)).filter(|stamp| *stamp == at(3_600)),
    }
}

/// `Jun 20 2026 15:29:11 PDT` and its zone.
fn split_zone(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(' ') {
        Some((stamp, word))
            if stamp.contains(':')
                && (2..=5).contains(&word.len())
                && word.bytes().all(|byte| byte.is_ascii_uppercase()) =>
        {
            (stamp, Some(word))
        }
        _ => (text, None),
    }
}

/// What a record's time means to an event of some length, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// It is written at the end.
    End,
    /// It is taken for the beginning.
    Start,
}

/// Dates an event; where nothing can be used, by its arrival.
pub(crate) fn date(event: &mut AccessEvent, logged: Logged, nanos: Option<i64>, anchor: Anchor) {
    event.log_time = logged.time;
    let time = logged.time.filter(|_| logged.exact).unwrap_or(event.arrival_time);
    let nanos = nanos.unwrap_or(0);
    let (start, end) = match anchor {
        Anchor::End => (time.shifted(nanos.saturating_neg()), time),
        Anchor::Start => (time, time.shifted(nanos)),
    };
    event.start_time = start;
    event.end_time = Some(end);
    event.last_time = end;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_without_a_zone_is_not_dated_by_one_that_is_not_known() {
        let (stamp, iso) = ("Wed Mar  4 08:20:42 2026", "2026-03-04T08:20:42Z");
        let utc = Timestamp::parse_rfc3339(iso).unwrap();
        let read = |text, zone| read(text, zone, Timestamp::default());
        assert_eq!(read(stamp, Zone::East(3_600)), Some(Stamp::At(utc.shifted(-3_600_000_000_000))));
        assert_eq!(read(stamp, Zone::Unknown), None);
        assert_eq!(read(iso, Zone::Unknown), Some(Stamp::At(utc)));
        assert_eq!(read("1772612442", Zone::Unknown), Some(Stamp::At(utc)));
        let pacific = read("Mar 04 2026 00:20:42 PDT", Zone::East(0));
        assert_eq!(pacific, Some(Stamp::At(utc.shifted(-3_600_000_000_000))));
        assert_eq!(read("Mar 04 2026 00:20:42 IST", Zone::East(0)), None);
    }
}
