//! What the reports say, and that what is absent is called so in all of them.

use fanlight_model::Timestamp;
use fanlight_simulate::score::{Found, FoundLink, Measure, Rung, links_sql, score};
use serde_json::Value;

use super::answers::{COMPANY, answers, rung, scored};

/// What today's model cannot say.
fn answers_of_today() -> Vec<FoundLink> {
    let (links, _) = answers(COMPANY.path());
    links.into_iter().filter(|link| [Rung::R2, Rung::R3, Rung::R3b].contains(&link.rung)).collect()
}

/// A server that makes three rungs and no verdicts has no figure for the rest, in no report: never 0, never 1.
#[test]
fn absent_is_absent() {
    let score = scored(answers_of_today());
    for name in ["R0", "R1", "R1z", "R4", "R5", "R6", "R7"] {
        let rung = rung(&score, name);
        assert_eq!((&rung.precision, &rung.recall), (&Measure::Absent, &Measure::Absent), "{name}");
        assert_eq!(rung.calibration, Measure::Absent, "{name}");
        assert_eq!((&rung.f1, &rung.abstention), (&Measure::Absent, &Measure::Absent), "{name}");
        assert_eq!((&rung.services, &rung.app_connectors), (&Measure::Absent, &Measure::Absent), "{name}");
    }
    assert!(rung(&score, "R5").eligible > 50);
    assert_eq!(
        (&score.verdicts, &score.fleet, &score.clocks),
        (&Measure::Absent, &Measure::Absent, &Measure::Absent)
    );
    let three = rung(&score, "R3b");
    assert_eq!((&three.precision, &three.recall), (&Measure::NoCases, &Measure::NoCases));
    let json: Value = serde_json::from_str(&score.to_json().expect("JSON")).expect("JSON");
    assert_eq!(
        (&json["rungs"][1]["recall"], &json["verdicts"]),
        (&Value::from("absent"), &Value::from("absent"))
    );
    assert_eq!(json["rungs"][5]["recall"], "no cases");
    assert_eq!(
        (json["rungs"][3]["recall"]["value"].as_f64(), json["rungs"][3]["rung"].as_str()),
        (Some(1.0), Some("R2"))
    );
    let table = score.to_table();
    for line in ["verdicts      absent\n", "fleet         absent\n", "clock error   absent\n"] {
        assert!(table.contains(line), "{table}");
    }
    assert!(score.to_html().contains("<h2>Verdicts</h2><p>absent</p>"));
}

/// A server that made nothing it could make found nothing: that is 0, but of precision there are no cases.
#[test]
fn silence_is_no_recall_and_no_precision() {
    let score = scored(Vec::new());
    let two = rung(&score, "R2");
    assert_eq!(two.precision, Measure::NoCases);
    assert_eq!(two.recall.map(|share| share.hits), Measure::Of(0));
    assert_eq!(two.abstention.map(|share| share.value()), Measure::Of(1.0));
    assert_eq!(score.calibration(), &Measure::NoCases);
    assert_eq!(score.time_to_link.after_later_ms, Measure::NoCases);
}

/// Where the span came last, the time is from its arrival.
#[test]
fn the_later_arrival_is_what_counts() {
    let links = answers_of_today().into_iter().map(|link| FoundLink { late_by_ms: 0.0, ..link }).collect();
    let score = scored(links);
    assert_eq!(
        score.time_to_link.after_later_ms.map(|taken| (taken.max, taken.cases)),
        Measure::Of((0.0, score.links.asserted))
    );
    assert_eq!(score.time_to_link.unknown, 0);
}

/// Where no arrival is told, no time to link is.
#[test]
fn without_arrivals_the_time_to_link_is_absent() {
    let links =
        answers_of_today().into_iter().map(|link| FoundLink { event_arrival_time: None, ..link }).collect();
    let score = scored(links);
    assert_eq!(score.time_to_link.after_later_ms, Measure::Absent);
    assert_eq!(score.time_to_link.unknown, score.links.asserted);
    assert_eq!(score.time_to_link.late_by_ms.map(|late| late.p50), Measure::Of(300.0));
}

/// The table is never wider than 100 columns, and the page needs nothing from elsewhere and closes what it opens.
#[test]
fn reports_are_of_one_piece() {
    let found = Found { verdicts: Some(Vec::new()), ..Found::links(answers_of_today().into_iter()) };
    let score = score(COMPANY.path(), found).expect("a truth that can be read");
    let table = score.to_table();
    assert!(table.lines().all(|line| line.chars().count() <= 100), "{table}");
    assert!(table.contains("coverage           0.00 [0.00"), "{table}");
    let page = score.to_html();
    for elsewhere in ["http:", "https:", "<script", "<link", "src=", "url(", "NaN"] {
        assert!(!page.contains(elsewhere), "{elsewhere}");
    }
    for tag in ["svg", "table", "div", "p", "tr", "td", "text", "span", "html"] {
        let opened = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
    assert!(page.contains("prefers-color-scheme:dark"));
}

#[test]
fn the_question_names_its_stretch_of_time() {
    let sql = links_sql(Timestamp::from_seconds(0), Timestamp::from_seconds(60));
    assert!(sql.ends_with(
        "l.decided_time >= '1970-01-01T00:00:00.000000000Z' and l.decided_time < '1970-01-01T00:01:00.000000000Z'"
    ));
}
