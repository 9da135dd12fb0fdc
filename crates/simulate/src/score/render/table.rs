//! The score as plain text, at most 100 columns wide.

use std::fmt::Write;

use super::super::latency::Quantiles;
use super::super::measure::Measure;
use super::super::rung::{Place, Spread};
use super::super::verdict::VerdictScore;
use super::super::{Calibration, Score};
use super::{figure, percent, percent_within, several};

/// No line is wider.
const WIDTH: usize = 100;

/// The whole score.
pub(crate) fn text(score: &Score) -> String {
    let mut text = String::with_capacity(8_192);
    let company: Vec<String> = score.company.iter().map(|(key, value)| format!("{key} {value}")).collect();
    line(&mut text, format_args!("company: {}", company.join(", ")));
    let links = &score.links;
    line(
        &mut text,
        format_args!(
            "links: {} asserted, {} right; {} candidates, {} superseded, {} retracted, {} repeated, {} untold",
            links.asserted,
            links.right,
            links.candidates,
            links.superseded,
            links.retracted,
            links.repeated,
            links.untold
        ),
    );
    line(
        &mut text,
        format_args!(
            "truth: {} pairs, {} of them never delivered, {} not decidable (left alone: {})\n",
            links.true_pairs,
            links.undelivered,
            links.undecidable,
            percent(&score.undecidable_left_alone)
        ),
    );
    rungs(score, &mut text);
    places(score, &mut text);
    let time = &score.time_to_link;
    line(
        &mut text,
        format_args!("time to link  {}; {} not known", quantiles(&time.after_later_ms, "ms"), time.unknown),
    );
    line(&mut text, format_args!("after the span {}", quantiles(&time.late_by_ms, "ms")));
    match score.verdicts.value() {
        None => line(&mut text, format_args!("verdicts      {}", score.verdicts.text(|_| String::new()))),
        Some(verdicts) => verdict(verdicts, &mut text),
    }
    let fleet = score.fleet.text(|fleet| {
        let delay = quantiles(&fleet.delay_s, "s");
        format!("detected {}, delay {delay}, {} false", percent(&fleet.detected), fleet.false_explanations)
    });
    line(&mut text, format_args!("fleet         {fleet}"));
    let clocks = score.clocks.text(|clocks| quantiles(&Measure::Of(clocks.error_ms.clone()), "ms"));
    line(&mut text, format_args!("clock error   {clocks}"));
    text
}

fn rungs(score: &Score, text: &mut String) {
    line(
        text,
        format_args!(
            "{:4} {:>8} {:>8}  {:22} {:22} {:>8} {:>9} {:>8}",
            "rung",
            "eligible",
            "asserted",
            "precision % [95 %]",
            "recall % [95 %]",
            "F1",
            "abstained",
            "stat-obs"
        ),
    );
    for rung in &score.rungs {
        let stated = rung.stated_minus_observed.text(|gap| format!("{gap:+.4}"));
        line(
            text,
            format_args!(
                "{:4} {:>8} {:>8}  {:22} {:22} {:>8} {:>9} {:>8}",
                rung.rung,
                rung.eligible,
                rung.asserted,
                percent_within(&rung.precision),
                percent_within(&rung.recall),
                figure(&rung.f1),
                percent(&rung.abstention),
                stated
            ),
        );
    }
    text.push('\n');
}

fn places(score: &Score, text: &mut String) {
    for rung in &score.rungs {
        if let Some(of) = rung.calibration.value() {
            line(text, format_args!("{:4} confidence          {}", rung.rung, calibration(of)));
        }
        for (kind, spread) in [("service", &rung.services), ("app connector", &rung.app_connectors)] {
            if let Some(spread) = spread.value() {
                line(text, format_args!("{:4} worst {kind:13} {}", rung.rung, worst(spread)));
            }
        }
        for Place { name, precision, recall, f1 } in several(&rung.feeds) {
            let (precision, recall) = (percent(precision), percent(recall));
            line(text, format_args!("{:4} {name:19} F1 {f1:.4}, {precision} / {recall}", rung.rung));
        }
    }
    text.push('\n');
}

fn worst(spread: &Spread) -> String {
    let Spread { places, mean_f1, worst } = spread;
    let (precision, recall) = (percent(&worst.precision), percent(&worst.recall));
    format!("F1 {:.4} (mean of {places}: {mean_f1:.4}), {precision} / {recall}, {}", worst.f1, worst.name)
}

fn calibration(calibration: &Calibration) -> String {
    let Calibration { ece, brier, bins } = calibration;
    format!("ECE {ece:.4}, Brier {brier:.4}, {} bins", bins.len())
}

/// The order of figures in one line.
pub(crate) fn quantiles(quantiles: &Measure<Quantiles>, unit: &str) -> String {
    quantiles.text(|of| {
        let Quantiles { cases, p50, p90, p99, max, .. } = of;
        format!(
            "p50 {p50:.1} {unit}, p90 {p90:.1} {unit}, p99 {p99:.1} {unit}, max {max:.1} {unit} of {cases}"
        )
    })
}

fn verdict(verdicts: &VerdictScore, text: &mut String) {
    let rows = [
        ("coverage", &verdicts.coverage),
        ("oracle's coverage", &verdicts.oracle_coverage),
        ("exact", &verdicts.exact),
        ("groups", &verdicts.groups),
        ("our code blamed", &verdicts.our_code_blamed),
        ("edge blamed", &verdicts.edge_blamed),
        ("edge, no incident", &verdicts.edge_blamed_without_incident),
        ("rightly unsure", &verdicts.rightly_unsure),
    ];
    for (what, share) in rows {
        line(text, format_args!("verdicts      {what:18} {}", percent_within(share)));
    }
    line(text, format_args!("verdicts      macro-F1 {}", figure(&verdicts.macro_f1)));
    line(text, format_args!("verdicts      {}", verdicts.calibration.text(calibration)));
    for cell in &verdicts.confusion {
        line(text, format_args!("verdicts      {:16} said {:16} {}", cell.truth, cell.said, cell.requests));
    }
}

/// Adds a line without control characters, cut where it would be too wide.
fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    let mut whole = String::new();
    // Writing into a string cannot fail.
    whole.write_fmt(arguments).unwrap_or_default();
    let blank = whole.ends_with('\n');
    text.extend(whole.trim_end().chars().map(|c| if c.is_control() { '?' } else { c }).take(WIDTH));
    text.push_str(if blank { "\n\n" } else { "\n" });
}
