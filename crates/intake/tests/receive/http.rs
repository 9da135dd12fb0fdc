//! OTLP/HTTP, by a client that writes its bytes itself.

use bytes::Bytes;
use fanlight_runtime::{MetricValue, Outcome};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{
    PATIENCE, Server, empty_spans, gzip, json_around, json_request, json_span, request,
    request_with_a_bad_span, zstd,
};

pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    /// The message of a `google.rpc.Status`: fields 1 (code) and 2 (message).
    pub(crate) fn rpc_status(&self) -> (u8, String) {
        match self.body.as_slice() {
            [0x08, code, 0x12, rest @ ..] => {
                let (length, text) = varint(rest);
                (*code, String::from_utf8(text[..length].to_vec()).unwrap())
            }
            other => panic!("no google.rpc.Status: {other:?}"),
        }
    }

    fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

fn varint(bytes: &[u8]) -> (usize, &[u8]) {
    let (mut value, mut shift, mut at) = (0, 0, 0);
    loop {
        value |= usize::from(bytes[at] & 0x7f) << shift;
        at += 1;
        if bytes[at - 1] < 0x80 {
            return (value, &bytes[at..]);
        }
        shift += 7;
    }
}

pub(crate) async fn send(server: &Server, raw: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(server.address("otlp_http")).await.unwrap();
    stream.write_all(raw).await.unwrap();
    let mut bytes = Vec::new();
    let whole = async {
        loop {
            if let Some(answer) = parse(&bytes) {
                return answer;
            }
            assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "an answer before the end: {bytes:?}");
        }
    };
    tokio::time::timeout(PATIENCE, whole).await.expect("an answer in time")
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_lowercase();
    let length: usize =
        head.lines().find_map(|line| line.strip_prefix("content-length: "))?.trim().parse().unwrap();
    let body = bytes.get(end..end + length)?.to_vec();
    Some(Answer { status: head[9..12].parse().unwrap(), head, body })
}

