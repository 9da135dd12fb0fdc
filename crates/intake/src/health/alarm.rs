//! What somebody should look at beside the feeds themselves: a feed's settings were changed, or the sender says that it is not well.

use std::collections::VecDeque;
use std::sync::Arc;

use fanlight_model::{ConfigChange, EventUid, Feed, FeedRecord, KeptRecord, OcsfClass, Timestamp};

/// Alarms that are kept: the latest.
const MAX_ALARMS: usize = 32;
/// Letters of its text that are kept.
const MAX_TEXT: usize = 200;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlarmKind {
    /// Somebody made a feed or its receiver.
    FeedCreated,
    /// Somebody changed one: fields, filters or the address may be others now.
    FeedEdited,
    /// Somebody deleted one.
    FeedDeleted,
    /// The NSS itself reports.
    SenderAlert,
}

impl AlarmKind {
    /// The word that JSON uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FeedCreated => "feed_created",
            Self::FeedEdited => "feed_edited",
            Self::FeedDeleted => "feed_deleted",
            Self::SenderAlert => "sender_alert",
        }
    }
}

/// One alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// When it reached us.
    pub arrival: Timestamp,
    /// When it happened, on the sender's clock.
    pub time: Option<Timestamp>,
    /// The feed that told of it. It bears on the feeds of the same product.
    pub feed: Feed,
    /// What happened.
    pub kind: AlarmKind,
    /// Which feed or receiver, or what the sender says. No person is named.
    pub text: String,
    /// The record that says so.
    pub event_uid: EventUid,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Alarms {
    latest: VecDeque<Alarm>,
    total: u64,
}

impl Alarms {
    pub(crate) fn observe(&mut self, record: &FeedRecord) {
        let alarm = match record {
            FeedRecord::ConfigChange(change) => of_change(change),
            FeedRecord::Kept(kept) if kept.header.feed == Feed::ZiaNssAlert => Some(of_sender(kept)),
            _ => None,
        };
        let Some(alarm) = alarm else { return };
        // A record that was sent twice is one alarm.
        if self.latest.iter().any(|known| known.event_uid == alarm.event_uid) {
            return;
        }
        self.total += 1;
        if self.latest.len() == MAX_ALARMS {
            self.latest.pop_front();
        }
        self.latest.push_back(alarm);
    }

    /// The latest last.
    pub(crate) fn latest(&self) -> impl Iterator<Item = &Alarm> {
        self.latest.iter()
    }

    pub(crate) const fn total(&self) -> u64 {
        self.total
    }
}

fn of_change(change: &ConfigChange) -> Option<Alarm> {
    if change.ocsf_class() != OcsfClass::EntityManagement {
        return None;
    }
    let kind = match change.ocsf_activity() {
        1 => AlarmKind::FeedCreated,
        3 => AlarmKind::FeedEdited,
        4 => AlarmKind::FeedDeleted,
        _ => return None,
    };
    let object_type = change.object_type.as_deref()?;
    if !is_of_feeds(object_type) {
        return None;
    }
    let name = change.object_name.as_deref().unwrap_or("without a name");
    Some(Alarm {
        arrival: change.header.arrival_time,
        time: change.change_time.or(change.header.log_time),
        feed: change.header.feed,
        kind,
        text: short(&format!("{object_type}: {name}")),
        event_uid: change.header.event_uid,
    })
}

fn of_sender(kept: &KeptRecord) -> Alarm {
    Alarm {
        arrival: kept.header.arrival_time,
        time: kept.header.log_time,
        feed: kept.header.feed,
        kind: AlarmKind::SenderAlert,
        // An alarm is told before its line is set apart.
        text: kept.header.raw.line().map(|line| short(line)).unwrap_or_default(),
        event_uid: kept.header.event_uid,
    }
}

/// Whether an audited object is a log receiver of ZPA, or a server or feed of NSS: by the words in the name of its type, which the
/// vendor spells in several ways.
fn is_of_feeds(object_type: &str) -> bool {
    let words = words(object_type);
    let has = |word: &str| words.iter().any(|known| known == word);
    ["siem", "lss", "nss", "logreceiver", "logstreaming"].iter().any(|word| has(word))
        || (has("log") && (has("receiver") || has("streaming") || has("feed")))
}

/// The words of a name in snake, kebab or camel case, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_small = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() || (letter.is_uppercase() && after_small) {
            words.push(String::new());
        }
        after_small = letter.is_lowercase();
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            word.extend(letter.to_lowercase());
        }
    }
    words
}

/// The beginning of a text that came from outside, on one line.
fn short(text: &str) -> String {
    let whole = Arc::<str>::from(text.trim());
    let mut short: String =
        whole.chars().take(MAX_TEXT).map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if short.len() < whole.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use fanlight_model::{ParseLevel, RecordHeader};

    use super::*;

    fn header(feed: Feed, number: u8, raw: &str) -> RecordHeader {
        RecordHeader {
            event_uid: EventUid::of_raw_line("zpa", feed.as_str(), number.to_string().as_bytes()),
            feed,
            log_time: None,
            arrival_time: Timestamp::from_seconds(i64::from(number)),
            parse_level: ParseLevel::Strict,
            record_hash: 0,
            raw: raw.into(),
        }
    }

    fn check(operation: &str, object_type: &str, expected: Option<AlarmKind>) {
        let mut change = ConfigChange::empty(header(Feed::ZpaAudit, 1, ""));
        change.operation = Some(operation.into());
        change.object_type = Some(object_type.into());
        change.object_name = Some("to fanlight".into());
        let mut alarms = Alarms::default();
        alarms.observe(&FeedRecord::ConfigChange(change.clone()));
        alarms.observe(&FeedRecord::ConfigChange(change));
        let kinds: Vec<AlarmKind> = alarms.latest().map(|alarm| alarm.kind).collect();
        assert_eq!(kinds, expected.into_iter().collect::<Vec<_>>(), "{operation} {object_type}");
    }

    #[test]
    fn changes_of_feeds_are_alarms_and_others_are_not() {
        check("Create", "Log Receiver", Some(AlarmKind::FeedCreated));
        check("Update", "SIEM_CONFIG", Some(AlarmKind::FeedEdited));
        check("Delete", "lssConfig", Some(AlarmKind::FeedDeleted));
        check("DELETE", "NSS", Some(AlarmKind::FeedDeleted));
        check("UPDATE", "CLOUD_NSS_FEED", Some(AlarmKind::FeedEdited));
        check("Update", "Application Segment", None);
        check("Update", "transmission", None);
        check("Sign In", "NSS", None);
        check("Download", "NSS", None);
    }

    #[test]
    fn what_the_sender_says_is_an_alarm_of_bounded_length() {
        let mut alarms = Alarms::default();
        for number in 0..100 {
            let raw = format!("<13>Dec  1 10:00:00 ZscalerNSS: lost {}\u{1b}", "é".repeat(500));
            let header = header(Feed::ZiaNssAlert, number, &raw);
            alarms.observe(&FeedRecord::Kept(KeptRecord { header, fields: Vec::new(), ocsf_activity: 99 }));
        }
        assert_eq!((alarms.latest().count(), alarms.total()), (MAX_ALARMS, 100));
        assert!(alarms.latest().all(|alarm| alarm.text.chars().count() == MAX_TEXT + 1));
    }
}
