//! What Lightstep's ingest took and other senders do not use: its paths, and the header of its access token.
//!
//! Behind one key, `intake.lightstep`, so that whoever leaves Lightstep points their collectors and agents here and changes nothing
//! else. What its own tracers spoke before OTLP is named and refused.

use fanlight_listen::Guard;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::refusal::Refusal;

/// The header that carries a project's access token; the same over gRPC.
pub(crate) const TOKEN_HEADER: &str = "lightstep-access-token";

/// What a path of Lightstep's ingest is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// OTLP traces.
    Traces,
    /// OTLP metrics.
    Metrics,
    /// What its own tracers sent: Thrift, Thrift as JSON, a protobuf of its own.
    TracerReports,
}

/// What a path, or a gRPC method, was for at Lightstep; `None` where it was for nothing.
pub(crate) fn purpose(path: &str) -> Option<Purpose> {
    match path {
        "/traces/otlp/v0.9" | "/traces/otlp/v0.6" | "/api/v2/otel/trace" => Some(Purpose::Traces),
        "/metrics/otlp/v0.9" | "/metrics/otlp/v0.6" => Some(Purpose::Metrics),
        "/_rpc/v1/reports/binary"
        | "/api/v0/reports"
        | "/api/v2/reports"
        | "/lightstep.collector.CollectorService/Report" => Some(Purpose::TracerReports),
        _ => None,
    }
}

/// Judges who asks: by `authorization`, or with the key on as Lightstep's senders present their token. The same for gRPC's metadata.
pub(crate) fn check(guard: &Guard, headers: &HeaderMap, lightstep: bool) -> Result<(), Refusal> {
    let denied = match token(headers).filter(|_| lightstep && !headers.contains_key(AUTHORIZATION)) {
        None => guard.check(headers),
        Some(token) => guard.check_address().and_then(|()| guard.check_token(Some(token))),
    };
    denied.map_err(Refusal::from)
}

/// The one token in Lightstep's header; two are as good as none.
fn token(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(TOKEN_HEADER).into_iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    Some(value.as_bytes().trim_ascii()).filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&'static str, &'static str)], expected: Option<&str>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        assert_eq!(token(&map), expected.map(str::as_bytes), "{headers:?}");
    }

    #[test]
    fn the_token_is_read_from_lightsteps_header() {
        check(&[], None);
        check(&[("lightstep-access-token", "xyz")], Some("xyz"));
        check(&[("lightstep-access-token", " xyz ")], Some("xyz"));
        check(&[("lightstep-access-token", " ")], None);
        check(&[("lightstep-access-token", "xyz"), ("lightstep-access-token", "abc")], None);
    }
}