fn post(path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head =
        format!("POST {path} HTTP/1.1\r\nhost: localhost\r\n{headers}content-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

pub(crate) const PROTOBUF: &str = "content-type: application/x-protobuf\r\n";
const GZIP: &str = "content-type: application/x-protobuf\r\ncontent-encoding: gzip\r\n";
/// To the usual path, under another name than ours.
pub(crate) fn post_to(host: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: {host}\r\n{headers}content-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

const ZSTD: &str = "content-type: application/x-protobuf\r\ncontent-encoding: zstd\r\n";
const JSON: &str = "content-type: application/json\r\n";

/// What is acknowledged is in the log, as it came, decompressed.
#[tokio::test]
async fn a_request_is_durable_when_it_is_acknowledged() {
    let mut server = Server::start().await;
    let body = request(3);
    for raw in [
        post("/v1/traces", PROTOBUF, &body),
        post("/v1/traces", GZIP, &gzip(&body)),
        post("/v1/traces", PROTOBUF, &gzip(&body)),
        post("/v1/traces", ZSTD, &zstd(&body)),
        post("/v1/traces", PROTOBUF, &zstd(&body)),
    ] {
        let answer = send(&server, &raw).await;
        assert_eq!((answer.status, answer.body.len()), (200, 0));
        assert!(answer.head.contains("content-type: application/x-protobuf"));
        let logged = server.next().await;
        assert_eq!((logged.frame.kind, &logged.frame.bytes), (1, &body));
        assert_eq!(logged.payload.batch.map(|batch| batch.len()), Some(3));
        assert!(logged.payload.permit.is_some_and(|permit| permit.bytes() >= body.len() as u64));
    }
    assert_eq!(server.count("span", Outcome::Stored, ""), 15);
    server.check_ledger("span").await;
    server.check_ledger("request").await;
}

/// How long an acknowledgement took is measured, and the measure names a trace of the request.
#[tokio::test]
async fn an_acknowledgement_is_measured_with_an_example() {
    let mut server = Server::start().await;
    assert_eq!(send(&server, &post("/v1/traces", PROTOBUF, &request(3))).await.status, 200);
    let trace_id = server.next().await.payload.batch.map(|batch| batch.span(0).trace_id());
    let families = server.metrics.families();
    let of = |name: &str| families.iter().find(|family| family.name == name).expect(name).samples[0].clone();
    let MetricValue::Buckets { buckets, .. } = of("fanlight_intake_acknowledge_duration_seconds").value
    else {
        panic!("a histogram has buckets");
    };
    let counted: Vec<_> = buckets.iter().filter(|bucket| bucket.count > 0).collect();
    assert_eq!((counted.len(), counted[0].count), (1, 1));
    assert_eq!(counted[0].exemplar.map(|(trace_id, _)| trace_id), trace_id);
    assert!(
        matches!(of("fanlight_intake_in_flight_bytes").value, MetricValue::Number(bytes) if bytes >= 0.0)
    );
}

#[tokio::test]
async fn several_requests_go_over_one_connection_in_chunks_too() {
    let mut server = Server::start().await;
    let body = request(2);
    let mut stream = TcpStream::connect(server.address("otlp_http")).await.unwrap();
    for _ in 0..2 {
        let (front, back) = body.split_at(10);
        let head = format!(
            "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\n{PROTOBUF}transfer-encoding: chunked\r\n\r\n{:x}\r\n",
            front.len()
        );
        let middle = format!("\r\n{:x}\r\n", back.len());
        stream
            .write_all(&[head.as_bytes(), front, middle.as_bytes(), back, b"\r\n0\r\n\r\n"].concat())
            .await
            .unwrap();
        let mut answer = [0; 15];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200 OK");
        assert_eq!(server.next().await.frame.bytes, body);
        let mut rest = [0; 4_096];
        let read = stream.read(&mut rest).await.unwrap();
        assert!(rest[..read].ends_with(b"\r\n\r\n"));
    }
}

/// One bad span among 500 good: the good ones are stored, the sender is told of the other.
#[tokio::test]
async fn a_bad_span_is_refused_alone() {
    let mut server = Server::start().await;
    let answer = send(&server, &post("/v1/traces", PROTOBUF, &request_with_a_bad_span())).await;
    assert_eq!(answer.status, 200);
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(
        text.ends_with(
            "1 of 501 spans refused, the others are stored: 1 because the span id is missing or zero"
        ),
        "{text}"
    );
    assert_eq!(answer.body[2..4], [0x08, 1], "rejected_spans = 1");
    assert_eq!(server.next().await.payload.batch.map(|batch| batch.len()), Some(500));
    assert_eq!(server.count("span", Outcome::Refused, "no_span_id"), 1);
    server.check_ledger("span").await;
}

#[tokio::test]
async fn truncated_protobuf_is_refused_with_the_place() {
    let server = Server::start().await;
    let body = request(3);
    let answer = send(&server, &post("/v1/traces", PROTOBUF, &body[..body.len() - 7])).await;
    assert_eq!(answer.status, 400);
    let (code, message) = answer.rpc_status();
    assert_eq!(code, 3);
    assert!(
        message.starts_with("not an OTLP trace request that can be taken: cannot read the framing of `"),
        "{message}"
    );
    assert!(answer.head.contains("content-type: application/x-protobuf"));
    assert_eq!(server.count("request", Outcome::Refused, "unreadable"), 1);
    server.check_ledger("request").await;
}

/// Each is told the way out, and each is counted.
#[tokio::test]
async fn a_request_of_another_kind_is_told_the_way_out() {
    let server = Server::start().await;
    let body = request(1);
    let cases: Vec<(Vec<u8>, u16, &str)> = vec![
        (
            post("/v1/traces", "content-type: text/html\r\n", &body),
            415,
            "the content type `text/html` is not read; send protobuf (`application/x-protobuf`, `OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf`) or JSON (`application/json`)\n",
        ),
        (post("/v1/traces", "", &body), 415, "the content type `none` is not read; send protobuf"),
        (
            post("/v1/logs", "", &body),
            501,
            "logs are not collected here, only traces; turn them off for this target (`OTEL_LOGS_EXPORTER=none`)\n",
        ),
        (
            post("/v1/metrics", "", &body),
            501,
            "metrics are not collected here, only traces; turn them off for this target (`OTEL_METRICS_EXPORTER=none`)\n",
        ),
        (
            post("/v1/trace", "", &body),
            404,
            "nothing is at `/v1/trace`; traces go to `/v1/traces` over HTTP, and over gRPC to `/opentelemetry.proto.collector.trace.v1.TraceService/Export`\n",
        ),
        (
            b"GET /v1/traces HTTP/1.1\r\nhost: localhost\r\n\r\n".to_vec(),
            405,
            "only POST is understood here\n",
        ),
    ];
    let count = cases.len() as u64;
    for (raw, status, text) in cases {
        let answer = send(&server, &raw).await;
        assert_eq!(answer.status, status, "{text}");
        assert!(answer.text().starts_with(text), "{}", answer.text());
        assert_eq!(status == 405, answer.head.contains("allow: post"));
    }
    assert_eq!(server.count("request", Outcome::Received, "otlp_http"), count);
    assert_eq!(server.count("request", Outcome::Refused, "not_collected"), 2);
    server.check_ledger("request").await;
    let (code, message) = send(&server, &post("/v1/logs", PROTOBUF, &body)).await.rpc_status();
    assert_eq!(code, 12);
    assert!(message.starts_with("logs are not collected here"));
}

#[tokio::test]
async fn an_encoding_that_is_not_one_layer_is_refused() {
    let server = Server::start().await;
    let body = gzip(&gzip(&request(1)));
    for (headers, body, text) in [
        (
            "content-encoding: deflate\r\n",
            &body,
            "the encoding `deflate` is not read; send gzip, zstd or no compression",
        ),
        (
            "content-encoding: gzip, gzip\r\n",
            &body,
            "the body is compressed more than once; compress it once, with gzip or zstd",
        ),
        (
            "content-encoding: gzip\r\n",
            &body,
            "the body is compressed more than once; compress it once, with gzip or zstd",
        ),
    ] {
        let answer = send(&server, &post("/v1/traces", &format!("{PROTOBUF}{headers}"), body)).await;
        assert_eq!(answer.status, 415);
        assert_eq!(answer.rpc_status().1, text);
        assert!(answer.head.contains("accept-encoding: gzip, zstd"));
    }
    let answer = send(&server, &post("/v1/traces", GZIP, b"hello")).await;
    assert_eq!(
        (answer.status, answer.rpc_status().1.as_str()),
        (400, "the body is not valid gzip, as its encoding says it is")
    );
    let answer = send(&server, &post("/v1/traces", ZSTD, b"hello")).await;
    assert_eq!(answer.status, 400);
    let message = answer.rpc_status().1;
    assert!(
        message.starts_with("the body is not valid zstd, as its encoding says it is, or needs"),
        "{message}"
    );
}

/// By its announced length, by what really comes, and by what it inflates to.
#[tokio::test]
async fn a_body_over_the_cap_is_refused() {
    let server = Server::start_with(|settings| settings.max_body_bytes = 10_000).await;
    let large = vec![0; 10_001];
    let chunked = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\n{PROTOBUF}transfer-encoding: chunked\r\n\r\n{:x}\r\n",
        large.len()
    );
    for raw in [
        post("/v1/traces", PROTOBUF, &large),
        [chunked.as_bytes(), &large, b"\r\n0\r\n\r\n"].concat(),
        post("/v1/traces", GZIP, &gzip(&large)),
        post("/v1/traces", ZSTD, &zstd(&large)),
    ] {
        let answer = send(&server, &raw).await;
        assert_eq!(answer.status, 413);
        assert_eq!(
            answer.rpc_status().1,
            "the body is larger than 10000 bytes, before or after inflating; send smaller batches"
        );
    }
    assert_eq!(server.count("request", Outcome::Refused, "too_large"), 4);
    server.check_ledger("request").await;
}

/// A few kB of gzip hold two million empty spans.
#[tokio::test]
async fn a_bomb_of_spans_is_refused_by_their_number() {
    let server = Server::start().await;
    let spans = empty_spans(2_000_000);
    for (headers, bomb) in [(GZIP, gzip(&spans)), (ZSTD, zstd(&spans))] {
        assert!(bomb.len() < 20_000, "{}", bomb.len());
        let answer = send(&server, &post("/v1/traces", headers, &bomb)).await;
        assert_eq!(answer.status, 400);
        let message = answer.rpc_status().1;
        assert!(
            message.ends_with("the request has more than 131072 spans; send smaller batches"),
            "{message}"
        );
    }
}

/// A full disk refuses and says so; with room again the same request is taken, and nothing else is lost.
#[tokio::test]
async fn a_full_disk_refuses_until_there_is_room() {
    let mut server = Server::start().await;
    let raw = post("/v1/traces", PROTOBUF, &request(5));
    server.disk.set_room(Some(0));
    let answer = send(&server, &raw).await;
    assert_eq!(answer.status, 503);
    assert!(answer.head.contains("retry-after: 5"));
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(text.contains("no space is left on Fanlight's disk; nothing was taken, send it again, it is taken once there is room"), "{text}");
    assert_eq!(server.count("span", Outcome::Refused, "disk_full"), 5);
    server.disk.set_room(None);
    assert_eq!(send(&server, &raw).await.status, 200);
    assert_eq!(server.next().await.payload.batch.map(|batch| batch.len()), Some(5));
    server.check_ledger("span").await;
    server.check_ledger("request").await;
}

/// Nobody takes what was logged: its share stays taken, and the next request is refused before its body is read.
#[tokio::test]
async fn too_much_in_flight_is_refused_until_the_pipeline_has_caught_up() {
    let body = request(50);
    let room = body.len() as u64 + 100;
    let mut server = Server::start_with(|settings| settings.in_flight_bytes = room).await;
    let raw = post("/v1/traces", PROTOBUF, &body);
    assert_eq!(send(&server, &raw).await.status, 200);
    let waiting = format!("{}expect: 100-continue\r\n", PROTOBUF);
    let head_only = post("/v1/traces", &waiting, &body);
    let answer = send(&server, &head_only[..head_only.len() - body.len()]).await;
    assert_eq!(answer.status, 503);
    assert!(answer.head.contains("retry-after: 1"));
    drop(server.next().await);
    assert_eq!(send(&server, &raw).await.status, 200);
    server.check_ledger("request").await;
}

#[tokio::test]
async fn a_peer_outside_the_list_is_refused() {
    let server = Server::start_with(|settings| {
        settings.otlp_http.as_mut().unwrap().access.allow = vec!["192.0.2.0/24".parse().unwrap()];
    })
    .await;
    let answer = send(&server, &post("/v1/traces", PROTOBUF, &request(1))).await;
    assert_eq!(answer.status, 403);
    assert_eq!(answer.rpc_status(), (7, "your address may not send here; have it added to `allow` of this listener in Fanlight's configuration".to_owned()));
    assert_eq!(server.count("connection", Outcome::Refused, "not_allowed"), 1);
    server.check_ledger("request").await;
}

/// The request is received and dropped, not forgotten.
#[tokio::test]
async fn a_sender_that_hangs_up_is_counted() {
    let server = Server::start().await;
    let raw = post("/v1/traces", PROTOBUF, &request(3));
    let mut stream = TcpStream::connect(server.address("otlp_http")).await.unwrap();
    stream.write_all(&raw[..raw.len() - 5]).await.unwrap();
    server.wait_for_count("request", Outcome::Received, "otlp_http", 1).await;
    drop(stream);
    let ended = async {
        while server.count("request", Outcome::Dropped, "broken_off")
            + server.count("request", Outcome::Refused, "broken_off")
            == 0
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, ended).await.expect("counted in time");
    server.check_ledger("request").await;
}

#[tokio::test]
async fn an_empty_request_is_taken_and_nothing_is_logged() {
    let server = Server::start().await;
    let answer = send(&server, &post("/v1/traces", PROTOBUF, &Bytes::new())).await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(server.logged.len(), 0);
}

/// JSON is logged as the protobuf that says the same, whatever it came in, and is answered in JSON.
#[tokio::test]
async fn a_json_request_is_logged_as_protobuf_and_answered_in_json() {
    let mut server = Server::start().await;
    let (json, body) = (json_request(3), request(3));
    let encoded = |encoding: &str| format!("{JSON}content-encoding: {encoding}\r\n");
    for raw in [
        post("/v1/traces", JSON, json.as_bytes()),
        post("/v1/traces", "content-type: Application/JSON; charset=utf-8\r\n", json.as_bytes()),
        post("/v1/traces", &encoded("gzip"), &gzip(json.as_bytes())),
        post("/v1/traces", &encoded("zstd"), &zstd(json.as_bytes())),
        post("/v1/traces", JSON, &gzip(json.as_bytes())),
    ] {
        let answer = send(&server, &raw).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "{}"));
        assert!(answer.head.contains("content-type: application/json"), "{}", answer.head);
        let logged = server.next().await;
        assert_eq!((logged.frame.kind, &logged.frame.bytes), (1, &body));
        assert_eq!(logged.payload.permit.map(|permit| permit.bytes()), Some(body.len() as u64));
    }
    server.check_ledger("span").await;
    server.check_ledger("request").await;
}

