//! A wire record's values as the model has them.

use std::net::IpAddr;
use std::sync::Arc;

use fanlight_model::{ParseLevel, PrincipalId, PrincipalKind, Timestamp};

use super::memo::Memo;
use crate::decode::feed_table::{Target, Token};
use crate::decode::note::{Note, Notes};
use crate::decode::stamp::{Dating, Day, Stamp};
use crate::decode::wire::WireRecord;

/// Whose names principals bear in ZPA's feeds.
pub(crate) const ISSUER: &str = "zpa";

/// Names that were hashed before they were sent: never the same namespace as names.
const OBFUSCATED_ISSUER: &str = "zpa.obfuscated";

/// Before a hash or an opaque number where a name is asked for, so that it is never taken for one.
pub(crate) const OBFUSCATED_PREFIX: &str = "obfuscated:";

/// The whole list of `Username`s by which the edge's own clients are known; all begin alike.
const OWN_CLIENT_PREFIX: &str = "zpa ";

/// Reads one record; what does not fit is noted and counts as not there.
pub(crate) struct Reader<'a, 'r> {
    pub(crate) wire: &'a WireRecord<'r>,
    pub(crate) notes: &'a mut Notes,
    pub(crate) memo: &'a mut Memo,
    pub(crate) arrival: Timestamp,
    /// The day of the stamp that was read last.
    pub(crate) day: Day,
}

impl<'r> Reader<'_, 'r> {
    /// The place of the field that goes to this column; the first of them.
    pub(crate) fn column(&self, column: &'static str) -> Option<usize> {
        self.wire.table().fields.iter().position(|field| field.target == Target::Column(column))
    }

    pub(crate) fn value(&self, token: impl Token) -> Option<&'r str> {
        self.wire.get(token)
    }

    /// A text that other records are likely to have too.
    pub(crate) fn text(&mut self, token: impl Token) -> Option<Arc<str>> {
        self.text_at(token.index())
    }

    pub(crate) fn text_at(&mut self, index: usize) -> Option<Arc<str>> {
        self.wire.at(index).map(|text| self.memo.text(text))
    }

    /// A text that is this record's own.
    pub(crate) fn own_text(&self, token: impl Token) -> Option<Arc<str>> {
        self.wire.get(token).map(Arc::from)
    }

    pub(crate) fn name_of(&self, index: usize) -> &'static str {
        self.wire.table().fields.get(index).map_or("", |field| field.name)
    }

    /// A whole number, quoted or not, with or without a fraction of zeros; never through a double.
    pub(crate) fn number(&mut self, token: impl Token) -> Option<u64> {
        self.number_at(token.index())
    }

    pub(crate) fn number_at(&mut self, index: usize) -> Option<u64> {
        let number = whole_number(self.wire.at(index)?).and_then(|number| u64::try_from(number).ok());
        if number.is_none() {
            self.notes.add(Note::UnreadableNumber(self.name_of(index)));
        }
        number
    }

    /// A port: 0 is none.
    pub(crate) fn port(&mut self, token: impl Token) -> Option<u16> {
        let number = self.number(token)?;
        let port = u16::try_from(number).ok();
        if port.is_none() {
            self.notes.add(Note::UnreadableNumber(self.name_of(token.index())));
        }
        port.filter(|port| *port != 0)
    }

    /// An IP address in canonical form; `0.0.0.0` is none.
    pub(crate) fn address(&mut self, token: impl Token) -> Option<IpAddr> {
        let address: Option<IpAddr> = self.wire.get(token)?.parse().ok();
        if address.is_none() {
            self.notes.add(Note::UnreadableAddress(self.name_of(token.index())));
        }
        address.map(|address| address.to_canonical()).filter(|address| !address.is_unspecified())
    }

    pub(crate) fn stamp(&mut self, token: impl Token) -> Option<Timestamp> {
        self.stamp_at(token.index())
    }

    pub(crate) fn stamp_at(&mut self, index: usize) -> Option<Timestamp> {
        match self.read_stamp(index)? {
            Stamp::At(time) => Some(time),
            _ => None,
        }
    }

    /// The record's own stamp, and whether it is as sent: with a second that does not exist it is only near.
    pub(crate) fn log_time(&mut self, token: impl Token) -> (Option<Timestamp>, bool) {
        match self.read_stamp(token.index()) {
            Some(Stamp::At(time)) => (Some(time), true),
            Some(Stamp::Clamped(time)) => (Some(time), false),
            _ => (None, false),
        }
    }

    fn read_stamp(&mut self, index: usize) -> Option<Stamp> {
        let clock = Dating { arrival: self.arrival, zone_seconds: self.wire.zone_seconds };
        let stamp = Stamp::read_near(self.wire.at(index)?, clock, &mut self.day);
        match stamp {
            Stamp::Unreadable => self.notes.add(Note::UnreadableTime(self.name_of(index))),
            Stamp::Clamped(_) => self.notes.add(Note::ImpossibleSecond(self.name_of(index))),
            Stamp::At(_) | Stamp::Absent => {}
        }
        Some(stamp)
    }

    /// Microseconds: 0 is not measured, and neither is less than that, which a WebSocket has.
    pub(crate) fn duration(&mut self, token: impl Token) -> Option<u64> {
        let index = token.index();
        match whole_number(self.wire.at(index)?) {
            Some(micros) => u64::try_from(micros).ok().filter(|micros| *micros != 0),
            None => {
                self.notes.add(Note::UnreadableNumber(self.name_of(index)));
                None
            }
        }
    }

    /// Who acted: the name, and its pseudonym.
    pub(crate) fn named(&mut self, token: impl Token) -> (Option<Arc<str>>, Option<PrincipalId>) {
        let Some(name) = self.text(token) else { return (None, None) };
        let id = self.principal(&name);
        (Some(self.marked(name)), Some(id))
    }

    /// A text that may have been hashed before it was sent: then it is marked as such.
    pub(crate) fn marked(&mut self, text: Arc<str>) -> Arc<str> {
        if is_obfuscated(&text) { self.memo.text(&format!("{OBFUSCATED_PREFIX}{text}")) } else { text }
    }

    /// The pseudonym of a principal. LSS logs the edge's own connections too; they are kept, as a workload's: nobody's span has their
    /// addresses, and who counts people does not count them.
    pub(crate) fn principal(&mut self, name: &Arc<str>) -> PrincipalId {
        let own = name
            .get(..OWN_CLIENT_PREFIX.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(OWN_CLIENT_PREFIX));
        let kind = if own && !name.contains('@') { PrincipalKind::Workload } else { PrincipalKind::Human };
        let issuer = if is_obfuscated(name) { OBFUSCATED_ISSUER } else { ISSUER };
        self.memo.principal(kind, issuer, name)
    }

    pub(crate) fn level(&self) -> ParseLevel {
        if self.notes.has_repair() { ParseLevel::Repaired } else { ParseLevel::Strict }
    }
}

/// A one-way hash as `%o` renders it: 64 hex digits.
pub(crate) fn is_obfuscated(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|digit| digit.is_ascii_hexdigit())
}

/// `17`, `-5`, `+5`, `17.000000`.
pub(crate) fn whole_number(text: &str) -> Option<i128> {
    /// So many digits always fit.
    const USUAL_DIGITS: usize = 18;
    if (1..=USUAL_DIGITS).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit()) {
        let number = text.bytes().fold(0_u64, |number, digit| number * 10 + u64::from(digit - b'0'));
        return Some(i128::from(number));
    }
    let whole = match text.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => whole,
        _ => text,
    };
    whole.parse().ok()
}
