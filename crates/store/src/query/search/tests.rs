//! Searches over a small store: two parts and what is in memory.
//!
//! | trace | where | begins | spans |
//! |---|---|---|---|
//! | 1 | part one | 07:00 | `shop`: `GET /orders` 120 ms, an error; below it `stock`: `reserve` 40 ms. Linked to Ana, allowed |
//! | 2 | part two | 07:10 | `shop`: `POST /orders` 900 ms. Linked to Ben, blocked |
//! | 3 | memory | 07:20 | `stock`: `GET /health` 1 ms, its parent never came. No link |

mod fixture;

use std::time::Duration;

use super::*;
use crate::{AccessValue, ServiceRow, ValueField};
use fixture::{ANA_RULE, Bench, at, hour, text, trace};

fn asked(filter: SpanFilter) -> Asked {
    Asked { filter, range: hour(), limit: 20, looking: LOOKING, first_rows: FIRST_ROWS }
}

fn test(field: SpanField, test: Test) -> SpanFilter {
    SpanFilter::Test(SpanTest { field, test })
}

async fn found(bench: &Bench, asked: Asked) -> SearchAnswer {
    bench.store.search_for(asked).await.expect("an answer")
}

fn numbers(answer: &SearchAnswer) -> Vec<u64> {
    answer.traces.iter().map(|found| fixture::number(found.trace_id)).collect()
}

async fn check(bench: &Bench, filter: SpanFilter, expected: &[u64]) {
    let shown = format!("{filter:?}");
    let answer = found(bench, asked(filter)).await;
    assert_eq!(numbers(&answer), expected, "{shown}");
    assert!(!answer.partial, "{shown}: {:?}", answer.notes);
}

#[tokio::test]
async fn each_field_finds_what_it_is_about() {
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, NotEqual};
    let bench = Bench::start();
    let equal = |text: &str| Test::Text(Equal, text.to_owned());
    let pattern = |text| Pattern::new(text).expect("a pattern");
    check(&bench, SpanFilter::Always, &[3, 2, 1]).await;
    check(&bench, test(SpanField::Name, equal("GET /orders")), &[1]).await;
    check(&bench, test(SpanField::Name, Test::Matches(pattern("GET .*"))), &[3, 1]).await;
    check(&bench, test(SpanField::Name, Test::MatchesNot(pattern(".*orders|reserve|zpa access"))), &[3])
        .await;
    check(&bench, test(SpanField::Kind, equal("client")), &[1]).await;
    check(&bench, test(SpanField::Status, equal("error")), &[1]).await;
    check(&bench, test(SpanField::StatusMessage, equal("no such order")), &[1]).await;
    check(&bench, test(SpanField::Duration, Test::Whole(Greater, 100_000_000)), &[2, 1]).await;
    check(&bench, test(SpanField::Resource("service.name".into()), equal("stock")), &[3, 1]).await;
    check(&bench, test(SpanField::Resource("host.name".into()), equal("app.example.com")), &[3, 2, 1]).await;
    check(&bench, test(SpanField::Attribute("http.route".into()), equal("/orders")), &[2, 1]).await;
    check(&bench, test(SpanField::Either("host.name".into()), Test::Present), &[3, 2, 1]).await;
    let status = || SpanField::Attribute("http.response.status_code".into());
    check(&bench, test(status(), Test::Whole(Equal, 404)), &[1]).await;
    check(&bench, test(status(), Test::Whole(Less, 404)), &[2]).await;
    check(&bench, test(status(), Test::Number(GreaterOrEqual, 200.5)), &[1]).await;
    check(&bench, test(status(), Test::Text(NotEqual, "404".into())), &[2]).await;
}

