//! How a record is rendered: `"KEY": value`, joined by commas, in braces, ended by a newline.

use std::fmt::Write;

use fanlight_model::Timestamp;

use super::settings::Template;

const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const NANOS_PER_DAY: i64 = 86_400_000_000_000;

/// One line in the making.
pub(super) struct Line {
    template: Template,
    text: String,
}

impl Line {
    /// A line of some 2 kB; Fanlight's own template says first what it is.
    pub(super) fn begin(template: Template) -> Self {
        let mut line = Self { template, text: String::with_capacity(2_304) };
        line.text.push('{');
        if template == Template::Superset {
            line.text("fl", "zpa.ua/1");
        }
        line
    }

    /// `%j`: a quoted string.
    pub(super) fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        self.quoted(value);
    }

    /// `%d`: a number.
    pub(super) fn number(&mut self, key: &str, value: u64) {
        self.key(key);
        self.push(format_args!("{value}"));
    }

    /// `%f`: six decimals.
    pub(super) fn degrees(&mut self, key: &str, value: f64) {
        self.key(key);
        self.push(format_args!("{value:.6}"));
    }

    /// `%j{…:time}`, one second fine and without a zone; epoch microseconds in Fanlight's own template.
    pub(super) fn log_time(&mut self, key: &str, time: Timestamp) {
        match self.template {
            Template::Default => self.text(key, &c_time(time)),
            Template::Superset => self.micros(key, Some(time)),
        }
    }

    /// `%j{…:iso8601}`, a millisecond fine, `""` where there is none; epoch microseconds, or 0, in Fanlight's own template.
    pub(super) fn stamp(&mut self, key: &str, time: Option<Timestamp>) {
        match self.template {
            Template::Default => self.text(key, &time.map(iso_8601).unwrap_or_default()),
            Template::Superset => self.micros(key, time),
        }
    }

    /// Ends the line.
    pub(super) fn end(mut self) -> String {
        self.text.push_str("}\n");
        self.text
    }

    fn micros(&mut self, key: &str, time: Option<Timestamp>) {
        self.number(key, time.map_or(0, |time| time.as_unix_nanos() / 1_000));
    }

    fn key(&mut self, key: &str) {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        self.quoted(key);
        self.text.push_str(": ");
    }

    fn quoted(&mut self, value: &str) {
        self.text.push('"');
        for character in value.chars() {
            match character {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                control if control < ' ' => self.push(format_args!("\\u{:04x}", u32::from(control))),
                plain => self.text.push(plain),
            }
        }
        self.text.push('"');
    }

    fn push(&mut self, arguments: std::fmt::Arguments<'_>) {
        // Writing into a string cannot fail.
        self.text.write_fmt(arguments).unwrap_or_default();
    }
}

/// `Thu Sep  6 22:55:48 2012`, in UTC.
fn c_time(time: Timestamp) -> String {
    let iso = time.to_rfc3339();
    let part = |from: usize, to: usize| iso.get(from..to).unwrap_or_default();
    let weekday = usize::try_from(time.as_nanos().div_euclid(NANOS_PER_DAY).rem_euclid(7)).unwrap_or(0);
    let month = part(5, 7).parse::<usize>().unwrap_or(1).saturating_sub(1);
    format!(
        "{} {} {:>2} {} {}",
        WEEKDAYS.get(weekday).copied().unwrap_or_default(),
        MONTHS.get(month).copied().unwrap_or_default(),
        part(8, 10).trim_start_matches('0'),
        part(11, 19),
        part(0, 4),
    )
}

/// `2019-05-30T08:20:42.230Z`.
fn iso_8601(time: Timestamp) -> String {
    let mut text = time.to_rfc3339();
    text.truncate("2019-05-30T08:20:42.230".len());
    text.push('Z');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(time: &str, expected: &str) {
        assert_eq!(c_time(Timestamp::parse_rfc3339(time).expect("a time")), expected);
    }

    #[test]
    fn the_record_time_is_written_as_c_does_with_the_day_padded_by_a_blank() {
        check("2019-05-31T17:35:42Z", "Fri May 31 17:35:42 2019");
        check("2012-09-06T22:55:48.999Z", "Thu Sep  6 22:55:48 2012");
        check("2024-06-12T23:54:04Z", "Wed Jun 12 23:54:04 2024");
        check("2026-09-18T14:04:05Z", "Fri Sep 18 14:04:05 2026");
    }

    #[test]
    fn a_name_with_quotes_stays_valid_json() {
        let mut line = Line::begin(Template::Default);
        line.text("Username", "ana \"\\\n");
        line.stamp("TimestampConnectionEnd", None);
        assert_eq!(line.end(), "{\"Username\": \"ana \\\"\\\\\\u000a\",\"TimestampConnectionEnd\": \"\"}\n");
    }
}
