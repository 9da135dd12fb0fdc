//! What `/metrics` shows of feeds. The only labels are a feed's name and a fixed word, so that the series are bounded.

use fanlight_model::{Feed, Timestamp};
use fanlight_runtime::{MetricFamily, MetricKind, MetricSample, MetricValue};

use super::report::{FeedCondition, FeedReport};

type Labelled = (Option<(&'static str, &'static str)>, f64);

/// The families of all feeds that have come. Where a feed comes in two ways, counts are added up and the worse value is shown.
pub fn families(reports: &[FeedReport], now: Timestamp) -> Vec<MetricFamily> {
    let mut feeds: Vec<Feed> = reports.iter().map(|report| report.feed).collect();
    feeds.dedup();
    let family = |name, help, kind, of: &dyn Fn(&[&FeedReport]) -> Vec<Labelled>| {
        let samples = feeds.iter().flat_map(|feed| {
            let of_feed: Vec<&FeedReport> = reports.iter().filter(|report| report.feed == *feed).collect();
            of(&of_feed).into_iter().map(|(label, value)| MetricSample {
                labels: [("feed", feed.as_str())]
                    .into_iter()
                    .chain(label)
                    .map(|(name, value)| (name, value.to_owned()))
                    .collect(),
                value: MetricValue::Number(value),
            })
        });
        MetricFamily { name, help, kind, samples: samples.collect() }
    };
    let (gauge, counter) = (MetricKind::Gauge, MetricKind::Counter);
    vec![
        family(
            "fanlight_feed_records",
            "Lines of a feed, by how much of them could be read.",
            counter,
            &levels,
        ),
        family("fanlight_feed_duplicates", "Records that had come before.", counter, &|all| {
            vec![(None, sum(all, |report| report.duplicates))]
        }),
        family(
            "fanlight_feed_lateness_seconds",
            "How late the records of the last 15 minutes came.",
            gauge,
            &lateness,
        ),
        family("fanlight_feed_silence_seconds", "How long nothing has come.", gauge, &|all| {
            vec![(None, all.iter().map(|report| number(report.silent_seconds)).fold(f64::INFINITY, f64::min))]
        }),
        family(
            "fanlight_feed_unknown_keys",
            "Different keys that this version does not know.",
            gauge,
            &|all| vec![(None, worst(all, |report| number(report.unknown_keys.len() as u64)))],
        ),
        family(
            "fanlight_feed_missing_fields",
            "Wanted fields that the newest template lacks.",
            gauge,
            &|all| vec![(None, worst(all, |report| number(report.missing.len() as u64)))],
        ),
        family("fanlight_feed_gaps", "Pauses of a feed that used to be regular.", counter, &|all| {
            vec![(None, sum(all, |report| report.gap_count))]
        }),
        family(
            "fanlight_feed_watermark_age_seconds",
            "How far back nearly all records have come.",
            gauge,
            &|all| vec![(None, worst(all, |report| seconds_of_nanos(now.nanos_since(report.watermark))))],
        ),
        family(
            "fanlight_feed_clock_offset_seconds",
            "Below 0 where the sender's clock is ahead.",
            gauge,
            &|all| {
                let offset = all.iter().filter_map(|report| report.clock_offset_ms).min();
                offset.map(|offset| (None, seconds(offset))).into_iter().collect()
            },
        ),
        family("fanlight_feed_connections", "Streams that are open.", gauge, &|all| {
            vec![(None, sum(all, |report| report.connections))]
        }),
        family(
            "fanlight_feed_healthy",
            "1 where a feed comes in time and can be read, else 0.",
            gauge,
            &|all| {
                let healthy = all.iter().all(|report| report.condition == FeedCondition::Flowing);
                vec![(None, f64::from(u8::from(healthy)))]
            },
        ),
    ]
}

fn levels(all: &[&FeedReport]) -> Vec<Labelled> {
    vec![
        (Some(("level", "strict")), sum(all, |report| report.strict)),
        (Some(("level", "repaired")), sum(all, |report| report.repaired)),
        (Some(("level", "raw")), sum(all, |report| report.raw)),
        (Some(("level", "dropped")), sum(all, |report| report.dropped)),
    ]
}

fn lateness(all: &[&FeedReport]) -> Vec<Labelled> {
    let Some(worst) = all.iter().filter_map(|report| report.lateness).max_by_key(|late| late.p99_ms) else {
        return Vec::new();
    };
    vec![
        (Some(("quantile", "0.5")), seconds(worst.p50_ms)),
        (Some(("quantile", "0.99")), seconds(worst.p99_ms)),
        (Some(("quantile", "0.999")), seconds(worst.p999_ms)),
    ]
}

fn sum(all: &[&FeedReport], of: impl Fn(&FeedReport) -> u64) -> f64 {
    number(all.iter().map(|report| of(report)).sum())
}

fn worst(all: &[&FeedReport], of: impl Fn(&FeedReport) -> f64) -> f64 {
    all.iter().map(|report| of(report)).fold(0.0, f64::max)
}

#[expect(clippy::cast_precision_loss, reason = "a metric is a double")]
fn number(count: u64) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "a metric is a double")]
fn seconds(millis: i64) -> f64 {
    millis as f64 / 1e3
}

#[expect(clippy::cast_precision_loss, reason = "a metric is a double")]
fn seconds_of_nanos(nanos: i64) -> f64 {
    nanos as f64 / 1e9
}
