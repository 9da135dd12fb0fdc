//! What Lightstep's ingest took and other senders do not use: its paths, and the header of its access token.
//!
//! Behind one key, `intake.lightstep`, so that whoever leaves Lightstep points their collectors and agents here and changes nothing
//! else. What its own tracers spoke before OTLP is named and refused.

use http::HeaderMap;
use http::header::AUTHORIZATION;

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

/// The token that a request presents: as a bearer, or with the key on as Lightstep's senders do. The same for gRPC's metadata.
#[cfg_attr(not(test), expect(dead_code, reason = "the listeners' `token_file` is what compares it"))]
pub(crate) fn presented_token(headers: &HeaderMap, lightstep: bool) -> Option<&str> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    });
    let own = || headers.get(TOKEN_HEADER).filter(|_| lightstep)?.to_str().ok().map(str::trim);
    bearer.or_else(own).filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&'static str, &'static str)], off: Option<&str>, on: Option<&str>) {
        let map: HeaderMap =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        assert_eq!(presented_token(&map, false), off, "{headers:?}");
        assert_eq!(presented_token(&map, true), on, "{headers:?}");
    }

    /// A bearer is always read, and comes first; Lightstep's header only with the key.
    #[test]
    fn the_token_is_read_from_where_the_sender_puts_it() {
        check(&[], None, None);
        check(&[("authorization", "Bearer abc")], Some("abc"), Some("abc"));
        check(&[("authorization", "bearer  abc ")], Some("abc"), Some("abc"));
        check(&[("authorization", "Basic abc")], None, None);
        check(&[("lightstep-access-token", "xyz")], None, Some("xyz"));
        check(&[("lightstep-access-token", " ")], None, None);
        check(&[("authorization", "Basic abc"), ("lightstep-access-token", "xyz")], None, Some("xyz"));
        check(
            &[("authorization", "Bearer abc"), ("lightstep-access-token", "xyz")],
            Some("abc"),
            Some("abc"),
        );
    }
}
