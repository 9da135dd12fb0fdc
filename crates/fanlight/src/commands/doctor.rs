//! `fanlight doctor`: what is connected, what each feed lacks, which rungs are reachable.
//!
//! It ends well whenever it could look: what it found is for a person to weigh, and a feed that lacks a field is no failure of the
//! command. A script reads `--output json`.

use serde_json::Value;

use super::client::Client;
use super::terminal::{harmless, print};
use crate::command_line::{Doctor, Output};
use crate::outcome::{Exit, Failure};

pub(super) fn run(typed: &Doctor) -> Result<(), Failure> {
    if !matches!(typed.output, Output::Table | Output::Json) {
        return Err(Failure::text(Exit::Usage, "`fanlight doctor` prints a table or JSON")
            .with_hint("write `--output table` or `--output json`"));
    }
    let client = Client::find(&typed.reach)?;
    let answer = super::runtime()?.block_on(client.get("/api/v1/feeds"))?;
    match typed.output {
        Output::Json => print(&answer.to_string()),
        _ => print(&drawn(&answer, client.server())),
    }
    Ok(())
}

fn drawn(answer: &Value, server: &str) -> String {
    let feeds = list(answer, "feeds");
    let mut lines = vec![format!("feeds of {server}"), String::new()];
    if feeds.is_empty() {
        lines.push("  none: nothing has come, and no listener of a feed is open".to_owned());
    }
    for feed in feeds {
        lines.extend(feed_lines(feed));
        lines.push(String::new());
    }
    lines.push("rungs of the join, the surest first".to_owned());
    lines.extend(list(answer, "rungs").iter().map(rung_line));
    let alarms = list(answer, "alarms");
    if !alarms.is_empty() {
        lines.extend([String::new(), "alarms".to_owned()]);
        let line = |alarm: &Value| {
            format!("  {}  {}  {}", text(alarm, "arrival_time"), text(alarm, "kind"), text(alarm, "text"))
        };
        lines.extend(alarms.iter().map(line));
    }
    let problems: usize = feeds.iter().map(|feed| list(feed, "problems").len()).sum();
    let missing = feeds.iter().filter(|feed| !list(feed, "missing").is_empty()).count();
    lines.push(String::new());
    lines.push(match (problems, missing) {
        (0, 0) => "nothing is wrong".to_owned(),
        _ => format!("problems: {problems}; feeds that lack a field: {missing}"),
    });
    lines.iter().map(|line| harmless(line)).collect::<Vec<_>>().join("\n")
}

fn feed_lines(feed: &Value) -> Vec<String> {
    let name = text(feed, "feed");
    let mut lines = vec![format!("  {name:<34}{:<10}{}", text(feed, "state"), text(feed, "source"))];
    let mut say = |what: &str, text: String| lines.push(format!("    {what:<12}{text}"));
    if text(feed, "state") == "never" {
        say("", "nothing has come: is its receiver set to this server's port?".to_owned());
    } else {
        let of =
            |level: &str| feed.pointer(&format!("/lines/{level}")).and_then(Value::as_str).unwrap_or("0");
        say(
            "lines",
            format!(
                "{} strict, {} repaired, {} raw, {} too long",
                of("strict"),
                of("repaired"),
                of("raw"),
                of("dropped")
            ),
        );
        say("last", format!("{}, {} s ago", text(feed, "last_arrival"), number(feed, "/silent_seconds")));
        if feed.get("lateness").is_some_and(|late| !late.is_null()) {
            let cap = number(feed, "/lateness/cap_ms");
            let of = |name: &str| late(number(feed, &format!("/lateness/{name}")), cap);
            say("lateness", format!("p50 {}, p99 {}, p99.9 {}", of("p50_ms"), of("p99_ms"), of("p999_ms")));
        }
        say("template", text(feed, "dialect").to_owned());
    }
    for problem in list(feed, "problems") {
        say("problem", problem.as_str().unwrap_or_default().to_owned());
    }
    let unknown: Vec<&str> = list(feed, "unknown_keys").iter().map(|key| text(key, "name")).collect();
    if !unknown.is_empty() {
        say("unknown", unknown.join(", "));
    }
    let missing: Vec<&str> = list(feed, "missing").iter().filter_map(Value::as_str).collect();
    if !missing.is_empty() {
        say("lacks", missing.join(", "));
    }
    if !list(feed, "gains").is_empty() {
        for gain in list(feed, "gains") {
            let fields: Vec<&str> = list(gain, "fields").iter().filter_map(Value::as_str).collect();
            let (gives, words) = (text(gain, "name"), text(gain, "words"));
            let with = if fields.is_empty() { "another form".to_owned() } else { fields.join(", ") };
            say("", format!("with {with}: {gives}, {words}"));
        }
        if !text(feed, "command").is_empty() {
            say("mend", text(feed, "command").to_owned());
        }
    }
    lines
}

