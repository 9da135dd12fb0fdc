//! ZIA's firewall log to the access event.

use std::sync::Arc;

use fanlight_model::{AccessEvent, Disposition, Effect};

use super::logged::{Anchor, date, logged};
use super::reader::Reader;
use super::zia::{begin, ip_protocol, is_yes};
use super::zia_policy::{self, effects};
use crate::decode::note::Note;
use crate::decode::table::zia_firewall::T;

/// What `connection_status` says of a row that stands for many sessions.
pub(crate) const AGGREGATED: &str = "aggregated";

/// One firewall session, logged at its end. The side that the destination sees is what the app's span has for a peer.
pub(crate) fn access_event(reader: &mut Reader<'_, '_>, raw: Arc<str>) -> AccessEvent {
    let mut event = begin(reader, reader.own_text(T::recordid), raw);
    let places = [reader.rendered(T::location)];
    (event.user_name, event.principal_id) = reader.person(T::login, &places);
    event.device = reader.rendered_or_opaque(T::devicehostname);
    fill_where(&mut event, reader);
    fill_what(&mut event, reader);
    event.total_bytes = [reader.number(T::inbytes), reader.number(T::outbytes)]
        .into_iter()
        .flatten()
        .fold(0, u64::saturating_add);
    let aggregated =
        is_yes(reader.value(T::aggregate)) || reader.number(T::numsessions).is_some_and(|number| number > 1);
    // A row that stands for many lasted as long as they did one after another, not from then to then.
    let nanos = if aggregated { None } else { duration(reader) };
    let logged = logged(reader);
    date(&mut event, logged, nanos, Anchor::End);
    if aggregated {
        without_sockets(&mut event, reader);
    }
    event.parse_level = reader.level();
    event
}

/// In ms where the template has them, else in whole seconds.
fn duration(reader: &mut Reader<'_, '_>) -> Option<i64> {
    let millis = reader.number(T::durationms).map(nanos_of_millis);
    millis.or_else(|| reader.number(T::duration).map(nanos_of_seconds))
}

pub(crate) fn nanos_of_seconds(seconds: u64) -> i64 {
    nanos_of_millis(seconds.saturating_mul(1_000))
}

pub(crate) fn nanos_of_millis(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX).saturating_mul(1_000_000)
}

/// Ports and addresses of such a row are those of its last session only: nothing is joined by them.
pub(crate) fn without_sockets(event: &mut AccessEvent, reader: &mut Reader<'_, '_>) {
    reader.notes.add(Note::Aggregated);
    event.connection_status = Some(reader.memo.text(AGGREGATED));
    event.client_port = None;
    event.connector = None;
    event.connector_address = None;
    event.server_address = None;
    event.server_port = None;
}

fn fill_where(event: &mut AccessEvent, reader: &mut Reader<'_, '_>) {
    event.client_address = reader.address(T::csip).map(|address| reader.memo.text(&address.to_string()));
    event.client_port = reader.port(T::csport);
    event.service_edge = reader.text(T::datacenter);
    let port = reader.port(T::ssport);
    event.set_connector(reader.address(T::ssip), port);
    event.server_address = reader.address(T::sdip);
    event.server_port = reader.port(T::sdport);
    event.ip_protocol = reader.value(T::ipproto).and_then(ip_protocol);
    let address = reader.address(T::cdip).map(|address| reader.memo.text(&address.to_string()));
    event.host = reader.text(T::cdfqdn).or(address);
    event.service_port = reader.port(T::cdport);
    event.app = reader.text(T::nwapp);
    event.app_segment = reader.rendered(T::zpa_app_seg_name);
}

fn fill_what(event: &mut AccessEvent, reader: &mut Reader<'_, '_>) {
    let action = reader.value(T::action);
    let by_ips = action.is_some_and(zia_policy::is_by_ips);
    event.disposition = action.and_then(zia_policy::firewall);
    let blocked = event.disposition == Some(Disposition::Blocked);
    let redirected = reader.rendered(T::rdr_rulename).is_some() || reader.rendered(T::fwd_gw_name).is_some();
    let bypassed = is_yes(reader.value(T::bypassed_session))
        || action.is_some_and(|action| action.eq_ignore_ascii_case("CFG_BYPASSED"));
    event.effects = effects(&[
        (Effect::Rerouted, redirected || is_yes(reader.value(T::dnat))),
        (Effect::Inspected, by_ips && blocked),
        (Effect::Bypassed, bypassed),
    ]);
    let prevention = if by_ips { reader.text(T::ipsrulelabel) } else { None };
    event.rule = prevention.or_else(|| reader.rendered(T::rulelabel));
    event.reason = reader.text(T::action);
}
