//! The waterfall: pure, a trace in, text out.

use std::collections::{BTreeMap, BTreeSet};

use fanlight_model::Timestamp;

use super::model::{AccessEvent, Link, Segments, Span, Trace};
use crate::commands::terminal::harmless;

/// The share of the width that names take.
const NAME_SHARE: usize = 3;
const MIN_NAME: usize = 22;
/// What stands behind a bar: its duration.
const DURATION_WIDTH: usize = 10;
/// A set-up longer before its span than this is not drawn to scale.
const LONGEST_LEAD_NS: i64 = 60_000_000_000;
/// A trace with more lines than this is not read in a terminal.
const MAX_LINES: usize = 500;

/// Draws a trace on `width` columns.
pub(super) fn draw(trace: &Trace, width: usize) -> String {
    let axis = Axis::of(trace, width);
    let mut lines = vec![headline(trace, &axis), String::new()];
    for link in asserted(trace) {
        if let Some(event) = event_of(trace, link) {
            lines.extend(context(link, event, trace));
            lines.push(String::new());
        }
    }
    if asserted(trace).next().is_none() {
        lines.push("no access event received for this trace (feeds can be filtered and records lost: it does not mean that nothing happened)".to_owned());
        lines.push(String::new());
    }
    lines.push(axis.scale());
    lines.extend(access_lanes(trace, &axis));
    let spans = span_lanes(trace, &axis);
    let hidden = spans.len().saturating_sub(MAX_LINES);
    lines.extend(spans.into_iter().take(MAX_LINES));
    if hidden > 0 {
        lines.push(format!("… and {hidden} more spans; `--output json` has them all"));
    }
    lines.push("█ a span  ▓ connection set-up  ░ connection at the edge  ▒ made by Fanlight from a late access event".to_owned());
    for segments in &trace.segments {
        lines.push(String::new());
        lines.extend(time_spent(trace, segments));
    }
    if !trace.missing.is_empty() {
        lines.push(String::new());
        lines.push("not in this answer".to_owned());
        lines.extend(
            trace
                .missing
                .iter()
                .map(|missing| format!("  {:<16} {}", harmless(&missing.name), harmless(&missing.why))),
        );
    }
    lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
}

fn headline(trace: &Trace, axis: &Axis) -> String {
    let synthetic = trace.spans.iter().filter(|span| span.synthetic).count();
    let own = trace.spans.len() - synthetic;
    let services: BTreeSet<&str> = trace
        .spans
        .iter()
        .filter(|span| !span.synthetic)
        .filter_map(|span| span.service_name.as_deref())
        .collect();
    let services: Vec<String> = services.into_iter().map(harmless).collect();
    format!(
        "trace {}  {own} {} of {}, {} access {}\nfrom {}, {} in all",
        harmless(&trace.trace_id),
        plural(own, "span", "spans"),
        if services.is_empty() { "an unnamed service".to_owned() } else { services.join(", ") },
        trace.access_events.len(),
        plural(trace.access_events.len(), "event", "events"),
        axis.from.to_rfc3339(),
        duration(axis.length),
    )
}

fn plural(count: usize, one: &'static str, many: &'static str) -> &'static str {
    if count == 1 { one } else { many }
}

fn asserted(trace: &Trace) -> impl Iterator<Item = &Link> {
    trace.links.iter().filter(|link| link.state == "asserted")
}

fn event_of<'a>(trace: &'a Trace, link: &Link) -> Option<&'a AccessEvent> {
    trace.access_events.iter().find(|event| event.event_uid == link.event_uid)
}

/// Who, by which device, what the edge did by which rule, and how sure the link is.
fn context(link: &Link, event: &AccessEvent, trace: &Trace) -> Vec<String> {
    let span =
        trace.spans.iter().find(|span| span.span_id == link.span_id).map_or("a span", |span| &span.name);
    let said =
        |value: &Option<String>| value.as_deref().map_or_else(|| "not said by the feed".to_owned(), harmless);
    let who = match (&event.user_name, &event.principal_id) {
        (Some(name), Some(id)) => format!("{} ({})", harmless(name), harmless(id)),
        (Some(one), None) | (None, Some(one)) => harmless(one),
        (None, None) => "not said by the feed".to_owned(),
    };
    let reason = event.reason.as_deref().map_or(String::new(), |reason| format!(" ({})", harmless(reason)));
    let rival = if link.runner_up > 0.0 {
        format!("best rival {:.4}", link.runner_up)
    } else {
        "no rival".to_owned()
    };
    let inside = if link.residual_ms > 0.0 {
        format!("{:.1} ms outside the connection's life", link.residual_ms)
    } else {
        "inside the connection's life".to_owned()
    };
    let late = if link.late_by_ms > 0.0 {
        format!("late by {}", duration((link.late_by_ms * 1e6) as i64))
    } else {
        "on time".to_owned()
    };
    vec![
        format!("  {}", harmless(span)),
        format!("    who          {who}, from {}", said(&event.client_address)),
        format!("    device       {}", said(&event.device)),
        format!("    app          {}", said(&event.app)),
        format!(
            "    edge         {}, service edge {}, app connector {}",
            said(&event.product),
            said(&event.service_edge),
            said(&event.app_connector)
        ),
        format!("    rule         {}", said(&event.rule)),
        format!("    disposition  {}{reason}", said(&event.disposition)),
        format!(
            "    link         {} {}, confidence {:.4}, {rival}, {inside}, {late}",
            harmless(&link.rung),
            harmless(&link.relation).replace('_', " "),
            link.confidence
        ),
    ]
}

