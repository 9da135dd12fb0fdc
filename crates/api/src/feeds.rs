//! `GET /api/v1/feeds`: what is connected, how each feed is, and what it could give more.

use std::fmt;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use fanlight_model::Timestamp;
use serde_json::{Value, json};

use crate::state::Shared;

/// What the route answers.
#[derive(Clone, Debug, Default)]
pub struct FeedsAnswer {
    /// Each feed that has come, once for each way that it comes, and each that is listened for and has not come.
    pub feeds: Vec<FeedAnswer>,
    /// Each rung of the join, the surest first.
    pub rungs: Vec<RungAnswer>,
    /// The latest alarms, the latest last.
    pub alarms: Vec<AlarmAnswer>,
}

/// A name and how often it came.
pub type Counted = (String, u64);

/// One feed as it comes one way.
#[derive(Clone, Debug, Default)]
pub struct FeedAnswer {
    /// Its name.
    pub feed: String,
    /// The product that writes it.
    pub product: String,
    /// `stream` or `pushed`; `None` for one that has not come.
    pub source: Option<String>,
    /// `never`, `flowing`, `silent`, `late` or `degraded`.
    pub state: String,
    /// What is wrong with it, in sentences.
    pub problems: Vec<String>,
    /// Lines, by how much could be read: strict, repaired, raw, and those too long to keep.
    pub levels: [u64; 4],
    /// Records that had come before.
    pub duplicates: u64,
    /// Why lines were kept raw or dropped.
    pub reasons: Vec<Counted>,
    /// What was mended.
    pub repairs: Vec<Counted>,
    /// What was unusual and nothing to mend.
    pub oddities: Vec<Counted>,
    /// Keys that this version does not know.
    pub unknown_keys: Vec<Counted>,
    /// Keys whose token the sender does not know.
    pub unfilled: Vec<Counted>,
    /// Templates that were met.
    pub dialects: Vec<Counted>,
    /// The newest of them.
    pub dialect: Option<String>,
    /// Wanted fields that the newest template lacks.
    pub missing: Vec<String>,
    /// What they would give.
    pub gains: Vec<GainAnswer>,
    /// What the feed makes possible as it is.
    pub possible: Vec<GainAnswer>,
    /// Records that the delays are of, and the delays of half, 99 of 100 and 999 of 1000 of them in milliseconds.
    pub lateness: Option<LatenessAnswer>,
    /// Below 0 where the sender's clock is ahead.
    pub clock_offset_ms: Option<i64>,
    /// Seconds by which its stamps seem to be in another zone than UTC.
    pub zone_seconds: Option<i64>,
    /// Share of records whose stamp is before one that had come already.
    pub unordered: f64,
    /// Whether every stamp was of whole seconds.
    pub whole_seconds: bool,
    /// The first arrival.
    pub first_arrival: Option<Timestamp>,
    /// The last one.
    pub last_arrival: Option<Timestamp>,
    /// Seconds since then.
    pub silent_seconds: u64,
    /// Its usual pause.
    pub usual_seconds: Option<u64>,
    /// Pauses: from when, and until when unless it lasts.
    pub gaps: Vec<(Timestamp, Option<Timestamp>)>,
    /// How many there were.
    pub gap_count: u64,
    /// Up to when nearly all records have come.
    pub watermark: Timestamp,
    /// How long is waited for a record.
    pub delay_ms: i64,
    /// Whether that was learned.
    pub delay_is_learned: bool,
    /// Streams that are open.
    pub connections: u64,
    /// The command that prints the recommended template.
    pub command: Option<String>,
}

/// What some fields make possible.
#[derive(Clone, Debug)]
pub struct GainAnswer {
    /// `rung`, `segment` or `answer`.
    pub kind: &'static str,
    /// Which.
    pub name: &'static str,
    /// The fields that are needed and missing.
    pub fields: Vec<&'static str>,
    /// In a few words.
    pub words: &'static str,
}

/// Whether a rung can be reached.
#[derive(Clone, Debug)]
pub struct RungAnswer {
    /// Which.
    pub rung: &'static str,
    /// What it is.
    pub words: &'static str,
    /// Feeds that make it possible.
    pub by: Vec<String>,
    /// Feeds that could, with the fields that each lacks; none where the feed does not come.
    pub lacking: Vec<(String, Vec<&'static str>)>,
}

/// One alarm.
#[derive(Clone, Debug)]
pub struct AlarmAnswer {
    /// When it happened.
    pub time: Option<Timestamp>,
    /// When it reached us.
    pub arrival_time: Timestamp,
    /// The feed that told of it.
    pub feed: String,
    /// What happened.
    pub kind: &'static str,
    /// Of what.
    pub text: String,
}

type Ask = Arc<dyn Fn(Timestamp) -> FeedsAnswer + Send + Sync>;

/// Whom the route asks; clones share it.
#[derive(Clone)]
pub struct Feeds(Ask);

impl Feeds {
    /// `ask` is called for each request with the time; it must be quick, and must not wait.
    pub fn new(ask: impl Fn(Timestamp) -> FeedsAnswer + Send + Sync + 'static) -> Self {
        Self(Arc::new(ask))
    }
}

impl Default for Feeds {
    fn default() -> Self {
        Self::new(|_| FeedsAnswer::default())
    }
}

impl fmt::Debug for Feeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Feeds")
    }
}

pub(crate) async fn get(State(shared): State<Shared>) -> impl IntoResponse {
    let now = shared.api.clock.now();
    Json(to_json(&(shared.api.feeds.0)(now), now))
}

/// How long records take from their stamps to their arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LatenessAnswer {
    /// Of so many.
    pub records: u64,
    /// Half, 99 % and 99.9 % of them were not later, in milliseconds.
    pub millis: [i64; 3],
    /// One of these is this large where it is that or more: nothing beyond it is counted.
    pub cap_ms: i64,
}

