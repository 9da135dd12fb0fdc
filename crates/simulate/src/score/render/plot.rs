//! Plots as inline SVG. Colours are classes; the page's style gives them their light and dark.

use std::fmt::Write;

use super::super::calibration::Bin;
use super::super::latency::Quantiles;
use super::super::measure::Share;
use super::super::rung::RungScore;

const WIDTH: f64 = 640.0;
const LEFT: f64 = 56.0;
const ROW: f64 = 34.0;
/// The side of a square plot.
const SIDE: f64 = 280.0;

fn put(svg: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing into a string cannot fail.
    svg.write_fmt(arguments).unwrap_or_default();
}

/// Precision and recall of each rung that has them, with their intervals. The axis begins at 0: a bar's length is its share.
pub(crate) fn rungs(scores: &[RungScore]) -> String {
    let shown: Vec<&RungScore> = scores
        .iter()
        .filter(|score| score.precision.value().is_some() || score.recall.value().is_some())
        .collect();
    let height = shown.len() as f64 * ROW + 24.0;
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"precision and recall of each rung\">"
    );
    for quarter in 0..=4 {
        let x = LEFT + f64::from(quarter) * (WIDTH - LEFT - 16.0) / 4.0;
        let (end, label) = (height - 20.0, quarter * 25);
        put(
            &mut svg,
            format_args!(
                "<line class=\"grid\" x1=\"{x}\" y1=\"0\" x2=\"{x}\" y2=\"{end}\"/>\
                 <text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{label} %</text>",
                height - 6.0
            ),
        );
    }
    for (row, score) in shown.iter().enumerate() {
        let y = row as f64 * ROW + 4.0;
        let name = super::html::escaped(&score.rung);
        put(&mut svg, format_args!("<text x=\"4\" y=\"{}\">{name}</text>", y + 17.0));
        bar(&mut svg, ("precision", y), score.precision.value());
        bar(&mut svg, ("recall", y + 13.0), score.recall.value());
    }
    svg.push_str("</svg>");
    svg
}

fn bar(svg: &mut String, (class, y): (&str, f64), share: Option<&Share>) {
    let Some(share) = share else {
        put(svg, format_args!("<text class=\"quiet\" x=\"{LEFT}\" y=\"{}\">no {class}</text>", y + 10.0));
        return;
    };
    let long = |share: f64| share * (WIDTH - LEFT - 16.0);
    let (low, high) = share.interval();
    let (from, to, middle) = (LEFT + long(low), LEFT + long(high), y + 5.5);
    put(
        svg,
        format_args!(
            "<rect class=\"{class}\" x=\"{LEFT}\" y=\"{y}\" width=\"{:.1}\" height=\"11\"><title>{class} {:.3} %, {} of {}, \
             95 % within {:.3} to {:.3} %</title></rect>\
             <line class=\"whisker\" x1=\"{from:.1}\" y1=\"{middle}\" x2=\"{to:.1}\" y2=\"{middle}\"/>",
            long(share.value()),
            share.value() * 100.0,
            share.hits,
            share.cases,
            low * 100.0,
            high * 100.0
        ),
    );
}

/// What was stated against what was observed; on the diagonal is right. The axes begin at the tenth below everything shown.
pub(crate) fn reliability(bins: &[Bin]) -> String {
    let lowest = bins.iter().map(|bin| bin.stated.min(bin.observed.interval().0)).fold(0.9, f64::min);
    let from = ((lowest * 10.0).floor() / 10.0).clamp(0.0, 0.9);
    let mut svg = square("stated confidence, rightwards, against observed share, upwards");
    let (start, end) = (LEFT, LEFT + SIDE);
    put(
        &mut svg,
        format_args!("<line class=\"grid\" x1=\"{start}\" y1=\"{}\" x2=\"{end}\" y2=\"8\"/>", SIDE + 8.0),
    );
    let along = |share: f64| ((share - from) / (1.0 - from)).clamp(0.0, 1.0) * SIDE;
    let at = |stated: f64, observed: f64| (LEFT + along(stated), 8.0 + SIDE - along(observed));
    for bin in bins {
        let (x, y) = at(bin.stated, bin.observed.value());
        let (low, high) = bin.observed.interval();
        let ((_, bottom), (_, top)) = (at(bin.stated, low), at(bin.stated, high));
        put(
            &mut svg,
            format_args!(
                "<line class=\"whisker\" x1=\"{x:.1}\" y1=\"{bottom:.1}\" x2=\"{x:.1}\" y2=\"{top:.1}\"/>\
                 <circle class=\"precision\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"><title>stated {:.4}, observed {:.4} of {}</title></circle>",
                bin.stated,
                bin.observed.value(),
                bin.observed.cases
            ),
        );
    }
    let from = format!("{from:.1}");
    label(&mut svg, (&from, "stated 1"), (&from, "seen 1"));
    svg.push_str("</svg>");
    svg
}

/// The share of figures up to each value.
pub(crate) fn cumulated(quantiles: &Quantiles, what: &str) -> String {
    let mut svg = square(what);
    let scale = if quantiles.max > 0.0 { quantiles.max } else { 1.0 };
    let mut points = String::new();
    for (percent, value) in quantiles.percentiles.iter().enumerate() {
        let x = LEFT + (value / scale).clamp(0.0, 1.0) * SIDE;
        let y = 8.0 + (1.0 - percent as f64 / 100.0) * SIDE;
        put(&mut points, format_args!("{x:.1},{y:.1} "));
    }
    put(&mut svg, format_args!("<polyline class=\"curve\" points=\"{}\"/>", points.trim_end()));
    let longest = format!("{scale:.0} ms");
    label(&mut svg, ("0", &longest), ("0", "100 %"));
    svg.push_str("</svg>");
    svg
}

fn square(what: &str) -> String {
    let (width, height) = (LEFT + SIDE + 40.0, SIDE + 32.0);
    let what = super::html::escaped(what);
    format!(
        "<svg class=\"square\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{what}\">\
         <rect class=\"frame\" x=\"{LEFT}\" y=\"8\" width=\"{SIDE}\" height=\"{SIDE}\"/>"
    )
}

fn label(svg: &mut String, (left, right): (&str, &str), (bottom, top): (&str, &str)) {
    let (below, end) = (SIDE + 26.0, LEFT + SIDE);
    let beside = LEFT - 6.0;
    put(
        svg,
        format_args!(
            "<text x=\"{LEFT}\" y=\"{below}\">{left}</text><text x=\"{end}\" y=\"{below}\" text-anchor=\"end\">{right}</text>\
             <text x=\"{beside}\" y=\"{}\" text-anchor=\"end\">{bottom}</text><text x=\"{beside}\" y=\"18\" text-anchor=\"end\">{top}</text>",
            SIDE + 8.0
        ),
    );
}