fn rung_line(rung: &Value) -> String {
    let names = |key: &str| -> Vec<String> {
        list(rung, key)
            .iter()
            .map(|one| match one.as_str() {
                Some(feed) => feed.to_owned(),
                None => {
                    let fields: Vec<&str> = list(one, "fields").iter().filter_map(Value::as_str).collect();
                    let feed = text(one, "feed");
                    if fields.is_empty() {
                        feed.to_owned()
                    } else {
                        format!("{feed} with {}", fields.join(", "))
                    }
                }
            })
            .collect()
    };
    let by = names("by");
    let how = if by.is_empty() {
        format!("not reachable; would need {}", names("lacking").join("; or "))
    } else {
        format!("by {}", by.join(", "))
    };
    format!("  {:<4} {}\n       {how}", text(rung, "rung"), text(rung, "words"))
}

fn seconds(millis: i64) -> String {
    let (whole, rest) = (millis / 1000, (millis % 1000).abs() / 100);
    format!("{whole}.{rest} s")
}

/// A delay as large as the cap is that or more.
fn late(millis: i64, cap: i64) -> String {
    const MILLIS_PER_TENTH: i64 = 360_000;
    match millis >= cap && cap > 0 {
        true => format!("more than {}.{} h", cap / MILLIS_PER_TENTH / 10, cap / MILLIS_PER_TENTH % 10),
        false => seconds(millis),
    }
}

fn number(value: &Value, pointer: &str) -> i64 {
    value.pointer(pointer).and_then(Value::as_i64).unwrap_or(0)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_feed_lacks_comes_with_the_command_that_mends_it() {
        let gain = json!({"kind": "rung", "name": "R2", "fields": ["ConnectorPort"], "words": "exact"});
        let feed = json!({
            "feed": "zpa_user_activity", "state": "degraded", "source": "stream", "silent_seconds": 3,
            "lines": {"strict": "7", "repaired": "0", "raw": "1", "dropped": "0"}, "last_arrival": "2026-11-22T07:00:00Z",
            "lateness": {"records": "8", "p50_ms": 1500, "p99_ms": 2000, "p999_ms": 268_435_456, "cap_ms": 268_435_456}, "dialect": "custom",
            "problems": ["1 of the latest 8 lines\u{1b}"], "missing": ["ConnectorPort"], "gains": [gain],
            "command": "fanlight config template zpa_user_activity", "unknown_keys": [],
        });
        let rung = json!({"rung": "R2", "words": "both", "by": [], "lacking": [{"feed": "zpa_user_activity", "fields": ["ConnectorPort"]}]});
        let drawn = drawn(&json!({"feeds": [feed], "rungs": [rung], "alarms": []}), "http://127.0.0.1:8080");
        for expected in [
            "with ConnectorPort: R2, exact",
            "fanlight config template zpa_user_activity",
            "not reachable; would need zpa_user_activity with ConnectorPort",
            "p50 1.5 s",
            "p99.9 more than 74.5 h",
            "problems: 1; feeds that lack a field: 1",
        ] {
            assert!(drawn.contains(expected), "{expected} is not in\n{drawn}");
        }
        assert!(!drawn.contains('\u{1b}'));
    }
}
