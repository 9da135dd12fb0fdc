//! What is measured of the process beside the ledger of records: gauges that are read when asked for, and histograms.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fanlight_model::TraceId;

/// Series of one histogram, and of one family of gauges; what comes beyond shares one series, called [`OVERFLOW`].
const MAX_SERIES: usize = 200;
/// The value of every label of the series that takes what is beyond the bound.
const OVERFLOW: &str = "overflow";

/// From half a millisecond to ten seconds: what a sync of a disk, an acknowledgement or a request takes.
pub const SECONDS: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The registry; clones share it. Names are the program's own, and labels fixed words or configured names: no sender can add
/// a family, and a family is bounded all the same.
#[derive(Clone, Default)]
pub struct Metrics {
    shared: Arc<Mutex<Registry>>,
}

#[derive(Default)]
struct Registry {
    readings: Vec<Reading>,
    collectors: Vec<Collect>,
    histograms: Vec<Histogram>,
}

type Read = Arc<dyn Fn() -> f64 + Send + Sync>;
type Collect = Arc<dyn Fn() -> Vec<MetricFamily> + Send + Sync>;

#[derive(Clone)]
struct Reading {
    name: &'static str,
    help: &'static str,
    kind: MetricKind,
    labels: Vec<(&'static str, String)>,
    read: Read,
}

/// What a family's samples mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Goes up and down.
    Gauge,
    /// Only goes up; its name has no `_total`, which is for whoever writes it down.
    Counter,
    /// Counts by size.
    Histogram,
}

/// Samples of one name, read at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricFamily {
    /// Its name, in base units.
    pub name: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// What the samples mean.
    pub kind: MetricKind,
    /// One a set of labels.
    pub samples: Vec<MetricSample>,
}

/// One series at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricSample {
    /// Names and values.
    pub labels: Vec<(&'static str, String)>,
    /// What was read.
    pub value: MetricValue,
}

/// A number, or the counts of a histogram.
#[derive(Clone, Debug, PartialEq)]
pub enum MetricValue {
    /// Of a gauge or a counter.
    Number(f64),
    /// Of a histogram.
    Buckets {
        /// Each with how many values were up to its bound and above the one before it; the last bound is infinite.
        buckets: Vec<MetricBucket>,
        /// Of all values.
        sum: f64,
    },
}

/// One bucket of a histogram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MetricBucket {
    /// Its upper bound, included.
    pub bound: f64,
    /// Values that fell into it and no lower one.
    pub count: u64,
    /// A trace whose value fell into it, and the value: the latest.
    pub exemplar: Option<(TraceId, f64)>,
}