#[tokio::test]
async fn a_bad_json_span_is_refused_alone() {
    let mut server = Server::start().await;
    let mut spans: Vec<String> = (0..501).map(json_span).collect();
    spans[250] = spans[250].replace("\"10000000000\"", "\"soon\"");
    let at = json_around(&spans.join(",")).find("\"soon\"").unwrap() + "\"soon\"".len();
    spans.push("{}".to_owned());
    let answer = send(&server, &post("/v1/traces", JSON, json_around(&spans.join(",")).as_bytes())).await;
    assert_eq!(answer.status, 200);
    let expected = format!(
        "{{\"partialSuccess\":{{\"rejectedSpans\":\"2\",\"errorMessage\":\"2 of 502 spans refused, the others are stored: 1 because \
         the trace id is missing or zero, 1 because a field has a value that it cannot have (see byte {at} of the JSON)\"}}}}"
    );
    assert_eq!(answer.text(), expected);
    assert_eq!(server.next().await.payload.batch.map(|batch| batch.len()), Some(500));
    assert_eq!(server.count("span", Outcome::Refused, "wrong_value"), 1);
    server.check_ledger("span").await;
}

/// The sender reads where its JSON breaks, or when to come again, in JSON.
#[tokio::test]
async fn what_is_wrong_with_json_is_said_in_json() {
    let server = Server::start().await;
    for (body, status, text) in [
        (
            "{\"resourceSpans\":\n[}",
            400,
            "{\"code\":3,\"message\":\"not an OTLP trace request that can be taken: not JSON at line 2, byte 19 of the body: a value was expected\"}",
        ),
        (
            "[]",
            400,
            "{\"code\":3,\"message\":\"not an OTLP trace request that can be taken: the JSON is not a trace request: an object with the list `resourceSpans` is one\"}",
        ),
    ] {
        let answer = send(&server, &post("/v1/traces", JSON, body.as_bytes())).await;
        assert_eq!((answer.status, answer.text().as_str()), (status, text));
    }
    server.disk.set_room(Some(0));
    let answer = send(&server, &post("/v1/traces", JSON, json_request(1).as_bytes())).await;
    assert_eq!(answer.status, 503);
    assert!(answer.text().ends_with(
        ",\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":\"5s\"}]}"
    ));
    server.check_ledger("request").await;
}

