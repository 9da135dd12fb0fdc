//! A feed's template: keys in order, each with a token and a way to write it.

use super::value::Value;
use super::{rendering, written};

/// How a token is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `j`: in quotes, escaped as JSON wants it.
    Quoted,
    /// `d`, `f`: bare; a float has six decimals.
    Bare,
    /// `l`: a JSON array of quoted strings.
    List,
    /// `t`: `"Thu Sep  6 22:55:48 2012"`.
    Written,
    /// `i`: `"2019-05-30T08:20:42.230Z"`, `""` where there is none.
    Iso,
    /// `u`: microseconds since 1970, bare, 0 where there is none.
    Micros,
    /// `e`: seconds since 1970, in quotes.
    Epoch,
    /// `p`: `"2023-10-16 22:55:48"`.
    Plain,
    /// `q`: in quotes, as it is: what is in it may break them.
    Raw,
    /// `x`: in quotes, with odd bytes as `%HH`.
    Hex,
    /// `b`: in quotes, in base64.
    Base64,
    /// `o`: in quotes, as an opaque number.
    Opaque,
    /// Without quotes, with odd bytes as `%HH`.
    BareHex,
    /// Without quotes; a time as C writes it.
    BareTime,
}

/// One member.
#[derive(Clone, Debug)]
struct Slot {
    /// The key with its quotes and colon, and the comma before it.
    before: String,
    token: &'static str,
    form: Form,
}

/// What a template writes around its values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Around {
    /// Before the first key.
    pub(crate) open: &'static str,
    /// After the last value; the newline is added.
    pub(crate) close: &'static str,
    /// Between key and value.
    pub(crate) colon: &'static str,
}

/// `{"key": value,…}`, as most of ZPA's.
pub(crate) const SPACED: Around = Around { open: "{", close: "}", colon: ": " };
/// `{"key":value,…}`.
pub(crate) const TIGHT: Around = Around { open: "{", close: "}", colon: ":" };

/// A template.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    slots: Vec<Slot>,
    close: &'static str,
    pad_days: bool,
    /// Where an empty list is nothing at all, or a text with commas.
    pub(crate) lists: crate::settings::ListShape,
}

impl Template {
    /// Reads `KEY/form` or `KEY=token/form`, separated by blanks; a slot without a form is text that stands for itself.
    pub(crate) fn new(around: Around, spec: &'static str, pad_days: bool) -> Self {
        let mut slots: Vec<Slot> = Vec::new();
        for part in spec.split_ascii_whitespace() {
            let (name, form) = part.split_once('/').unwrap_or((part, "j"));
            let (key, token) = name.split_once('=').unwrap_or((name, name));
            let start = if slots.is_empty() { around.open } else { "," };
            let before = format!("{start}\"{key}\"{}", around.colon);
            slots.push(Slot { before, token, form: Form::of(form) });
        }
        Self { slots, close: around.close, pad_days, lists: crate::settings::ListShape::Array }
    }

    /// Cells in quotes, between commas.
    pub(crate) fn cells(spec: &'static str, pad_days: bool) -> Self {
        let mut template = Self::new(TIGHT, spec, pad_days);
        for (at, slot) in template.slots.iter_mut().enumerate() {
            slot.before = if at > 0 { ",".to_owned() } else { String::new() };
        }
        template.close = "";
        template
    }

    /// QRadar's: a head that ends with the first value and a bar, then `key=value` between tabs.
    pub(crate) fn leef(head: &str, spec: &'static str, pad_days: bool) -> Self {
        let mut template = Self::new(TIGHT, spec, pad_days);
        for (at, slot) in template.slots.iter_mut().enumerate() {
            let key = slot.before.split('"').rev().nth(1).unwrap_or_default().to_owned();
            slot.before = if at > 0 { format!("\t{key}=") } else { format!("{key}=") };
            slot.form = match slot.form {
                Form::Hex => Form::BareHex,
                _ => Form::BareTime,
            };
        }
        let reason = Slot { before: head.to_owned(), token: "reason", form: Form::Bare };
        if let Some(first) = template.slots.first_mut() {
            first.before = format!("|{}", first.before);
        }
        template.slots.insert(0, reason);
        template.close = "";
        template
    }

    /// With Fanlight's marker before everything else.
    pub(crate) fn marked(mut self, marker: &str) -> Self {
        if let Some(first) = self.slots.first_mut() {
            first.before = format!("{{\"fl\":\"{marker}\",{}", first.before.trim_start_matches('{'));
        }
        self
    }

    /// Its keys, in order.
    #[cfg(test)]
    pub(crate) fn keys(&self) -> Vec<String> {
        self.slots.iter().filter_map(|slot| slot.before.split('"').rev().nth(1).map(str::to_owned)).collect()
    }