#[tokio::test]
async fn access_is_that_of_the_linked_event_at_its_newest_revision() {
    use Comparison::{Equal, Greater, NotEqual};
    let bench = Bench::start();
    let equal = |text: &str| Test::Text(Equal, text.to_owned());
    check(&bench, test(SpanField::Access(AccessField::User), equal("ana@example.com")), &[1]).await;
    check(&bench, test(SpanField::Access(AccessField::Disposition), equal("blocked")), &[2]).await;
    check(&bench, test(SpanField::Access(AccessField::Rule), equal(ANA_RULE)), &[1]).await;
    check(&bench, test(SpanField::Access(AccessField::Rule), equal("an older rule")), &[]).await;
    check(
        &bench,
        test(SpanField::Access(AccessField::User), Test::Text(NotEqual, "ben@example.com".into())),
        &[1],
    )
    .await;
    check(&bench, test(SpanField::Access(AccessField::Confidence), Test::Number(Greater, 0.99)), &[2, 1])
        .await;
    check(&bench, test(SpanField::Access(AccessField::Rung), equal("R3")), &[2, 1]).await;
    // Of trace 1 one span is linked, the other is not.
    check(&bench, test(SpanField::Access(AccessField::User), Test::Absent), &[3, 1]).await;
    check(&bench, test(SpanField::Access(AccessField::Effects), equal("throttled")), &[1]).await;
    check(&bench, test(SpanField::Access(AccessField::Effects), equal("throttle")), &[]).await;
    check(
        &bench,
        test(SpanField::Access(AccessField::Effects), Test::Text(NotEqual, "isolated".into())),
        &[1],
    )
    .await;
    check(&bench, test(SpanField::Access(AccessField::EventUid), equal(&"02".repeat(16))), &[2]).await;
    check(&bench, test(SpanField::Access(AccessField::LateByMs), Test::Number(Greater, 10.0)), &[2]).await;
    // Both set-ups took as long; the second link is not of its connection's first request.
    check(&bench, test(SpanField::Access(AccessField::PhaseSetup), Test::Number(Greater, 0.15)), &[1]).await;
    let enriched = |key: &str| SpanField::Enriched(key.into(), AccessField::PrincipalId);
    check(&bench, test(enriched("user.id"), equal("fl:default:h:ben")), &[2]).await;
    check(&bench, test(enriched("http.route"), equal("/orders")), &[2, 1]).await;
    let either = SpanFilter::Any(vec![
        test(SpanField::Access(AccessField::User), equal("ben@example.com")),
        test(SpanField::Name, equal("GET /health")),
    ]);
    check(&bench, either, &[3, 2]).await;
    let both = SpanFilter::All(vec![
        test(SpanField::Access(AccessField::User), equal("ben@example.com")),
        test(SpanField::Name, equal("GET /health")),
    ]);
    check(&bench, both, &[]).await;
}

#[tokio::test]
async fn a_trace_is_judged_as_a_whole() {
    use Comparison::{Equal, Greater, Less};
    let bench = Bench::start();
    check(&bench, test(SpanField::TraceDuration, Test::Whole(Greater, 119_000_000)), &[2, 1]).await;
    check(&bench, test(SpanField::TraceDuration, Test::Whole(Less, 2_000_000)), &[3]).await;
    check(&bench, test(SpanField::RootName, Test::Text(Equal, "GET /orders".into())), &[1]).await;
    check(&bench, test(SpanField::RootService, Test::Text(Equal, "shop".into())), &[2, 1]).await;
    check(&bench, test(SpanField::RootName, Test::Absent), &[3]).await;
    // The span of `stock` lies in a trace whose root is of `shop`.
    let below = SpanFilter::All(vec![
        test(SpanField::RootService, Test::Text(Equal, "shop".into())),
        test(SpanField::Resource("service.name".into()), Test::Text(Equal, "stock".into())),
    ]);
    let answer = found(&bench, asked(below)).await;
    assert_eq!(answer.traces[0].matched.name, "reserve");
    assert_eq!(answer.notes.len(), 1, "{:?}", answer.notes);
}

#[tokio::test]
async fn a_trace_is_summed_up_whole_whatever_matched() {
    let bench = Bench::start();
    let filter = test(SpanField::Name, Test::Text(Comparison::Equal, "reserve".into()));
    let answer = found(&bench, asked(filter)).await;
    let told = &answer.traces[0];
    assert_eq!((told.span_count, told.error_count, told.duration_ns), (2, 1, 120_000_000));
    assert_eq!(
        (told.root_name.as_deref(), told.root_service.as_deref()),
        (Some("GET /orders"), Some("shop"))
    );
    assert_eq!((told.start_time, &told.services[..]), (at(0), &["shop".to_owned(), "stock".to_owned()][..]));
    assert_eq!((told.matched.name.as_str(), told.matched.duration_ns), ("reserve", 40_000_000));
    let access = told.access.as_ref().expect("its root is linked");
    assert_eq!(
        (access.user_name.as_deref(), access.rule.as_deref()),
        (Some("ana@example.com"), Some(ANA_RULE))
    );
    assert_eq!((access.rung.as_str(), access.effects.as_slice()), ("R3", &["throttled".to_owned()][..]));
    let all = found(&bench, asked(SpanFilter::Always)).await;
    assert_eq!((all.traces[0].root_name.as_ref(), all.traces[0].access.as_ref()), (None, None));
    assert_eq!(
        all.traces[2].matched.name, "GET /orders",
        "the earliest is shown, and no made span before a received one"
    );
}

