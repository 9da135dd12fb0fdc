//! How the feeds are, from the decoder to the API and to `/metrics`.

use fanlight_api::{
    AlarmAnswer, Counted, FeedAnswer, Feeds, FeedsAnswer, GainAnswer, LatenessAnswer, RungAnswer,
};
use fanlight_intake::frame_kind::Transport;
use fanlight_intake::health::{self, Alarm, FeedReport, Gain, RungReach, SharedHealth, Use};
use fanlight_intake::template;
use fanlight_model::{Feed, Timestamp};
use fanlight_runtime::{Clock, Metrics};

use crate::config::Settings;

/// Feeds that a listener of their own is open for: one that has not come is missed.
pub(super) fn expected(settings: &Settings) -> Vec<Feed> {
    let is_open =
        |(feed, listener): &(Feed, Option<crate::config::Listener>)| listener.as_ref().map(|_| *feed);
    settings.streams.iter().filter_map(is_open).collect()
}

pub(super) fn measure(metrics: &Metrics, health: &SharedHealth, clock: &Clock) {
    let (health, clock) = (health.clone(), clock.clone());
    metrics.collector(move || {
        let now = clock.now();
        let reports = health.lock().reports(&[], now);
        health::families(&reports, now)
    });
}

pub(super) fn answers(health: SharedHealth, expected: Vec<Feed>) -> Feeds {
    Feeds::new(move |now| answer(&health, &expected, now))
}

fn answer(health: &SharedHealth, expected: &[Feed], now: Timestamp) -> FeedsAnswer {
    let (reports, alarms) = {
        let health = health.lock();
        (health.reports(expected, now), health.alarms())
    };
    let coming: Vec<(Feed, Vec<&'static str>)> = reports
        .iter()
        .filter(|report| report.last.is_some())
        .map(|report| (report.feed, report.missing.clone()))
        .collect();
    FeedsAnswer {
        feeds: reports.into_iter().map(feed).collect(),
        rungs: health::rungs(&coming).into_iter().map(rung).collect(),
        alarms: alarms.into_iter().map(alarm).collect(),
    }
}

fn feed(report: FeedReport) -> FeedAnswer {
    let source = report.source.map(|source| match source {
        Transport::Stream => "stream".to_owned(),
        Transport::Pushed => "pushed".to_owned(),
        Transport::Reparsed => "reparsed".to_owned(),
    });
    let has_come = report.last.is_some();
    let possible = if has_come { health::possible(report.feed, &report.missing) } else { Vec::new() };
    FeedAnswer {
        feed: report.feed.as_str().to_owned(),
        product: report.feed.product().as_str().to_owned(),
        source,
        state: report.condition.as_str().to_owned(),
        problems: report.problems,
        levels: [report.strict, report.repaired, report.raw, report.dropped],
        duplicates: report.duplicates,
        reasons: counted(report.reasons),
        repairs: counted(report.repairs),
        oddities: counted(report.oddities),
        unknown_keys: report.unknown_keys.iter().map(|(key, count)| (key.to_string(), *count)).collect(),
        unfilled: counted(report.unfilled),
        dialects: counted(report.dialects),
        dialect: report.dialect.map(str::to_owned),
        missing: report.missing.into_iter().map(str::to_owned).collect(),
        gains: report.gains.into_iter().map(gain).collect(),
        possible: possible.into_iter().map(made_possible).collect(),
        lateness: report.lateness.map(|late| LatenessAnswer {
            records: late.records,
            millis: [late.p50_ms, late.p99_ms, late.p999_ms],
            cap_ms: health::Lateness::CAP_MS,
        }),
        clock_offset_ms: report.clock_offset_ms,
        zone_seconds: report.zone_seconds,
        unordered: report.unordered,
        whole_seconds: report.whole_seconds,
        first_arrival: report.first,
        last_arrival: report.last,
        silent_seconds: report.silent_seconds,
        usual_seconds: report.usual_seconds,
        gaps: report.gaps.iter().map(|gap| (gap.start, gap.end)).collect(),
        gap_count: report.gap_count,
        watermark: report.watermark,
        delay_ms: report.delay_ms,
        delay_is_learned: report.delay_is_learned,
        connections: report.connections,
        command: template(report.feed).map(|_| format!("fanlight config template {}", report.feed)),
    }
}

fn counted(counts: Vec<(&'static str, u64)>) -> Vec<Counted> {
    counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
}

fn gain(gain: Gain) -> GainAnswer {
    let Gain { gives, fields, words } = gain;
    GainAnswer { kind: gives.kind(), name: gives.name(), fields, words }
}

fn made_possible(one: &'static Use) -> GainAnswer {
    GainAnswer { kind: one.gives.kind(), name: one.gives.name(), fields: Vec::new(), words: one.words }
}

fn rung(reach: RungReach) -> RungAnswer {
    let name = |feed: Feed| feed.as_str().to_owned();
    RungAnswer {
        rung: reach.rung,
        words: reach.words,
        by: reach.by.into_iter().map(name).collect(),
        lacking: reach.lacking.into_iter().map(|(feed, fields)| (name(feed), fields)).collect(),
    }
}

fn alarm(alarm: Alarm) -> AlarmAnswer {
    AlarmAnswer {
        time: alarm.time,
        arrival_time: alarm.arrival,
        feed: alarm.feed.as_str().to_owned(),
        kind: alarm.kind.as_str(),
        text: alarm.text,
    }
}
