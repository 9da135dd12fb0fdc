//! ZIA's web log to the access event.

use std::net::IpAddr;
use std::sync::Arc;

use fanlight_model::{AccessEvent, Disposition};

use super::logged::{Anchor, date, logged};
use super::reader::Reader;
use super::zia::begin;
use super::zia_policy::{self, Web};
use crate::decode::note::Note;
use crate::decode::table::zia_web::T;

/// One transaction. What its time means, begin or end, is not documented: it is taken for both. `ctime` and `stime` stay in the raw
/// line: they are not to be trusted before exact links have calibrated them.
pub(crate) fn access_event(reader: &mut Reader<'_, '_>, raw: Arc<str>) -> AccessEvent {
    let mut event = begin(reader, reader.own_text(T::recordid), raw);
    fill_who(&mut event, reader);
    fill_where(&mut event, reader);
    fill_what(&mut event, reader);
    event.total_bytes = reader.number(T::totalsize).unwrap_or_else(|| {
        let parts = [reader.number(T::reqsize), reader.number(T::respsize)];
        parts.into_iter().flatten().fold(0, u64::saturating_add)
    });
    let logged = logged(reader);
    date(&mut event, logged, None, Anchor::Start);
    event.parse_level = reader.level();
    event
}

fn fill_who(event: &mut AccessEvent, reader: &mut Reader<'_, '_>) {
    let places = [reader.rendered(T::location), reader.rendered(T::userlocationname)];
    (event.user_name, event.principal_id) = reader.person(T::login, &places);
    event.device = reader.rendered_or_opaque(T::devicehostname);
    let (own, public) = client_addresses(reader);
    event.client_address = own
        .or(public)
        .or_else(|| reader.address(T::cpubip))
        .map(|address| reader.memo.text(&address.to_string()));
    event.client_port = reader.port(T::clt_sport);
}

/// The client's own address and its public one. One of two templates of the same name writes them the other way round; which one a
/// line is of shows where the first is public and the second is not.
fn client_addresses(reader: &mut Reader<'_, '_>) -> (Option<IpAddr>, Option<IpAddr>) {
    match (reader.address(T::cip), reader.address(T::cintip)) {
        (Some(own), Some(public)) if !is_private(own) && is_private(public) => {
            reader.notes.add(Note::SwappedAddresses);
            (Some(public), Some(own))
        }
        both => both,
    }
}

/// An address that is nobody's on the internet: RFC 1918, RFC 6598, RFC 4193, link-local, loopback.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            let shared = first == 100 && (64..128).contains(&second);
            address.is_private() || address.is_link_local() || address.is_loopback() || shared
        }
        IpAddr::V6(address) => {
            address.is_unique_local() || address.is_unicast_link_local() || address.is_loopback()
        }
    }
}

fn fill_where(event: &mut AccessEvent, reader: &mut Reader<'_, '_>) {
    event.service_edge = reader.text(T::datacenter);
    event.server_address = reader.address(T::sip);
    event.server_port = reader.port(T::srv_dport);
    let url = reader.rendered_url(T::url);
    let (authority, path) = url.as_deref().map_or(("", None), split_url);
    let asked = reader.rendered(T::host).unwrap_or_else(|| Arc::from(authority));
    let (host, port) = split_port(&asked);
    event.host = (!host.is_empty()).then(|| reader.memo.text(host));
    event.service_port = port.or_else(|| split_port(authority).1);
    event.path = path.map(Arc::from);
    event.method = reader.text(T::reqmethod);
    event.status = reader
        .number(T::respcode)
        .and_then(|status| u16::try_from(status).ok())
        .filter(|status| *status != 0);
    event.app = reader.text(T::appname);
    event.app_segment = reader.rendered(T::zpa_app_seg_name);
}

/// The authority of a URL without a scheme, and its path, where it has one.
fn split_url(url: &str) -> (&str, Option<&str>) {
    let url = url.split_once("://").map_or(url, |(_, rest)| rest);
    match url.find(['/', '?']) {
        Some(at) => (url.get(..at).unwrap_or_default(), url.get(at..).filter(|path| path.starts_with('/'))),
        None => (url, None),
    }
}

/// `www.example.com:443`, `[2001:db8::1]:443`.
pub(super) fn split_port(authority: &str) -> (&str, Option<u16>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => match port.parse() {
            Ok(port) => (host, Some(port).filter(|port| *port != 0)),
            Err(_) => (authority, None),
        },
        _ => (authority, None),
    }
}

fn fill_what(event: &mut AccessEvent, reader: &mut Reader<'_, '_>) {
    let throttled = [reader.number(T::throttlereqsize), reader.number(T::throttlerespsize)];
    let reading = zia_policy::web(&Web {
        action: reader.value(T::action),
        reason: reader.value(T::reason),
        ruletype: reader.value(T::ruletype),
        status: event.status,
        threat: reader.rendered(T::threatname).is_some(),
        decrypted: reader.value(T::ssldecrypted),
        inspection: reader.value(T::externalspr),
        throttle_flag: reader.value(T::bwthrottle),
        throttled_bytes: throttled.into_iter().flatten().fold(0, u64::saturating_add),
        redirect_rule: reader.rendered(T::rdr_rulename).is_some(),
        forward_type: reader.value(T::fwd_type),
        gateway: reader.rendered(T::fwd_gw_name).is_some(),
        app_segment: event.app_segment.is_some(),
        bypassed: reader.value(T::bypassed_traffic),
        device_type: reader.value(T::devicetype),
        behind_isolation: reader.rendered(T::userlocationname).is_some(),
    });
    event.disposition = reading.disposition;
    event.effects = reading.effects;
    event.reason = reader.text(T::reason).or_else(|| reader.text(T::leef_event));
    // `rulelabel` is filled for a block only; what allowed has rules of its own.
    let blocked =
        if reading.disposition == Some(Disposition::Allowed) { None } else { reader.rendered(T::rulelabel) };
    event.rule = blocked
        .or_else(|| reader.rendered(T::urlfilterrulelabel))
        .or_else(|| reader.rendered(T::apprulelabel));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_an_authority_and_perhaps_a_path() {
        assert_eq!(split_url("www.example.com/a?b=/c"), ("www.example.com", Some("/a?b=/c")));
        assert_eq!(split_url("https://www.example.com?a"), ("www.example.com", None));
        assert_eq!(split_url("www.example.com:443"), ("www.example.com:443", None));
        assert_eq!(split_port("www.example.com:443"), ("www.example.com", Some(443)));
        assert_eq!(split_port("[2001:db8::1]:443"), ("[2001:db8::1]", Some(443)));
        assert_eq!(split_port("2001:db8::1"), ("2001:db8::1", None));
        assert_eq!(split_port("a:b"), ("a:b", None));
    }
}