fn to_json(answer: &FeedsAnswer, now: Timestamp) -> Value {
    json!({
        "time": now.to_rfc3339(),
        "feeds": answer.feeds.iter().map(FeedAnswer::to_json).collect::<Vec<_>>(),
        "rungs": answer.rungs.iter().map(RungAnswer::to_json).collect::<Vec<_>>(),
        "alarms": answer.alarms.iter().map(AlarmAnswer::to_json).collect::<Vec<_>>(),
    })
}

impl FeedAnswer {
    fn to_json(&self) -> Value {
        let [strict, repaired, raw, dropped] = self.levels.map(|count| count.to_string());
        let time = |time: Option<Timestamp>| time.map(Timestamp::to_rfc3339);
        let gap = |(start, end): &(Timestamp, Option<Timestamp>)| json!({ "start": start.to_rfc3339(), "end": time(*end) });
        let lateness = self.lateness.map(|late| {
            let LatenessAnswer { records, millis: [p50, p99, p999], cap_ms } = late;
            json!({ "records": records.to_string(), "p50_ms": p50, "p99_ms": p99, "p999_ms": p999, "cap_ms": cap_ms })
        });
        let mut feed = json!({
            "feed": self.feed,
            "product": self.product,
            "source": self.source,
            "state": self.state,
            "problems": self.problems,
            "lines": { "strict": strict, "repaired": repaired, "raw": raw, "dropped": dropped },
            "duplicates": self.duplicates.to_string(),
            "reasons": counted(&self.reasons),
            "repairs": counted(&self.repairs),
            "oddities": counted(&self.oddities),
            "unknown_keys": counted(&self.unknown_keys),
            "unfilled": counted(&self.unfilled),
            "dialects": counted(&self.dialects),
            "dialect": self.dialect,
            "missing": self.missing,
            "gains": self.gains.iter().map(GainAnswer::to_json).collect::<Vec<_>>(),
            "possible": self.possible.iter().map(GainAnswer::to_json).collect::<Vec<_>>(),
        });
        let times = json!({
            "lateness": lateness,
            "clock_offset_ms": self.clock_offset_ms,
            "zone_seconds": self.zone_seconds,
            "unordered": self.unordered,
            "whole_seconds": self.whole_seconds,
            "first_arrival": time(self.first_arrival),
            "last_arrival": time(self.last_arrival),
            "silent_seconds": self.silent_seconds,
            "usual_seconds": self.usual_seconds,
            "gaps": self.gaps.iter().map(gap).collect::<Vec<_>>(),
            "gap_count": self.gap_count.to_string(),
            "watermark": self.watermark.to_rfc3339(),
            "delay_ms": self.delay_ms,
            "delay_is_learned": self.delay_is_learned,
            "connections": self.connections,
            "command": self.command,
        });
        if let (Value::Object(feed), Value::Object(times)) = (&mut feed, times) {
            feed.extend(times);
        }
        feed
    }
}

impl GainAnswer {
    fn to_json(&self) -> Value {
        json!({ "kind": self.kind, "name": self.name, "fields": self.fields, "words": self.words })
    }
}

impl RungAnswer {
    fn to_json(&self) -> Value {
        let lacking =
            |(feed, fields): &(String, Vec<&'static str>)| json!({ "feed": feed, "fields": fields });
        json!({
            "rung": self.rung,
            "words": self.words,
            "by": self.by,
            "lacking": self.lacking.iter().map(lacking).collect::<Vec<_>>(),
        })
    }
}

impl AlarmAnswer {
    fn to_json(&self) -> Value {
        json!({
            "time": self.time.map(Timestamp::to_rfc3339),
            "arrival_time": self.arrival_time.to_rfc3339(),
            "feed": self.feed,
            "kind": self.kind,
            "text": self.text,
        })
    }
}

fn counted(counts: &[Counted]) -> Vec<Value> {
    counts.iter().map(|(name, count)| json!({ "name": name, "count": count.to_string() })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the route says of a feed has exactly the fields of the description.
    #[test]
    fn answer_and_description_have_the_same_fields() {
        let description: Value = serde_json::from_str(crate::router::OPENAPI).expect("JSON");
        let gain = GainAnswer { kind: "rung", name: "R2", fields: vec!["ConnectorPort"], words: "exact" };
        let feed = FeedAnswer { gains: vec![gain], ..FeedAnswer::default() };
        let rung = RungAnswer { rung: "R2", words: "exact", by: vec![], lacking: vec![] };
        let alarm = AlarmAnswer {
            time: None,
            arrival_time: Timestamp::default(),
            feed: "zpa_audit".to_owned(),
            kind: "feed_deleted",
            text: "Log Receiver".to_owned(),
        };
        let answer = to_json(
            &FeedsAnswer { feeds: vec![feed], rungs: vec![rung], alarms: vec![alarm] },
            Timestamp::default(),
        );
        let check = |schema: &str, value: &Value| {
            let keys = |value: &Value| -> Vec<String> {
                value
                    .as_object()
                    .expect("an object")
                    .keys()
                    .cloned()
                    .collect::<std::collections::BTreeSet<_>>()
                    .into_iter()
                    .collect()
            };
            assert_eq!(
                keys(value),
                keys(&description["components"]["schemas"][schema]["properties"]),
                "{schema}"
            );
        };
        check("FeedsAnswer", &answer);
        check("Feed", &answer["feeds"][0]);
        check("FeedGain", &answer["feeds"][0]["gains"][0]);
        check("FeedRung", &answer["rungs"][0]);
        check("FeedAlarm", &answer["alarms"][0]);
    }
}
