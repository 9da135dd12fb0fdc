//! DNS logs of ZIA and of Cloud Connector to the access event: the name that was asked for is the host.

use std::sync::Arc;

use fanlight_model::{AccessEvent, Effect};

use super::logged::{Anchor, date, logged};
use super::reader::Reader;
use super::zia::{begin, ip_protocol, is_yes};
use super::zia_firewall::nanos_of_millis;
use super::zia_policy::{self, effects};
use crate::decode::table::cloud_connector_dns::T as C;
use crate::decode::table::zia_dns::T as Z;

/// One question, and how long its answer took.
pub(crate) fn access_event(reader: &mut Reader<'_, '_>, raw: Arc<str>) -> AccessEvent {
    let mut event = begin(reader, reader.own_text(Z::recordid), raw);
    let places = [reader.rendered(Z::location)];
    (event.user_name, event.principal_id) = reader.person(Z::login, &places);
    event.device = reader.rendered_or_opaque(Z::devicehostname);
    event.client_address = reader.address(Z::cip).map(|address| reader.memo.text(&address.to_string()));
    event.service_edge = reader.text(Z::datacenter);
    event.server_address = reader.address(Z::sip);
    event.server_port = reader.port(Z::sport);
    event.ip_protocol = match reader.value(Z::istcp) {
        Some(tcp) => Some(if is_yes(Some(tcp)) { 6 } else { 17 }),
        None => reader.value(Z::protocol).and_then(ip_protocol),
    };
    event.host = reader.text(Z::req);
    event.status = reader
        .number(Z::http_code)
        .and_then(|status| u16::try_from(status).ok())
        .filter(|status| *status != 0);
    event.app = reader.text(Z::dnsapp);
    event.reason = reader.text(Z::error);
    let question = reader.value(Z::reqaction).or_else(|| reader.value(Z::action));
    let (disposition, by_answer) = zia_policy::dns([question, reader.value(Z::resaction)]);
    event.disposition = disposition;
    let (first, second) =
        if by_answer { (Z::resrulelabel, Z::reqrulelabel) } else { (Z::reqrulelabel, Z::resrulelabel) };
    event.rule =
        reader.rendered(first).or_else(|| reader.rendered(second)).or_else(|| reader.rendered(Z::rulelabel));
    let isolated = reader
        .value(Z::devicetype)
        .is_some_and(|device| device.to_ascii_lowercase().contains("browser isolation"));
    event.effects = effects(&[
        (Effect::Rerouted, zia_policy::failed_over(reader.value(Z::dnsgw_flags))),
        (Effect::Isolated, isolated),
    ]);
    let millis = reader.number(Z::durationms);
    let logged = logged(reader);
    date(&mut event, logged, millis.map(nanos_of_millis), Anchor::Start);
    event.parse_level = reader.level();
    event
}

/// One question of a workload. The connector's own name is no principal.
pub(crate) fn connector_event(reader: &mut Reader<'_, '_>, raw: Arc<str>) -> AccessEvent {
    let mut event = begin(reader, reader.own_text(C::recordid), raw);
    event.client_address = reader.address(C::clt_ip).map(|address| reader.memo.text(&address.to_string()));
    event.app_connector = reader.text(C::name);
    event.server_address = reader.address(C::resolver);
    event.server_port = reader.port(C::srv_port);
    event.ip_protocol = reader.value(C::protocol).and_then(ip_protocol);
    event.host = reader.rendered_or_opaque(C::dom_str);
    event.reason = reader.text(C::dns_err);
    let actions = [reader.value(C::req_action), reader.value(C::res_action)];
    let (disposition, by_answer) = zia_policy::dns(actions);
    event.disposition = disposition;
    let (first, second) =
        if by_answer { (C::res_rulename, C::req_rulename) } else { (C::req_rulename, C::res_rulename) };
    event.rule = reader.text(first).or_else(|| reader.text(second));
    event.effects = effects(&[(Effect::Rerouted, zia_policy::failed_over(reader.value(C::dnsgw_flags)))]);
    event.total_bytes = [reader.number(C::inbytes), reader.number(C::outbytes)]
        .into_iter()
        .flatten()
        .fold(0, u64::saturating_add);
    let millis = reader.number(C::req_duration);
    let logged = logged(reader);
    date(&mut event, logged, millis.map(nanos_of_millis), Anchor::Start);
    event.parse_level = reader.level();
    event
}
