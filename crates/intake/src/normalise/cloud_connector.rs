//! Cloud and Branch Connector: sessions of workloads to the access event, events of the connector itself to its health.

use std::sync::Arc;

use fanlight_model::{AccessEvent, ConnectorHealth, ConnectorKind, Disposition};

use super::logged::{Anchor, date, logged};
use super::reader::Reader;
use super::zia::{begin, header, ip_protocol, is_yes};
use super::zia_firewall::without_sockets;
use crate::decode::table::cloud_connector_event::T as E;
use crate::decode::table::cloud_connector_session::T as S;

/// One session, with the ports of both sides. Who the workload is, the record does not say.
pub(crate) fn session(reader: &mut Reader<'_, '_>, raw: Arc<str>) -> AccessEvent {
    let mut event = begin(reader, reader.own_text(S::recordid), raw);
    event.client_address =
        reader.address(S::clt_src_ip).map(|address| reader.memo.text(&address.to_string()));
    event.client_port = reader.port(S::clt_src_port);
    event.app_connector = reader.text(S::name);
    event.service_edge = reader.rendered_or_opaque(S::gw_name);
    let port = reader.port(S::srv_src_port);
    event.set_connector(reader.address(S::srv_src_ip), port);
    event.server_address = reader.address(S::srv_dst_ip);
    event.server_port = reader.port(S::srv_dst_port);
    event.ip_protocol = reader.value(S::clt_nw_protocol).and_then(ip_protocol);
    let address = reader.address(S::clt_dst_ip).map(|address| reader.memo.text(&address.to_string()));
    event.host = reader.text(S::clt_dst_name).or(address);
    event.service_port = reader.port(S::clt_dst_port);
    event.app_segment = reader.text(S::zpa_appseg);
    event.rule = reader.text(S::rdrrulename);
    event.reason = reader.text(S::fwdtypename);
    event.disposition =
        reader.value(S::fwdtypename).map(|way| match way.to_ascii_lowercase().contains("drop") {
            true => Disposition::Blocked,
            false => Disposition::Allowed,
        });
    event.total_bytes = [reader.number(S::clt_tx_bytes), reader.number(S::clt_rx_bytes)]
        .into_iter()
        .flatten()
        .fold(0, u64::saturating_add);
    let many = [reader.number(S::num_sess), reader.number(S::num_aggr_sess)];
    let aggregated = many.into_iter().flatten().any(|number| number > 1) || is_yes(reader.value(S::aggrname));
    let logged = logged(reader);
    date(&mut event, logged, None, Anchor::Start);
    if aggregated {
        without_sockets(&mut event, reader);
    }
    event.parse_level = reader.level();
    event
}

/// What happened to a connector.
pub(crate) fn event(reader: &mut Reader<'_, '_>, raw: Arc<str>) -> ConnectorHealth {
    let kind = reader.value(E::event_name);
    let mut health = ConnectorHealth::empty(header(reader, kind, raw), ConnectorKind::CloudConnector);
    health.name = reader.text(E::name);
    health.group = reader.text(E::group_name);
    health.session_status = reader.text(E::event_name);
    health.platform = reader.text(E::platform_name);
    health.measures.extend(
        reader.value(E::error_code).and_then(|code| code.parse().ok()).map(|code| ("error_code", code)),
    );
    health.header.parse_level = reader.level();
    health
}
