//! Envoy's access log as JSON: what joins the connection before it to the request behind it. Short keys are our own
//! template's, long ones those in use.

#![allow(non_camel_case_types, reason = "the vendor's words")]

use crate::decode::feed_table::Kind::{Integer, Name, Text};
use crate::decode::feed_table::{EPOCH_SECONDS, EXTRA, KEPT, MILLIS, WANTED, feed_table, to};
use crate::decode::table::nulls::{ABSENT, NUMBERS, STAMPS};

feed_table! {
    /// One record per request.
    ENVOY = Envoy, "access_log", "envoy.http/",
    signs [ddra dla ula uh flags];
    start_time: EPOCH_SECONDS, to("start_time"), WANTED, "when the request began, seconds since 1970 with a fraction" ["timestamp", "time"] token "%START_TIME(%s.%6f)%" nulls STAMPS;
    ddra: Name, to("connector_address"), WANTED, "the peer's socket, never one from a header" ["downstream_direct_remote_address"] token "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%" nulls ABSENT;
    dla: Name, to("server_address"), WANTED, "the proxy's own socket towards that peer" ["downstream_local_address"] token "%DOWNSTREAM_LOCAL_ADDRESS%" nulls ABSENT;
    ula: Name, to("bridge"), WANTED, "the proxy's own socket towards the app: the peer that the app's span names" ["upstream_local_address"] token "%UPSTREAM_LOCAL_ADDRESS%" nulls ABSENT;
    uh: Name, to("bridge"), WANTED, "the app's socket" ["upstream_host"] token "%UPSTREAM_HOST%" nulls ABSENT;
    cid: Name, to("bridge"), EXTRA, "the proxy's number of the connection" ["connection_id"] token "%CONNECTION_ID%" nulls ABSENT;
    rid: Name, to("bridge"), WANTED, "the request's id" ["request_id", "x_request_id", "x-request-id"] token "%REQ(X-REQUEST-ID)%" nulls ABSENT;
    tid: Name, to("bridge"), WANTED, "the trace's id" ["trace_id"] token "%TRACE_ID%" nulls ABSENT;
    sid: Name, to("bridge"), EXTRA, "the span's id" ["span_id"] nulls ABSENT;
    tp: Name, to("bridge"), EXTRA, "the W3C header of the trace" ["traceparent"] token "%REQ(TRACEPARENT)%" nulls ABSENT;
    m: Name, to("method"), WANTED, "the request's method" ["method"] token "%REQ(:METHOD)%" nulls ABSENT;
    p: Text, to("path"), WANTED, "the request's path" ["path"] token "%REQ(:PATH)%" nulls ABSENT;
    a: Name, to("host"), WANTED, "the request's authority" ["authority"] token "%REQ(:AUTHORITY)%" nulls ABSENT;
    code: Integer, to("status"), WANTED, "the response's status" ["response_code"] token "%RESPONSE_CODE%" nulls NUMBERS;
    flags: Name, to("bridge"), WANTED, "what went wrong, in Envoy's letters" ["response_flags"] token "%RESPONSE_FLAGS%" nulls ABSENT;
    details: Name, to("reason"), EXTRA, "what went wrong, in words" ["response_code_details"] token "%RESPONSE_CODE_DETAILS%" nulls ABSENT;
    dur: MILLIS, to("end_time"), WANTED, "the whole request, in ms" ["duration"] token "%DURATION%" nulls NUMBERS;
    ust: MILLIS, to("bridge"), EXTRA, "until the app's answer began, in ms, as the app's proxy says" ["upstream_service_time"] token "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%" nulls NUMBERS;
    rtx: MILLIS, to("bridge"), EXTRA, "from the answer's beginning to its end, in ms" ["response_tx_duration"] token "%RESPONSE_TX_DURATION%" nulls NUMBERS;
    att: Integer, to("bridge"), EXTRA, "how often the app was tried" ["upstream_request_attempt_count"] token "%UPSTREAM_REQUEST_ATTEMPT_COUNT%" nulls NUMBERS;
    rx: Integer, to("total_bytes"), EXTRA, "bytes of the request's body" ["bytes_received"] token "%BYTES_RECEIVED%" nulls NUMBERS;
    tx: Integer, to("total_bytes"), EXTRA, "bytes of the response's body" ["bytes_sent"] token "%BYTES_SENT%" nulls NUMBERS;
    dra: Name, to("client_address"), EXTRA, "where the request came from, perhaps as a header says" ["downstream_remote_address"] token "%DOWNSTREAM_REMOTE_ADDRESS%" nulls ABSENT;
    cluster: Name, to("app"), EXTRA, "the group of servers" ["upstream_cluster"] token "%UPSTREAM_CLUSTER%" nulls ABSENT;
    route: Name, KEPT, EXTRA, "the route" ["route_name"] token "%ROUTE_NAME%" nulls ABSENT;
    sni: Name, KEPT, EXTRA, "the name that TLS was opened for" ["requested_server_name"] token "%REQUESTED_SERVER_NAME%" nulls ABSENT;
    protocol: Name, KEPT, EXTRA, "the request's HTTP version" token "%PROTOCOL%" nulls ABSENT;
    user_agent: Text, KEPT, EXTRA, "the client program, as it calls itself" token "%REQ(USER-AGENT)%" nulls ABSENT;
    x_forwarded_for: Text, KEPT, EXTRA, "the header of that name" ["forwarded_for", "xff"] token "%REQ(X-FORWARDED-FOR)%" nulls ABSENT;
    upstream_transport_failure_reason: Text, KEPT, EXTRA, "why the app could not be reached" nulls ABSENT;
    connection_termination_details: Text, KEPT, EXTRA, "why the connection was ended" nulls ABSENT;
}
