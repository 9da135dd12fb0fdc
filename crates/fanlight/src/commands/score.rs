//! `fanlight score DIR --server URL`.

use std::fs;

use fanlight_model::{EventUid, Feed, LinkState, Relation, SpanId, Timestamp, TraceId};
use fanlight_simulate::score::{Found, FoundLink, Rung, links_sql, score};
use http::Method;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::client::Client;
use super::terminal::print;
use crate::command_line::Score;
use crate::outcome::{Exit, Failure};

pub(super) fn run(typed: &Score) -> Result<(), Failure> {
    let asking = Asking { client: Client::find(&typed.reach)?, runtime: super::runtime()? };
    let mut links = Vec::new();
    if let Some((first, last)) = asking.range()? {
        asking.links(first, last.shifted(1), &mut links)?;
    }
    let found = score(&typed.folder, Found::links(links.into_iter()))?;
    if let Some(file) = &typed.html {
        fs::write(file, found.to_html()).map_err(|cause| {
            anyhow::Error::new(cause).context(format!("cannot write `{}`", file.display()))
        })?;
    }
    match typed.json {
        true => print(&found.to_json()?),
        false => print(found.to_table().trim_end()),
    }
    Ok(())
}

/// Asks a server for all of its links.
struct Asking {
    client: Client,
    runtime: Runtime,
}

const RELATIONS: [Relation; 3] = [Relation::SameRequest, Relation::SameConnection, Relation::SameContext];
const STATES: [LinkState; 4] =
    [LinkState::Asserted, LinkState::Candidate, LinkState::Superseded, LinkState::Retracted];

impl Asking {
    /// From the first link to the last.
    fn range(&self) -> Result<Option<(Timestamp, Timestamp)>, Failure> {
        let rows = self.rows("select min(decided_time), max(decided_time) from links")?;
        let rows = rows.ok_or_else(|| unreadable("the links' range"))?;
        let at = |place: usize| {
            let text = rows.first()?.get(place)?.as_str()?;
            Timestamp::parse_rfc3339(text).ok()
        };
        Ok(at(0).zip(at(1)))
    }

    /// Those of a stretch of time. Where they are more than one answer holds, each half of it is asked for by itself.
    fn links(&self, from: Timestamp, to: Timestamp, links: &mut Vec<FoundLink>) -> Result<(), Failure> {
        let nanos = to.nanos_since(from);
        match self.rows(&links_sql(from, to))? {
            Some(rows) => {
                for row in rows {
                    links.push(link(&row).ok_or_else(|| unreadable(&Value::Array(row.clone()).to_string()))?);
                }
                Ok(())
            }
            None if nanos > 1 => {
                let middle = from.shifted(nanos / 2);
                self.links(from, middle, links)?;
                self.links(middle, to, links)
            }
            None => Err(Failure::text(Exit::Failed, format!("too many links were decided at {from}"))),
        }
    }

    /// `None` where they are too many for one answer.
    fn rows(&self, sql: &str) -> Result<Option<Vec<Vec<Value>>>, Failure> {
        let body = json!({ "sql": sql });
        let asked = self.client.answer(Method::POST, "/api/v1/sql", Some(&body));
        let answer = match self.runtime.block_on(asked)? {
            Ok(answer) => answer,
            Err(refused) => match refused.field("code") {
                Some("sql_too_many_rows" | "sql_answer_too_large") => return Ok(None),
                _ => return Err(refused.into_failure()),
            },
        };
        let rows = answer.get("rows").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        Ok(Some(rows.iter().filter_map(Value::as_array).cloned().collect()))
    }
}

fn unreadable(what: &str) -> Failure {
    Failure::text(Exit::Failed, format!("the server's answer cannot be read: {what}"))
}

/// One row of `links_sql`, in its order.
fn link(row: &[Value]) -> Option<FoundLink> {
    let text = |place: usize| row.get(place).and_then(Value::as_str);
    let number = |place: usize| row.get(place).and_then(Value::as_f64);
    let time = |place: usize| Timestamp::parse_rfc3339(text(place)?).ok();
    Some(FoundLink {
        trace_id: text(0)?.parse::<TraceId>().ok()?,
        span_id: text(1)?.parse::<SpanId>().ok()?,
        event_uid: text(2)?.parse::<EventUid>().ok()?,
        feed: text(3).and_then(Feed::from_name),
        session: None,
        rung: Rung::from_name(text(4)?)?,
        relation: RELATIONS.into_iter().find(|known| Some(known.as_str()) == text(5))?,
        confidence: number(6)?,
        state: STATES.into_iter().find(|known| Some(known.as_str()) == text(7))?,
        late_by_ms: number(8)?,
        revision: text(9)?.parse().ok()?,
        decided_time: time(10)?,
        event_arrival_time: time(11),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_the_servers_is_a_link() {
        let row = json!([
            "0123456789abcdef0123456789abcdef",
            "0123456789abcdef",
            "fedcba9876543210fedcba9876543210",
            "zpa_user_activity",
            "R3b",
            "same_connection",
            0.75,
            "candidate",
            12.5,
            "7",
            "2026-03-04T13:00:00.000000000Z",
            null
        ]);
        let read = link(row.as_array().unwrap()).unwrap();
        assert_eq!((read.rung, read.state, read.revision), (Rung::R3b, LinkState::Candidate, 7));
        assert_eq!((read.feed, read.event_arrival_time), (Some(Feed::ZpaUserActivity), None));
        assert_eq!(link(&[Value::Null]), None);
    }
}