/// With pieces of one part each, two traces are found in memory and the newest part; the oldest part is not opened, and so
/// nobody notices that it is gone. Asked for all three, the search says what it could not read.
#[tokio::test]
async fn a_search_reads_no_further_than_it_must() {
    let bench = Bench::start();
    bench.lose_part_one();
    let some = |limit| Asked { limit, first_rows: 1, ..asked(SpanFilter::Always) };
    let answer = found(&bench, some(2)).await;
    assert_eq!((numbers(&answer), answer.partial), (vec![3, 2], false));
    let late = TimeRange { start: at(60_000), end: hour().end };
    let answer = found(&bench, Asked { range: late, ..some(20) }).await;
    assert_eq!((numbers(&answer), answer.partial), (vec![3, 2], false));
    let answer = found(&bench, some(3)).await;
    assert_eq!((numbers(&answer), answer.partial), (vec![3, 2], true));
    assert!(answer.notes.iter().any(|note| note.contains("cannot be read")), "{:?}", answer.notes);
}

#[tokio::test]
async fn the_range_is_of_starts_and_includes_its_ends() {
    let bench = Bench::start();
    let within = |from: i64, to: i64| Asked {
        range: TimeRange { start: at(from), end: at(to) },
        ..asked(SpanFilter::Always)
    };
    assert_eq!(numbers(&found(&bench, within(0, 0)).await), [1]);
    assert_eq!(numbers(&found(&bench, within(600_000, 1_200_000)).await), [3, 2]);
    assert_eq!(numbers(&found(&bench, within(600_001, 1_199_999)).await), Vec::<u64>::new());
}

#[tokio::test]
async fn a_search_out_of_time_gives_what_it_has_and_says_so() {
    let bench = Bench::start();
    let answer = found(&bench, Asked { looking: Duration::ZERO, ..asked(SpanFilter::Always) }).await;
    assert!(answer.partial);
    assert!(answer.notes[0].starts_with("not all spans of the range were looked at"), "{:?}", answer.notes);
}

#[tokio::test]
async fn the_limit_is_of_traces_and_takes_the_newest() {
    let bench = Bench::start();
    let answer = found(&bench, Asked { limit: 1, ..asked(SpanFilter::Always) }).await;
    assert_eq!(numbers(&answer), [3]);
    assert_eq!(answer.traces[0].trace_id, trace(3));
}

#[tokio::test]
async fn services_are_counted_without_what_fanlight_made() {
    let bench = Bench::start();
    let answer = bench.store.services(hour()).await.expect("an answer");
    let row = |name: &str, span_count, last_time| ServiceRow {
        name: name.to_owned(),
        namespace: text("orders"),
        environment: text("production"),
        span_count,
        last_time,
    };
    assert_eq!(answer.services, [row("shop", 2, at(600_000)), row("stock", 2, at(1_200_000))]);
    let early = TimeRange { start: at(0), end: at(1_000) };
    assert_eq!(bench.store.services(early).await.expect("an answer").services.len(), 2);
}

#[tokio::test]
async fn values_are_counted_once_an_event() {
    let bench = Bench::start();
    let value = |value: &str, count| AccessValue { value: value.to_owned(), count };
    let ask = async |field, limit| bench.store.access_values(field, hour(), limit).await.expect("an answer");
    assert_eq!(ask(ValueField::Rule, 10).await.values, [value(ANA_RULE, 1), value("no contractors", 1)]);
    assert_eq!(ask(ValueField::App, 10).await.values, [value("shop", 2)]);
    let one = ask(ValueField::User, 1).await;
    assert_eq!((one.values, one.partial), (vec![value("ana@example.com", 1)], true));
    let before = TimeRange { start: at(-7_200_000), end: at(-3_600_000) };
    let none = bench.store.access_values(ValueField::User, before, 10).await.expect("an answer");
    assert!(none.values.is_empty());
}