/// The time axis that all lanes share.
struct Axis {
    from: Timestamp,
    length: i64,
    name_width: usize,
    bar_width: usize,
}

impl Axis {
    fn of(trace: &Trace, width: usize) -> Self {
        let spans_from = trace.spans.iter().map(Span::start).min().unwrap_or_default();
        let to = trace.spans.iter().map(Span::end).max().unwrap_or(spans_from);
        // The first request of a connection paid the set-up before it; one that idled for long first would flatten the rest.
        let set_ups = asserted(trace)
            .filter(|link| link.first_on_connection)
            .filter_map(|link| event_of(trace, link)?.start_time)
            .filter(|start| spans_from.nanos_since(*start) < LONGEST_LEAD_NS);
        let from = set_ups.chain([spans_from]).min().unwrap_or(spans_from);
        let name_width = (width / NAME_SHARE).max(MIN_NAME);
        let bar_width = width.saturating_sub(name_width + DURATION_WIDTH + 1).max(10);
        Self { from, length: to.nanos_since(from).max(1), name_width, bar_width }
    }

    fn scale(&self) -> String {
        let middle = format!(
            "{:^width$}",
            duration(self.length / 2),
            width = self.bar_width.saturating_sub(duration(self.length).chars().count() + 1)
        );
        format!(
            "{:name$} 0{}{}",
            "",
            middle.get(..).unwrap_or(""),
            duration(self.length),
            name = self.name_width
        )
    }

    /// One line: name, bar, note. The bar is made of stretches, each with its own glyph; a later one covers an earlier one.
    fn lane(&self, name: &str, stretches: &[(Timestamp, Timestamp, char)], note: &str) -> String {
        let column = |time: Timestamp| {
            let since = i128::from(time.nanos_since(self.from).clamp(0, self.length));
            usize::try_from(since * self.bar_width as i128 / i128::from(self.length))
                .unwrap_or(0)
                .min(self.bar_width)
        };
        let mut bar = vec![' '; self.bar_width];
        for (from, to, fill) in stretches {
            let (start, end) = (column(*from), column(*to));
            let is_short = end <= start;
            let (start, end) =
                if is_short { (start.min(self.bar_width - 1), start + 1) } else { (start, end) };
            let glyph = if is_short { '▏' } else { *fill };
            bar.iter_mut().take(end).skip(start).for_each(|cell| *cell = glyph);
        }
        format!("{} {} {note}", fit(name, self.name_width), bar.into_iter().collect::<String>())
    }
}

/// The access lane: the edge's side of each linked connection, and the set-up before the first request.
fn access_lanes(trace: &Trace, axis: &Axis) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut lines = Vec::new();
    for link in asserted(trace) {
        let Some(event) = event_of(trace, link).filter(|_| seen.insert(&link.event_uid)) else { continue };
        let name = format!(
            "{} {}",
            event.product.as_deref().unwrap_or("access"),
            event.user_name.as_deref().or(event.principal_id.as_deref()).unwrap_or("")
        );
        let from = event.start_time.unwrap_or(axis.from);
        let to = event.end_time.unwrap_or_else(|| axis.from.shifted(axis.length));
        let mut stretches = vec![(from, to, '░')];
        let set_up = event.stamp_setup_complete.filter(|done| link.first_on_connection && *done > from);
        stretches.extend(set_up.map(|done| (from, done, '▓')));
        let note = event.disposition.as_deref().map_or(String::new(), harmless);
        lines.push(axis.lane(&name, &stretches, &note));
    }
    lines
}