    /// One line, its newline included.
    pub(crate) fn line<'a>(&self, value: impl Fn(&str) -> Value<'a>) -> String {
        let mut line = String::with_capacity(2_560);
        for slot in &self.slots {
            line.push_str(&slot.before);
            self.write(slot.form, &value(slot.token), &mut line);
        }
        line.push_str(self.close);
        line.push('\n');
        line
    }

    fn write(&self, form: Form, value: &Value<'_>, line: &mut String) {
        match (form, value) {
            (Form::List, Value::List(list)) => self.list(list, line),
            (Form::Micros, Value::Time(time)) => {
                written::big(line, time.map_or(0, |time| time.as_unix_nanos() / 1_000));
            }
            (Form::BareHex, Value::Text(text)) => rendering::hex(text, line),
            (Form::BareTime, Value::Time(Some(time))) => written::c_time(*time, self.pad_days, line),
            (Form::Bare | Form::BareHex | Form::BareTime, value) => bare(value, line),
            (form, value) => {
                line.push('"');
                self.quoted(form, value, line);
                line.push('"');
            }
        }
    }

    fn quoted(&self, form: Form, value: &Value<'_>, line: &mut String) {
        match (form, value) {
            (Form::Written, Value::Time(Some(time))) => written::c_time(*time, self.pad_days, line),
            (Form::Plain, Value::Time(Some(time))) => written::plain(*time, line),
            (Form::Epoch, Value::Time(Some(time))) => {
                written::big(line, time.as_unix_nanos() / 1_000_000_000)
            }
            (_, Value::Time(Some(time))) => written::iso(*time, line),
            (_, Value::Time(None)) => {}
            (Form::Quoted, Value::Text(text)) => rendering::json(text, line),
            (Form::Hex, Value::Text(text)) => rendering::hex(text, line),
            (Form::Base64, Value::Text(text)) => rendering::base64(text.as_bytes(), line),
            (Form::Opaque, Value::Text(text)) => written::big(line, rendering::opaque(text)),
            (_, Value::Text(text)) => line.push_str(text),
            (_, value) => bare(value, line),
        }
    }

    fn list(&self, list: &[&str], line: &mut String) {
        use crate::settings::ListShape;
        match self.lists {
            ListShape::NothingWhenEmpty if list.is_empty() => {}
            ListShape::Commas => {
                line.push('"');
                line.push_str(&list.join(","));
                line.push('"');
            }
            _ => {
                line.push('[');
                for (at, member) in list.iter().enumerate() {
                    line.push_str(if at > 0 { ",\"" } else { "\"" });
                    rendering::json(member, line);
                    line.push('"');
                }
                line.push(']');
            }
        }
    }
}

impl Form {
    fn of(letter: &str) -> Self {
        match letter {
            "d" | "f" => Self::Bare,
            "l" => Self::List,
            "t" => Self::Written,
            "i" => Self::Iso,
            "u" => Self::Micros,
            "e" => Self::Epoch,
            "p" => Self::Plain,
            "q" => Self::Raw,
            "x" => Self::Hex,
            "b" => Self::Base64,
            "o" => Self::Opaque,
            _ => Self::Quoted,
        }
    }
}

/// Without quotes.
pub(crate) fn bare(value: &Value<'_>, line: &mut String) {
    use std::fmt::Write;
    match value {
        Value::Number(value) => written::number(line, *value),
        Value::Big(value) => written::big(line, *value),
        Value::Degrees(degrees) => write!(line, "{degrees:.6}").unwrap_or_default(),
        Value::Address(Some(address)) => write!(line, "{address}").unwrap_or_default(),
        Value::Text(text) => line.push_str(text),
        Value::Time(Some(time)) => written::big(line, time.as_unix_nanos() / 1_000),
        Value::List(list) => line.push_str(&list.join(",")),
        Value::Address(None) | Value::Time(None) => {}
    }
}

#[cfg(test)]
mod tests {
    use fanlight_model::Timestamp;

    use super::*;

    #[test]
    fn a_template_writes_what_its_spec_says() {
        let template = Template::new(SPACED, "Log/t A/j B=b/d C/l D/i E/f", true);
        let line = template.line(|token| match token {
            "Log" => Timestamp::from_seconds(0).into(),
            "A" => "a \"quote\"".into(),
            "b" => 7_i64.into(),
            "C" => Value::List(&["x", "y"]),
            "D" => Value::Time(None),
            _ => 1.5.into(),
        });
        assert_eq!(
            line,
            "{\"Log\": \"Thu Jan  1 00:00:00 1970\",\"A\": \"a \\\"quote\\\"\",\"B\": 7,\"C\": [\"x\",\"y\"],\"D\": \"\",\"E\": 1.500000}\n"
        );
        assert_eq!(template.keys(), ["Log", "A", "B", "C", "D", "E"]);
        let marked = Template::new(TIGHT, "A/j", true).marked("x.y/1").line(|_| "1".into());
        assert_eq!(marked, "{\"fl\":\"x.y/1\",\"A\":\"1\"}\n");
    }
}
