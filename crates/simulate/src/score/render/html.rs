//! The score as one HTML page that needs nothing else: no script, no font, no picture from elsewhere.

use std::fmt::Write;

use super::super::rung::{Place, Spread};
use super::super::verdict::VerdictScore;
use super::super::{Measure, Score};
use super::table::quantiles;
use super::{figure, percent, percent_within, plot, several};

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1c2330;--paper:#fff;--quiet:#667085;--line:#d5dae3;--one:#2563a8;--two:#c2700e}\
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ef;--paper:#14181f;--quiet:#98a2b3;--line:#343b48;--one:#6ca8ec;--two:#f0a848}}\
body{font:15px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:62rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.4rem;margin:0}h2{font-size:1.1rem;margin:1.8rem 0 .4rem}p{margin:.3rem 0}\
table{border-collapse:collapse;font-variant-numeric:tabular-nums;width:100%}\
th,td{text-align:left;padding:.2rem .6rem .2rem 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}\
.quiet{color:var(--quiet);fill:var(--quiet)}svg{width:100%;max-width:640px;height:auto}svg.square{max-width:376px}\
svg text{font-size:11px;fill:var(--ink)}svg .quiet{fill:var(--quiet)}.grid{stroke:var(--line)}.frame{fill:none;stroke:var(--line)}\
.precision{fill:var(--one)}.recall{fill:var(--two)}.whisker{stroke:var(--ink);stroke-width:1.5}\
.curve{fill:none;stroke:var(--one);stroke-width:2}.pair{display:flex;flex-wrap:wrap;gap:1rem}.pair>div{flex:1 1 20rem}";