/// With the key, what was sent to Lightstep is taken as it is; what its own tracers sent is told what to do.
#[tokio::test]
async fn lightsteps_paths_are_taken_behind_one_key() {
    let (body, json) = (request(2), json_request(2));
    let mut on = Server::start_with(|settings| settings.lightstep = true).await;
    let old = json
        .replace("scopeSpans", "instrumentation_library_spans")
        .replace("\"scope\"", "\"instrumentation_library\"");
    for raw in [
        post("/traces/otlp/v0.9", PROTOBUF, &body),
        post("/traces/otlp/v0.6", GZIP, &gzip(&body)),
        post("/traces/otlp/v0.9", JSON, json.as_bytes()),
        post("/api/v2/otel/trace", JSON, old.as_bytes()),
        post("/v1/traces", PROTOBUF, &body),
    ] {
        assert_eq!(send(&on, &raw).await.status, 200);
        assert_eq!(on.next().await.frame.bytes, body);
    }
    let answer = send(&on, &post("/metrics/otlp/v0.9", PROTOBUF, b"")).await;
    assert_eq!(answer.status, 501);
    assert!(answer.rpc_status().1.starts_with("metrics are not collected here, only traces"));
    for path in ["/_rpc/v1/reports/binary", "/api/v0/reports", "/api/v2/reports"] {
        let answer = send(&on, &post(path, "", b"")).await;
        assert_eq!(answer.status, 501, "{path}");
        assert!(
            answer.text().starts_with("reports of Lightstep's own tracers are not read, only OTLP; move the service to an OpenTelemetry SDK"),
            "{}",
            answer.text()
        );
    }
    on.check_ledger("request").await;

    let off = Server::start().await;
    for path in ["/traces/otlp/v0.9", "/traces/otlp/v0.6", "/api/v2/otel/trace", "/metrics/otlp/v0.9"] {
        let answer = send(&off, &post(path, PROTOBUF, &body)).await;
        assert_eq!(answer.status, 404, "{path}");
        let expected = format!(
            "`{path}` is a path of Lightstep's; set `lightstep = true` under `[intake]` in Fanlight's configuration, or send traces to `/v1/traces`"
        );
        assert_eq!(answer.rpc_status().1, expected);
    }
    assert_eq!(off.count("request", Outcome::Refused, "lightstep_is_off"), 4);
    off.check_ledger("request").await;
}
