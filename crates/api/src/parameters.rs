//! The parameters of a request's query, each known, once, and named when it is wrong.

use std::time::Duration;

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use fanlight_model::Timestamp;
use fanlight_store::TimeRange;
use http::StatusCode;

use crate::Problem;

/// Numbers below this are no nanoseconds of our century: somebody counts in seconds or milliseconds.
const LEAST_NANOS: i64 = 1_000_000_000_000_000;

/// Names and values as they came.
pub(crate) type Given = Result<Query<Vec<(String, String)>>, QueryRejection>;

/// The parameters of one request.
pub(crate) struct Parameters {
    pairs: Vec<(String, String)>,
}

impl Parameters {
    /// Takes what was given, all of it `known`.
    pub(crate) fn of(given: Given, known: &'static [&'static str]) -> Result<Self, Problem> {
        let Ok(Query(pairs)) = given else {
            return Err(wrong(
                "",
                "the query of the request's URL cannot be read".to_owned(),
                "encode it as a form is".to_owned(),
            ));
        };
        for (place, (name, _)) in pairs.iter().enumerate() {
            let list = || known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            if !known.contains(&name.as_str()) {
                return Err(wrong(
                    name,
                    format!("there is no parameter `{name}` here"),
                    format!("known here: {}", list()),
                ));
            }
            if pairs.iter().take(place).any(|(earlier, _)| earlier == name) {
                return Err(wrong(name, format!("`{name}` is given twice"), "give it once".to_owned()));
            }
        }
        Ok(Self { pairs })
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// One of these words, which has to be there.
    pub(crate) fn word<T: Copy>(&self, name: &'static str, words: &[(&str, T)]) -> Result<T, Problem> {
        let list = words.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        let hint = format!("`{name}` is one of {list}");
        let Some(text) = self.text(name) else {
            return Err(wrong(name, format!("`{name}` is missing"), hint));
        };
        let known = words.iter().find(|(word, _)| *word == text);
        known.map(|(_, value)| *value).ok_or_else(|| wrong(name, format!("`{name}` is `{text}`"), hint))
    }

    /// A whole number from 1 to `most`.
    pub(crate) fn count(&self, name: &'static str, default: usize, most: usize) -> Result<usize, Problem> {
        let Some(text) = self.text(name) else { return Ok(default) };
        match text.parse() {
            Ok(number) if (1..=most).contains(&number) => Ok(number),
            _ => Err(wrong(
                name,
                format!("`{name}` is `{text}`"),
                format!("`{name}` is a whole number from 1 to {most}"),
            )),
        }
    }

    /// `start` and `end`; without them the time up to now.
    pub(crate) fn range(&self, now: Timestamp, usual: Duration) -> Result<TimeRange, Problem> {
        let end = self.time("end")?.unwrap_or(now);
        let start = self.time("start")?.unwrap_or_else(|| end.before(usual));
        if start > end {
            let detail = format!("`start` ({start}) is later than `end` ({end})");
            return Err(wrong(
                "start",
                detail,
                "a range goes from its earlier end to its later one".to_owned(),
            ));
        }
        Ok(TimeRange { start, end })
    }

    fn time(&self, name: &'static str) -> Result<Option<Timestamp>, Problem> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let time = match text.parse::<i64>() {
            Ok(nanos) => (nanos >= LEAST_NANOS).then_some(Timestamp::from_nanos(nanos)),
            // A plus that was not encoded arrives as a space: `07:00:00+01:00`.
            Err(_) => Timestamp::parse_rfc3339(&text.replace(' ', "+")).ok(),
        };
        let hint = || format!("write `{name}` like `2026-11-22T07:00:00Z`, or as nanoseconds since 1970");
        time.map(Some).ok_or_else(|| wrong(name, format!("`{name}` is `{text}`, which is no time"), hint()))
    }
}

fn wrong(parameter: &str, detail: String, hint: String) -> Problem {
    let title = "a parameter is wrong";
    Problem::new(StatusCode::BAD_REQUEST, "parameter_invalid", title, detail, hint)
        .with("parameter", parameter)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_330_800);

    fn parameters(pairs: &[(&str, &str)]) -> Parameters {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Parameters::of(Ok(Query(pairs)), &["start", "end", "limit"])
            .unwrap_or_else(|problem| panic!("{problem:?}"))
    }

    fn check(pairs: &[(&str, &str)], expected: Option<(Timestamp, Timestamp)>) {
        let range = parameters(pairs).range(NOW, Duration::from_secs(3_600)).ok();
        assert_eq!(range, expected.map(|(start, end)| TimeRange { start, end }), "{pairs:?}");
    }

    #[test]
    fn times_are_rfc_3339_or_nanoseconds() {
        let hour = Duration::from_secs(3_600);
        check(&[], Some((NOW.before(hour), NOW)));
        check(&[("end", "2026-11-22T06:00:00Z")], Some((NOW.before(2 * hour), NOW.before(hour))));
        check(&[("start", "2026-11-22T07:30:00 01:00")], Some((NOW.before(hour / 2), NOW)));
        check(&[("start", "1795330800000000000")], Some((NOW, NOW)));
        check(&[("start", "1795330800")], None);
        check(&[("start", "yesterday")], None);
        check(&[("start", "2026-11-22T08:00:00Z")], None);
    }

    #[test]
    fn a_count_stays_within_its_bounds() {
        assert_eq!(parameters(&[]).count("limit", 20, 500).ok(), Some(20));
        assert_eq!(parameters(&[("limit", "500")]).count("limit", 20, 500).ok(), Some(500));
        for wrong in ["0", "501", "-1", "1e9", "", "99999999999999999999"] {
            assert!(parameters(&[("limit", wrong)]).count("limit", 20, 500).is_err(), "{wrong}");
        }
    }
}
