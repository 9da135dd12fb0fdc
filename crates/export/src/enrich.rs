//! What a link adds: attributes on its span while it passes, or a synthetic access span when it comes late.
//!
//! Enrichment only adds (INV-5): a key that the span already has is never written again.

use bytes::Bytes;
use fanlight_model::{
    AccessEvent, Disposition, Link, Probe, SpanKind, Timestamp, attribute, synthetic_span_id,
};
use fanlight_otlp::{Attributes, SpanDraft, SpanView, encode_request};

/// The scope that synthetic spans carry.
const SCOPE_NAME: &str = "fanlight";

/// The name of a synthetic access span: one per product, so that backends can group by it.
const SYNTHETIC_NAME: &str = "zpa access";

/// The attributes that a link made in time adds to its span.
pub fn inline_attributes(span: &SpanView<'_>, link: &Link, event: &AccessEvent) -> Attributes {
    let mut attributes = Attributes::default();
    write_context(&mut attributes, link, event, &|key| !span.has_attribute(key));
    attributes
}

/// The synthetic access span of a late link, as a whole OTLP request: same trace, deterministic id, one span link to the span that
/// it explains. It hangs beside that span, or below it when that span is the root: never a second root.
///
/// The first request of a connection shows the set-up before it: the synthetic span starts at the connection's start. A later
/// request does not: a connection that lives for a day must not stretch a trace. The connection's true bounds are attributes.
pub fn synthetic_access_span(link: &Link, event: &AccessEvent, probe: &Probe) -> Bytes {
    let mut attributes = Attributes::default();
    attributes.push_bool(attribute::SYNTHETIC, true);
    write_context(&mut attributes, link, event, &|_| true);
    attributes.push_str(attribute::ACCESS_CONNECTION_START, &event.start_time.to_rfc3339());
    if let Some(end) = event.end_time {
        attributes.push_str(attribute::ACCESS_CONNECTION_END, &end.to_rfc3339());
    }
    let span = SpanDraft {
        trace_id: link.trace_id,
        span_id: synthetic_span_id(link.link_id),
        parent: if probe.parent_span_id.is_zero() { probe.span_id } else { probe.parent_span_id },
        name: SYNTHETIC_NAME.to_owned(),
        kind: SpanKind::Internal,
        start: synthetic_start(link, event, probe),
        end: probe.end,
        attributes,
        has_failed: false,
        links: vec![(link.trace_id, link.span_id)],
    };
    let mut resource = Attributes::default();
    resource.push_str(attribute::SERVICE_NAME, event.product().as_str());
    encode_request(&resource, SCOPE_NAME, &[span])
}

fn synthetic_start(link: &Link, event: &AccessEvent, probe: &Probe) -> Timestamp {
    let began = event.stamps.connection_start.filter(|_| link.first_on_connection);
    began.map_or(probe.start, |began| began.min(probe.start))
}

/// Writes all that is known; what is not known has no key.
fn write_context(attributes: &mut Attributes, link: &Link, event: &AccessEvent, may: &dyn Fn(&str) -> bool) {
    let mut text = |key: &str, value: Option<&str>| {
        if let Some(value) = value.filter(|_| may(key)) {
            attributes.push_str(key, value);
        }
    };
    text(attribute::USER_ID, event.principal_id.as_ref().map(|id| &*id.0));
    text(attribute::SECURITY_RULE_NAME, event.rule.as_deref());
    text(attribute::ACCESS_CLIENT_ADDRESS, event.client_address.as_deref());
    text(attribute::ACCESS_PRODUCT, Some(event.product().as_str()));
    text(attribute::ACCESS_DISPOSITION, event.disposition.map(Disposition::as_str));
    text(attribute::ACCESS_REASON, event.reason.as_deref());
    text(attribute::ACCESS_APP, event.app.as_deref());
    text(attribute::ACCESS_APP_SEGMENT, event.app_segment.as_deref());
    text(attribute::ACCESS_SERVICE_EDGE, event.service_edge.as_deref());
    text(attribute::ACCESS_APP_CONNECTOR, event.app_connector.as_deref());
    text(attribute::ACCESS_EVENT_UID, Some(&event.event_uid.to_string()));
    text(attribute::ACCESS_EVENT_TYPE, Some(event.feed.as_str()));
    text(attribute::LINK_ID, Some(&link.link_id.to_string()));
    text(attribute::LINK_RUNG, Some(link.rung.as_str()));
    if !event.effects.is_empty() && may(attribute::ACCESS_EFFECTS) {
        let effects: Vec<&str> = event.effects.iter().map(|effect| effect.as_str()).collect();
        attributes.push_str_list(attribute::ACCESS_EFFECTS, &effects);
    }
    let mut number = |key: &str, value: Option<f64>| {
        if let Some(value) = value.filter(|_| may(key)) {
            attributes.push_double(key, value);
        }
    };
    number(attribute::LINK_CONFIDENCE, Some(link.confidence));
    number(attribute::LINK_RUNNER_UP, Some(link.runner_up));
    number(attribute::LINK_RESIDUAL_MS, Some(link.residual_ms));
    number(attribute::LINK_LATE_BY_MS, Some(link.late_by_ms));
    if link.first_on_connection {
        let phases = &event.phases;
        number(attribute::ACCESS_PHASE_POLICY, phases.policy_us.map(seconds));
        number(attribute::ACCESS_PHASE_DISPATCH, phases.ca_us.map(seconds));
        number(attribute::ACCESS_PHASE_CONNECTOR_SETUP, phases.connector_setup_us.map(seconds));
        number(attribute::ACCESS_PHASE_SETUP, phases.setup_us.map(seconds));
        number(attribute::ACCESS_PHASE_SERVER_CONNECT, phases.server_setup_us.map(seconds));
    }
}

#[expect(clippy::cast_precision_loss, reason = "a set-up of 2^53 microseconds lasts 285 years")]
fn seconds(micros: u64) -> f64 {
    micros as f64 / 1_000_000.0
}
