//! nginx's access log as JSON.

#![allow(non_camel_case_types, reason = "the vendor's words")]

use crate::decode::feed_table::Kind::{Address, Decimal, Integer, Name, Port, Text};
use crate::decode::feed_table::{EPOCH_SECONDS, EXTRA, ISO, KEPT, WANTED, feed_table, to};
use crate::decode::table::nulls::{ABSENT, ADDRESSES, NUMBERS, PORTS, STAMPS};

feed_table! {
    /// One record per request.
    NGINX = Nginx, "access_log", "nginx.http/",
    signs [msec request_time realip_remote_addr upstream_addr request_uri upstream_response_time];
    msec: EPOCH_SECONDS, to("log_time"), WANTED, "when the response was sent, seconds since 1970 with a fraction" ["time", "ts"] token "$msec" nulls STAMPS;
    time_iso8601: ISO, to("log_time"), EXTRA, "the same, in whole seconds" ["time_local", "timestamp"] nulls STAMPS;
    request_time: Decimal, to("end_time"), WANTED, "the whole request, in seconds with a fraction" token "$request_time" nulls NUMBERS;
    remote_addr: Address, to("client_address"), EXTRA, "where the request came from, perhaps as a header says" token "$remote_addr" nulls ADDRESSES;
    remote_port: Port, to("client_port"), EXTRA, "the port that it came from, likewise" token "$remote_port" nulls PORTS;
    realip_remote_addr: Address, to("connector_address"), WANTED, "the peer's address, never one from a header" token "$realip_remote_addr" nulls ADDRESSES;
    realip_remote_port: Port, to("connector_port"), WANTED, "the peer's port, never one from a header" token "$realip_remote_port" nulls PORTS;
    server_addr: Address, to("server_address"), WANTED, "the proxy's own address" token "$server_addr" nulls ADDRESSES;
    server_port: Port, to("server_port"), WANTED, "the proxy's own port" token "$server_port" nulls PORTS;
    request_id: Name, to("bridge"), WANTED, "the request's id, made by nginx" token "$request_id" nulls ABSENT;
    http_x_request_id: Name, to("bridge"), WANTED, "the request's id, as received" ["x_request_id"] token "$http_x_request_id" nulls ABSENT;
    traceparent: Name, to("bridge"), WANTED, "the W3C header of the trace" ["http_traceparent"] token "$http_traceparent" nulls ABSENT;
    trace_id: Name, to("bridge"), EXTRA, "the trace's id" ["otel_trace_id"] token "$otel_trace_id" nulls ABSENT;
    span_id: Name, to("bridge"), EXTRA, "the span's id" ["otel_span_id"] token "$otel_span_id" nulls ABSENT;
    connection: Name, to("bridge"), EXTRA, "the proxy's number of the connection" token "$connection" nulls ABSENT;
    connection_requests: Integer, to("bridge"), EXTRA, "which request of the connection it is" token "$connection_requests" nulls NUMBERS;
    request_method: Name, to("method"), WANTED, "the request's method" ["method"] token "$request_method" nulls ABSENT;
    request_uri: Text, to("path"), WANTED, "the request's path" ["uri"] token "$request_uri" nulls ABSENT;
    host: Name, to("host"), WANTED, "the request's host" ["http_host"] token "$host" nulls ABSENT;
    status: Integer, to("status"), WANTED, "the response's status" token "$status" nulls NUMBERS;
    bytes_sent: Integer, to("total_bytes"), EXTRA, "bytes of the response" ["body_bytes_sent"] token "$bytes_sent" nulls NUMBERS;
    request_length: Integer, to("total_bytes"), EXTRA, "bytes of the request" token "$request_length" nulls NUMBERS;
    upstream_addr: Name, to("bridge"), WANTED, "the app's sockets, all that were tried" token "$upstream_addr" nulls ABSENT;
    upstream_status: Name, KEPT, EXTRA, "their statuses" token "$upstream_status" nulls ABSENT;
    upstream_connect_time: Name, to("bridge"), EXTRA, "connecting to them, in seconds" token "$upstream_connect_time" nulls ABSENT;
    upstream_header_time: Name, to("bridge"), EXTRA, "until their answers began, in seconds" token "$upstream_header_time" nulls ABSENT;
    upstream_response_time: Name, to("bridge"), EXTRA, "until their answers ended, in seconds" token "$upstream_response_time" nulls ABSENT;
    ssl_server_name: Name, KEPT, EXTRA, "the name that TLS was opened for" token "$ssl_server_name" nulls ABSENT;
    http_user_agent: Text, KEPT, EXTRA, "the client program, as it calls itself" token "$http_user_agent" nulls ABSENT;
    http_x_forwarded_for: Text, KEPT, EXTRA, "the header of that name" token "$http_x_forwarded_for" nulls ABSENT;
}