/// The whole page.
pub(crate) fn page(score: &Score) -> String {
    let mut page = String::with_capacity(32_768);
    page.push_str("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">");
    page.push_str("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">");
    page.push_str("<meta name=\"viewport\" content=\"width=device-width\"><title>Score</title><style>");
    page.push_str(STYLE);
    page.push_str("</style></head><body><h1>How good the answers were</h1>");
    head(score, &mut page);
    rungs(score, &mut page);
    places(score, &mut page);
    plots(score, &mut page);
    rest(score, &mut page);
    page.push_str("</body></html>\n");
    page
}

/// Text that is only text, in an element as in a quoted attribute.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

fn row(page: &mut String, tag: &str, cells: &[&str]) {
    page.push_str("<tr>");
    for cell in cells {
        // Writing into a string cannot fail.
        write!(page, "<{tag}>{}</{tag}>", escaped(cell)).unwrap_or_default();
    }
    page.push_str("</tr>");
}

fn paragraph(page: &mut String, text: &str) {
    write!(page, "<p>{}</p>", escaped(text)).unwrap_or_default();
}

fn head(score: &Score, page: &mut String) {
    let company: Vec<String> = score.company.iter().map(|(key, value)| format!("{key} {value}")).collect();
    write!(page, "<p class=\"quiet\">Company: {}</p>", escaped(&company.join(", "))).unwrap_or_default();
    if let Some(all) = score.rungs.last() {
        let (precision, recall) = (percent(&all.precision), percent(&all.recall));
        let text = format!(
            "Of {} asserted links, {precision} are right; of {} pairs that could be found, {recall} are.",
            all.asserted, all.eligible
        );
        paragraph(page, &text);
    }
    let links = &score.links;
    let text = format!(
        "The truth has {} pairs: {} were never delivered, {} are not decidable (left alone: {}). \
         {} candidates, {} superseded and {} retracted links are not counted as said; nothing is known of {} more.",
        links.true_pairs,
        links.undelivered,
        links.undecidable,
        percent(&score.undecidable_left_alone),
        links.candidates,
        links.superseded,
        links.retracted,
        links.untold
    );
    paragraph(page, &text);
}

fn rungs(score: &Score, page: &mut String) {
    page.push_str("<h2>Links by rung</h2><p><span style=\"color:var(--one)\">&#9632;</span> precision ");
    page.push_str("<span style=\"color:var(--two)\">&#9632;</span> recall; lines are 95 % intervals</p>");
    page.push_str(&plot::rungs(&score.rungs));
    page.push_str("<table>");
    row(
        page,
        "th",
        &["rung", "eligible", "asserted", "precision %", "recall %", "F1", "abstained", "stated - observed"],
    );
    for rung in &score.rungs {
        let cells = [
            rung.rung.clone(),
            rung.eligible.to_string(),
            rung.asserted.to_string(),
            percent_within(&rung.precision),
            percent_within(&rung.recall),
            figure(&rung.f1),
            percent(&rung.abstention),
            rung.stated_minus_observed.text(|gap| format!("{gap:+.4}")),
        ];
        row(page, "td", &cells.each_ref().map(String::as_str));
    }
    page.push_str("</table>");
}

fn places(score: &Score, page: &mut String) {
    page.push_str("<h2>The worst places, and every feed</h2><table>");
    row(page, "th", &["rung", "what", "which", "F1", "mean F1", "precision", "recall"]);
    for rung in &score.rungs {
        for (kind, spread) in [("service", &rung.services), ("app connector", &rung.app_connectors)] {
            let Some(Spread { places, mean_f1, worst }) = spread.value() else { continue };
            let (f1, mean) = (format!("{:.4}", worst.f1), format!("{mean_f1:.4} of {places}"));
            let (precision, recall) = (percent(&worst.precision), percent(&worst.recall));
            row(page, "td", &[&rung.rung, kind, &worst.name, &f1, &mean, &precision, &recall]);
        }
        for Place { name, precision, recall, f1 } in several(&rung.feeds) {
            let (f1, precision, recall) = (format!("{f1:.4}"), percent(precision), percent(recall));
            row(page, "td", &[&rung.rung, "feed", name, &f1, "", &precision, &recall]);
        }
    }
    page.push_str("</table>");
}

fn plots(score: &Score, page: &mut String) {
    page.push_str("<div class=\"pair\"><div><h2>Confidence</h2>");
    let text = score.calibration().text(|of| format!("ECE {:.4}, Brier {:.4}", of.ece, of.brier));
    paragraph(page, &text);
    if let Measure::Of(calibration) = score.calibration() {
        page.push_str(&plot::reliability(&calibration.bins));
    }
    page.push_str("</div><div><h2>Time to link</h2>");
    let time = &score.time_to_link;
    let text = format!("{}; {} not known", quantiles(&time.after_later_ms, "ms"), time.unknown);
    paragraph(page, &text);
    if let Measure::Of(quantiles) = &time.after_later_ms {
        page.push_str(&plot::cumulated(quantiles, "share of links up to each time after the later arrival"));
    }
    paragraph(page, &format!("From the span's arrival: {}", quantiles(&time.late_by_ms, "ms")));
    page.push_str("</div></div>");
}

fn rest(score: &Score, page: &mut String) {
    page.push_str("<h2>Verdicts</h2>");
    match &score.verdicts {
        Measure::Of(verdicts) => verdict(verdicts, page),
        other => paragraph(page, &other.text(|_| String::new())),
    }
    page.push_str("<h2>Fleet</h2>");
    let fleet = score.fleet.text(|fleet| {
        let delay = quantiles(&fleet.delay_s, "s");
        format!("Detected {}, delay {delay}, {} false", percent(&fleet.detected), fleet.false_explanations)
    });
    paragraph(page, &fleet);
    page.push_str("<h2>Clock error</h2>");
    paragraph(page, &score.clocks.text(|clocks| quantiles(&Measure::Of(clocks.error_ms.clone()), "ms")));
}

fn verdict(verdicts: &VerdictScore, page: &mut String) {
    page.push_str("<table>");
    let shares = [
        ("coverage", &verdicts.coverage),
        ("the oracle's coverage", &verdicts.oracle_coverage),
        ("exact assertions that are right", &verdicts.exact),
        ("groups that are right", &verdicts.groups),
        ("our code blamed for the edge", &verdicts.our_code_blamed),
        ("the edge blamed for our code", &verdicts.edge_blamed),
        ("the edge blamed without an incident", &verdicts.edge_blamed_without_incident),
        ("rightly unsure", &verdicts.rightly_unsure),
    ];
    for (what, share) in shares {
        row(page, "td", &[what, &percent_within(share)]);
    }
    row(page, "td", &["macro-F1", &figure(&verdicts.macro_f1)]);
    page.push_str("</table><table>");
    row(page, "th", &["true cause", "said", "requests"]);
    for cell in &verdicts.confusion {
        row(page, "td", &[&cell.truth, &cell.said, &cell.requests.to_string()]);
    }
    page.push_str("</table>");
}