impl Metrics {
    /// Adds a gauge, which is read by calling `read`: that must be quick, and must not wait.
    pub fn gauge(
        &self,
        name: &'static str,
        help: &'static str,
        labels: &[(&'static str, &str)],
        read: impl Fn() -> f64 + Send + Sync + 'static,
    ) {
        self.add(name, help, MetricKind::Gauge, labels, Arc::new(read));
    }

    /// Adds a counter that is kept elsewhere and read likewise.
    pub fn counter(
        &self,
        name: &'static str,
        help: &'static str,
        labels: &[(&'static str, &str)],
        read: impl Fn() -> f64 + Send + Sync + 'static,
    ) {
        self.add(name, help, MetricKind::Counter, labels, Arc::new(read));
    }

    /// Adds families that are drawn up when asked for, all at one moment: for what has series that are not known from the start. A
    /// family beyond the bound of series loses its last ones.
    pub fn collector(&self, collect: impl Fn() -> Vec<MetricFamily> + Send + Sync + 'static) {
        self.registry().collectors.push(Arc::new(collect));
    }

    /// Adds a histogram; of one name there is one, however often it is asked for.
    pub fn histogram(
        &self,
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
        bounds: &'static [f64],
    ) -> Histogram {
        let mut registry = self.registry();
        if let Some(known) = registry.histograms.iter().find(|known| known.shared.name == name) {
            return known.clone();
        }
        let shared = Shared { name, help, labels, bounds, series: Mutex::default() };
        let histogram = Histogram { shared: Arc::new(shared) };
        registry.histograms.push(histogram.clone());
        histogram
    }

    /// All families: gauges and counters in the order in which they were added, what collectors draw up, then histograms.
    pub fn families(&self) -> Vec<MetricFamily> {
        let (readings, collectors, histograms) = {
            let registry = self.registry();
            (registry.readings.clone(), registry.collectors.clone(), registry.histograms.clone())
        };
        let mut families: Vec<MetricFamily> = Vec::new();
        for Reading { name, help, kind, labels, read } in readings {
            let sample = MetricSample { labels, value: MetricValue::Number(read()) };
            match families.iter_mut().find(|family| family.name == name) {
                Some(family) => family.samples.push(sample),
                None => families.push(MetricFamily { name, help, kind, samples: vec![sample] }),
            }
        }
        for collect in collectors {
            families.extend(collect().into_iter().map(|mut family| {
                family.samples.truncate(MAX_SERIES);
                family
            }));
        }
        families.extend(histograms.iter().map(Histogram::family));
        families
    }

    fn add(
        &self,
        name: &'static str,
        help: &'static str,
        kind: MetricKind,
        labels: &[(&'static str, &str)],
        read: Read,
    ) {
        let labels = labels.iter().map(|(label, value)| (*label, (*value).to_owned())).collect();
        let mut registry = self.registry();
        let of_name = registry.readings.iter().filter(|known| known.name == name).count();
        // A series that is added again replaces itself, as after a reload.
        let known = registry.readings.iter_mut().find(|known| known.name == name && known.labels == labels);
        let reading = Reading { name, help, kind, labels, read };
        match known {
            Some(known) => *known = reading,
            None if of_name < MAX_SERIES => registry.readings.push(reading),
            None => {
                tracing::warn!(name: "runtime.metrics.full", metric = name, "a series is left out: there are too many of its name")
            }
        }
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

/// Counts values by their size; clones share the counts.
#[derive(Clone, Debug)]
pub struct Histogram {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    name: &'static str,
    help: &'static str,
    labels: &'static [&'static str],
    bounds: &'static [f64],
    series: Mutex<BTreeMap<Vec<String>, Series>>,
}

#[derive(Clone, Debug)]
struct Series {
    /// One more than there are bounds.
    counts: Vec<(u64, Option<(TraceId, f64)>)>,
    sum: f64,
}

impl Histogram {
    /// Counts a value. `labels` are as many as the histogram has, each a fixed word or a configured name; `trace_id` leads whoever
    /// looks at the bucket to an example.
    pub fn observe(&self, labels: &[&str], value: f64, trace_id: Option<TraceId>) {
        let mut series = self.shared.series.lock().unwrap_or_else(PoisonError::into_inner);
        let full = series.len() >= MAX_SERIES;
        let mut key: Vec<String> = labels.iter().map(|value| (*value).to_owned()).collect();
        if full && !series.contains_key(&key) {
            key = vec![OVERFLOW.to_owned(); self.shared.labels.len()];
        }
        let size = self.shared.bounds.len() + 1;
        let one = series.entry(key).or_insert_with(|| Series { counts: vec![(0, None); size], sum: 0.0 });
        one.sum += value;
        let place = self.shared.bounds.iter().position(|bound| value <= *bound).unwrap_or(size - 1);
        if let Some((count, exemplar)) = one.counts.get_mut(place) {
            *count = count.saturating_add(1);
            if let Some(trace_id) = trace_id.filter(|trace_id| !trace_id.is_zero()) {
                *exemplar = Some((trace_id, value));
            }
        }
    }

    /// Counts a time in seconds.
    pub fn observe_duration(&self, labels: &[&str], duration: Duration, trace_id: Option<TraceId>) {
        self.observe(labels, duration.as_secs_f64(), trace_id);
    }

    fn family(&self) -> MetricFamily {
        let Shared { name, help, labels, bounds, series } = &*self.shared;
        let series = series.lock().unwrap_or_else(PoisonError::into_inner);
        let samples = series.iter().map(|(values, Series { counts, sum })| {
            let bounds = bounds.iter().copied().chain([f64::INFINITY]);
            let buckets = bounds.zip(counts);
            let bucket = |(bound, (count, exemplar)): (f64, &(u64, _))| MetricBucket {
                bound,
                count: *count,
                exemplar: *exemplar,
            };
            MetricSample {
                labels: labels.iter().copied().zip(values.iter().cloned()).collect(),
                value: MetricValue::Buckets { buckets: buckets.map(bucket).collect(), sum: *sum },
            }
        });
        MetricFamily { name, help, kind: MetricKind::Histogram, samples: samples.collect() }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    fn buckets(family: &MetricFamily, sample: usize) -> Vec<(f64, u64, Option<f64>)> {
        match &family.samples[sample].value {
            MetricValue::Buckets { buckets, .. } => buckets
                .iter()
                .map(|bucket| (bucket.bound, bucket.count, bucket.exemplar.map(|(_, value)| value)))
                .collect(),
            MetricValue::Number(_) => panic!("a histogram has buckets"),
        }
    }

    #[test]
    fn a_value_falls_into_the_bucket_of_its_bound_and_leaves_its_trace() {
        let metrics = Metrics::default();
        let histogram = metrics.histogram("x_seconds", "Help.", &["route"], &[0.1, 1.0]);
        histogram.observe(&["/a"], 0.1, Some(TraceId([1; 16])));
        histogram.observe(&["/a"], 0.2, None);
        histogram.observe(&["/a"], 7.0, Some(TraceId::default()));
        let families = metrics.families();
        let expected = [(0.1, 1, Some(0.1)), (1.0, 1, None), (f64::INFINITY, 1, None)];
        assert_eq!(buckets(&families[0], 0), expected);
        assert_eq!(families[0].samples[0].labels, [("route", "/a".to_owned())]);
    }

    /// Labels that never repeat end in one series and lose no count.
    #[test]
    fn a_histogram_is_bounded() {
        let metrics = Metrics::default();
        let histogram = metrics.histogram("x_seconds", "Help.", &["route"], &[1.0]);
        for route in 0..MAX_SERIES + 50 {
            histogram.observe(&[&route.to_string()], 0.5, None);
        }
        let family = &metrics.families()[0];
        assert_eq!(family.samples.len(), MAX_SERIES + 1);
        let overflow = family.samples.iter().position(|sample| sample.labels[0].1 == OVERFLOW);
        assert_eq!(buckets(family, overflow.expect("a series for the rest"))[0], (1.0, 50, None));
    }

    #[test]
    fn a_gauge_is_read_when_asked_for_and_replaces_itself() {
        let (metrics, depth) = (Metrics::default(), Arc::new(AtomicU64::new(3)));
        let read = Arc::clone(&depth);
        metrics.gauge("queue_size", "Help.", &[("queue", "log")], move || {
            f64::from(u32::try_from(read.load(Ordering::Relaxed)).unwrap_or(u32::MAX))
        });
        depth.store(5, Ordering::Relaxed);
        let read = |metrics: &Metrics| metrics.families()[0].samples[0].value.clone();
        assert_eq!(read(&metrics), MetricValue::Number(5.0));
        metrics.gauge("queue_size", "Help.", &[("queue", "log")], || 8.0);
        assert_eq!(read(&metrics), MetricValue::Number(8.0));
        metrics.gauge("queue_size", "Help.", &[("queue", "pipeline")], || 1.0);
        assert_eq!(metrics.families()[0].samples.len(), 2);
    }

    #[test]
    fn what_a_collector_draws_up_is_bounded() {
        let metrics = Metrics::default();
        metrics.collector(|| {
            let sample = |feed: usize| MetricSample {
                labels: vec![("feed", feed.to_string())],
                value: MetricValue::Number(1.0),
            };
            let samples = (0..MAX_SERIES + 50).map(sample).collect();
            vec![MetricFamily { name: "x", help: "Help.", kind: MetricKind::Gauge, samples }]
        });
        let families = metrics.families();
        assert_eq!((families.len(), families[0].samples.len()), (1, MAX_SERIES));
    }
}
