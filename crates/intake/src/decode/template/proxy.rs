//! Snippets for the configuration of Envoy and nginx.

use fanlight_model::Feed;

pub(super) const fn template(feed: Feed) -> Option<&'static str> {
    Some(match feed {
        Feed::Envoy => ENVOY,
        Feed::Nginx => NGINX,
        _ => return None,
    })
}

/// For an access logger of the kind `envoy.access_loggers.file` or `stdout`, below `log_format`. The *direct* remote address: the plain
/// one may come from a header.
const ENVOY: &str = r#"json_format:
  fl: "envoy.http/1"
  start_time: "%START_TIME(%s.%6f)%"
  ddra: "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%"
  dla: "%DOWNSTREAM_LOCAL_ADDRESS%"
  ula: "%UPSTREAM_LOCAL_ADDRESS%"
  uh: "%UPSTREAM_HOST%"
  cid: "%CONNECTION_ID%"
  rid: "%REQ(X-REQUEST-ID)%"
  tid: "%TRACE_ID%"
  tp: "%REQ(TRACEPARENT)%"
  m: "%REQ(:METHOD)%"
  p: "%REQ(:PATH)%"
  a: "%REQ(:AUTHORITY)%"
  code: "%RESPONSE_CODE%"
  flags: "%RESPONSE_FLAGS%"
  details: "%RESPONSE_CODE_DETAILS%"
  dur: "%DURATION%"
  ust: "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%"
  rtx: "%RESPONSE_TX_DURATION%"
  att: "%UPSTREAM_REQUEST_ATTEMPT_COUNT%"
  rx: "%BYTES_RECEIVED%"
  tx: "%BYTES_SENT%"
"#;

/// For the `http` block. The *realip* variables are the peer's even where a module rewrites the others from a header.
const NGINX: &str = r#"log_format fanlight escape=json '{"fl":"nginx.http/1","msec":"$msec","request_time":"$request_time",'
  '"remote_addr":"$remote_addr","remote_port":"$remote_port",'
  '"realip_remote_addr":"$realip_remote_addr","realip_remote_port":"$realip_remote_port",'
  '"server_addr":"$server_addr","server_port":"$server_port","connection":"$connection",'
  '"connection_requests":"$connection_requests","request_id":"$request_id",'
  '"http_x_request_id":"$http_x_request_id","traceparent":"$http_traceparent",'
  '"request_method":"$request_method","request_uri":"$request_uri","host":"$host","status":"$status",'
  '"bytes_sent":"$bytes_sent","request_length":"$request_length","upstream_addr":"$upstream_addr",'
  '"upstream_status":"$upstream_status","upstream_connect_time":"$upstream_connect_time",'
  '"upstream_header_time":"$upstream_header_time","upstream_response_time":"$upstream_response_time"}';
"#;
