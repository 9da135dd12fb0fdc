//! Families as text, in the two forms that scrapers read.

use std::fmt::{self, Write as _};

use fanlight_runtime::{MetricBucket, MetricFamily, MetricKind, MetricSample, MetricValue};
use http::{HeaderMap, header};

/// Which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// OpenMetrics 1.0, with exemplars.
    OpenMetrics,
    /// Prometheus's text, version 0.0.4.
    Prometheus,
}

impl Format {
    /// The form that the caller weighs highest; Prometheus's own where it says nothing of either.
    pub(super) fn accepted_by(headers: &HeaderMap) -> Self {
        let accepted = headers.get_all(header::ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
        let (mut open, mut plain) = (0.0_f32, 0.0_f32);
        for one in accepted.flat_map(|value| value.split(',')) {
            let mut parts = one.split(';').map(str::trim);
            let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
            match kind.as_str() {
                "application/openmetrics-text" => open = open.max(weight),
                "text/plain" | "text/*" | "*/*" => plain = plain.max(weight),
                _ => {}
            }
        }
        if open > 0.0 && open >= plain { Self::OpenMetrics } else { Self::Prometheus }
    }

    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

pub(super) fn write(families: &[MetricFamily], format: Format) -> String {
    let mut text = String::new();
    // Writing to a text cannot fail; the result is there for other writers.
    if all(&mut text, families, format).is_err() {
        text.clear();
    }
    text
}

fn all(text: &mut String, families: &[MetricFamily], format: Format) -> fmt::Result {
    for family in families {
        let MetricFamily { name, help, kind, samples } = family;
        let (word, suffix) = match kind {
            MetricKind::Gauge => ("gauge", ""),
            MetricKind::Counter => ("counter", "_total"),
            MetricKind::Histogram => ("histogram", ""),
        };
        // The older form calls a counter by the name of its samples.
        let of_family = if format == Format::Prometheus { suffix } else { "" };
        writeln!(text, "# HELP {name}{of_family} {help}")?;
        writeln!(text, "# TYPE {name}{of_family} {word}")?;
        for MetricSample { labels, value } in samples {
            match value {
                MetricValue::Number(number) => {
                    let labels = Labels { pairs: labels, bound: None };
                    writeln!(text, "{name}{suffix}{labels} {}", Number(*number))?;
                }
                MetricValue::Buckets { buckets, sum } => {
                    histogram(text, name, labels, buckets, *sum, format)?
                }
            }
        }
    }
    if format == Format::OpenMetrics { writeln!(text, "# EOF") } else { Ok(()) }
}

fn histogram(
    text: &mut String,
    name: &str,
    pairs: &[(&'static str, String)],
    buckets: &[MetricBucket],
    sum: f64,
    format: Format,
) -> fmt::Result {
    let mut count = 0_u64;
    for bucket in buckets {
        count = count.saturating_add(bucket.count);
        let labels = Labels { pairs, bound: Some(bucket.bound) };
        write!(text, "{name}_bucket{labels} {count}")?;
        if let Some((trace_id, value)) = bucket.exemplar.filter(|_| format == Format::OpenMetrics) {
            write!(text, " # {{trace_id=\"{trace_id}\"}} {}", Number(value))?;
        }
        text.push('\n');
    }
    let labels = Labels { pairs, bound: None };
    writeln!(text, "{name}_sum{labels} {}", Number(sum))?;
    writeln!(text, "{name}_count{labels} {count}")
}

struct Number(f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            f64::INFINITY => f.write_str("+Inf"),
            f64::NEG_INFINITY => f.write_str("-Inf"),
            number => write!(f, "{number}"),
        }
    }
}

struct Labels<'a> {
    pairs: &'a [(&'static str, String)],
    bound: Option<f64>,
}

impl fmt::Display for Labels<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pairs.is_empty() && self.bound.is_none() {
            return Ok(());
        }
        let bound = self.bound.map(|bound| match bound {
            f64::INFINITY => "+Inf".to_owned(),
            // OpenMetrics wants a bound to look like a double.
            bound => format!("{bound:?}"),
        });
        let pairs = self.pairs.iter().map(|(name, value)| (*name, value.as_str()));
        f.write_char('{')?;
        for (place, (name, value)) in pairs.chain(bound.as_deref().map(|bound| ("le", bound))).enumerate() {
            if place > 0 {
                f.write_char(',')?;
            }
            write!(f, "{name}=\"{}\"", escaped(value))?;
        }
        f.write_char('}')
    }
}

/// A label's value: backslash, quote and line feed are escaped.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use fanlight_model::TraceId;
    use fanlight_runtime::Metrics;
    use http::HeaderValue;

    use super::*;

    fn metrics() -> Vec<MetricFamily> {
        let metrics = Metrics::default();
        metrics.counter("x_records", "Records.", &[("reason", "a \"target\"\n")], || 7.0);
        metrics.gauge("x_queue_size", "Waiting.", &[], || 2.5);
        let histogram = metrics.histogram("x_seconds", "Time.", &["route"], &[0.5, 1.0]);
        histogram.observe(&["/a"], 0.25, Some(TraceId([1; 16])));
        histogram.observe(&["/a"], 3.0, None);
        metrics.families()
    }

    #[test]
    fn openmetrics_has_exemplars_and_an_end() {
        let expected = "\
# HELP x_records Records.
# TYPE x_records counter
x_records_total{reason=\"a \\\"target\\\"\\n\"} 7
# HELP x_queue_size Waiting.
# TYPE x_queue_size gauge
x_queue_size 2.5
# HELP x_seconds Time.
# TYPE x_seconds histogram
x_seconds_bucket{route=\"/a\",le=\"0.5\"} 1 # {trace_id=\"01010101010101010101010101010101\"} 0.25
x_seconds_bucket{route=\"/a\",le=\"1.0\"} 1
x_seconds_bucket{route=\"/a\",le=\"+Inf\"} 2
x_seconds_sum{route=\"/a\"} 3.25
x_seconds_count{route=\"/a\"} 2
# EOF
";
        assert_eq!(write(&metrics(), Format::OpenMetrics), expected);
    }

    #[test]
    fn prometheus_has_neither_and_names_a_counter_whole() {
        let text = write(&metrics(), Format::Prometheus);
        assert!(text.contains("# TYPE x_records_total counter\nx_records_total{"), "{text}");
        assert!(!text.contains("trace_id") && !text.contains("EOF"), "{text}");
    }

    #[test]
    fn the_form_is_what_the_scraper_asks_for() {
        let check = |accept: Option<&'static str>, expected| {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            }
            assert_eq!(Format::accepted_by(&headers), expected, "{accept:?}");
        };
        check(None, Format::Prometheus);
        check(Some("*/*"), Format::Prometheus);
        check(Some("text/plain"), Format::Prometheus);
        check(
            Some("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
            Format::OpenMetrics,
        );
        check(Some("application/openmetrics-text;q=0.4, text/plain;q=0.6"), Format::Prometheus);
        check(Some("application/openmetrics-text;q=0"), Format::Prometheus);
    }
}