/// Spans in tree order. A span whose parent is not here stands at the top and is marked.
fn span_lanes(trace: &Trace, axis: &Axis) -> Vec<String> {
    let ids: BTreeSet<&str> = trace.spans.iter().map(|span| span.span_id.as_str()).collect();
    let mut children: BTreeMap<&str, Vec<&Span>> = BTreeMap::new();
    let mut stack: Vec<(&Span, usize, bool)> = Vec::new();
    for span in &trace.spans {
        match span.parent_span_id.as_deref().filter(|parent| !parent.is_empty()) {
            Some(parent) if ids.contains(parent) && parent != span.span_id => {
                children.entry(parent).or_default().push(span)
            }
            parent => stack.push((span, 0, parent.is_some())),
        }
    }
    children
        .values_mut()
        .for_each(|list| list.sort_by_key(|span| std::cmp::Reverse((span.start(), span.span_id.clone()))));
    stack.sort_by_key(|(span, ..)| std::cmp::Reverse((span.start(), span.span_id.clone())));
    let mut lines = Vec::new();
    while let Some((span, depth, is_orphan)) = stack.pop() {
        lines.push(span_lane(span, depth, is_orphan, axis));
        stack.extend(
            children
                .remove(span.span_id.as_str())
                .unwrap_or_default()
                .into_iter()
                .map(|child| (child, depth + 1, false)),
        );
    }
    // What is left hangs on a ring of parents, which no tree reaches.
    lines.extend(children.into_values().flatten().map(|span| span_lane(span, 0, true, axis)));
    lines
}

fn span_lane(span: &Span, depth: usize, is_orphan: bool, axis: &Axis) -> String {
    let indent = "  ".repeat(depth.min(8));
    let orphan = if is_orphan { "↯ " } else { "" };
    let service = span
        .service_name
        .as_deref()
        .filter(|_| !span.synthetic)
        .map_or(String::new(), |service| format!("{service} "));
    let name = format!("{indent}{orphan}{service}{}", span.name);
    let failed = if span.status_code.as_deref() == Some("error") { " ✗" } else { "" };
    let fill = if span.synthetic { '▒' } else { '█' };
    axis.lane(
        &name,
        &[(span.start(), span.end(), fill)],
        &format!("{}{failed}", duration(span.duration_ns.unwrap_or(0))),
    )
}

/// Where the time went, as far as the edge's stamps tell.
fn time_spent(trace: &Trace, segments: &Segments) -> Vec<String> {
    let link = trace.links.iter().find(|link| link.link_id == segments.link_id);
    let span = link.and_then(|link| trace.spans.iter().find(|span| span.span_id == link.span_id));
    let of = span.map_or(String::new(), |span| format!(" before {}", harmless(&span.name)));
    let mut lines = vec![format!("time at the edge{of}")];
    if segments.measured.is_empty() {
        lines.push("  nothing was measured for this request".to_owned());
    }
    let longest =
        segments.measured.iter().filter_map(|segment| segment.duration_ns).max().unwrap_or(1).max(1);
    for segment in &segments.measured {
        let length = segment.duration_ns.unwrap_or(0);
        let cells = usize::try_from(i128::from(length) * 30 / i128::from(longest)).unwrap_or(0);
        lines.push(format!(
            "  {:<16} {:>10}  {}",
            harmless(&segment.name),
            duration(length),
            "█".repeat(cells)
        ));
        for portion in segments.portions.iter().filter(|portion| portion.of == segment.name) {
            lines.push(format!(
                "    of it {:<10} {:>8}",
                harmless(&portion.name),
                duration(portion.duration_ns.unwrap_or(0))
            ));
        }
    }
    if !segments.missing.is_empty() {
        lines.push("  not measured".to_owned());
        lines.extend(
            segments
                .missing
                .iter()
                .map(|missing| format!("    {:<14} {}", harmless(&missing.name), harmless(&missing.why))),
        );
    }
    lines
}

/// Cuts or pads to a width, harmlessly.
fn fit(text: &str, width: usize) -> String {
    let text = harmless(text);
    let length = text.chars().count();
    if length <= width {
        return format!("{text:<width$}");
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

/// Nanoseconds as a person says them, three digits.
fn duration(nanos: i64) -> String {
    let value = nanos as f64;
    let (number, unit) = match nanos.unsigned_abs() {
        0 => return "0 ms".to_owned(),
        1..1_000 => return format!("{nanos} ns"),
        1_000..1_000_000 => (value / 1e3, "µs"),
        1_000_000..1_000_000_000 => (value / 1e6, "ms"),
        1_000_000_000..120_000_000_000 => (value / 1e9, "s"),
        120_000_000_000..7_200_000_000_000 => (value / 60e9, "min"),
        _ => (value / 3_600e9, "h"),
    };
    if number.abs() >= 100.0 { format!("{number:.0} {unit}") } else { format!("{number:.1} {unit}") }
}

#[cfg(test)]
mod tests;
