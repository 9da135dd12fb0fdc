//! Records that are pushed, over a real socket.

use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::path::Path;

use bytes::Bytes;
use fanlight_intake::{PushDoor, PushRequest, Settings, frame_kind};
use fanlight_listen::{Access, Doorway, Limits, Listener, Protocol, loopback, serve_http};
use fanlight_log::{Position, Segments};
use fanlight_model::Feed;
use fanlight_runtime::{Outcome, spawn};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::support::{PATIENCE, Server, gzip, tools, zstd};

pub(crate) const WEB: &str = "/intake/zscaler/zia_web";
const TOKEN: &str = "the-token-of-july-2";

/// A server, and an HTTP listener that hands all that comes to its door for pushes.
pub(crate) struct Pushed {
    pub(crate) server: Server,
    address: SocketAddr,
}

impl Pushed {
    async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        let server = Server::start_with(change).await;
        let door = server.listening.push.clone();
        let protocol = Protocol::Http1;
        let (access, limits) = (Access::open(), Limits::DEFAULT);
        let listener = Listener { name: "api", listen: loopback(0), access, protocol, limits };
        let doorway = Doorway::open(listener, &tools()).await.unwrap();
        let address = doorway.address();
        let serve = move |visitor: fanlight_listen::Visitor| {
            let (door, peer) = (door.clone(), visitor.peer);
            serve_http(visitor, b"", move |request| answer(door.clone(), peer, request))
        };
        drop(spawn("test.api", doorway.run(serve)));
        Self { server, address }
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> (StatusCode, String) {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (mut client, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        drop(spawn("test", connection));
        let answered = async {
            let answer = client.send_request(request).await.unwrap();
            let status = answer.status();
            let is_challenged = answer.headers().contains_key("www-authenticate");
            assert_eq!(is_challenged, status == StatusCode::UNAUTHORIZED);
            let retry_after = answer.headers().get("retry-after").cloned();
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(retry_after.is_some(), status == StatusCode::SERVICE_UNAVAILABLE);
            (status, String::from_utf8(body.to_vec()).unwrap())
        };
        tokio::time::timeout(PATIENCE, answered).await.expect("an answer in time")
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> (StatusCode, String) {
        self.send(request("POST", path, headers, body)).await
    }

    /// Nothing is owed: every request, frame and byte became something.
    pub(crate) async fn check_ledger(&self) {
        for record in ["request", "frame", "byte"] {
            self.server.check_ledger(record).await;
        }
    }
}

async fn answer(
    door: PushDoor,
    peer: SocketAddr,
    request: Request<fanlight_listen::RequestBody>,
) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let asked = PushRequest { method: &head.method, path: head.uri.path(), headers: &head.headers, peer };
    let answer = door.take(asked, body).await;
    let mut response = Response::builder().status(answer.status);
    if let Some(delay) = answer.retry_after {
        response = response.header("retry-after", delay.as_secs());
    }
    if let Some(challenge) = answer.challenge {
        response = response.header("www-authenticate", challenge);
    }
    response.body(Full::new(Bytes::from(answer.text))).unwrap()
}

fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Request<Full<Bytes>> {
    let mut request = Request::builder().method(method).uri(path).header("host", "fanlight.example.com");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Full::new(Bytes::copy_from_slice(body))).unwrap()
}

pub(crate) fn records(count: usize) -> Vec<u8> {
    let record = |at| format!("{{\"recordid\":\"{at}\",\"host\":\"shop.example.com\"}}\n");
    (0..count).map(record).collect::<String>().into_bytes()
}

/// The power goes right after the answer: the body is in the log all the same.
#[tokio::test]
async fn a_body_is_acknowledged_once_it_is_durable() {
    let mut pushed = Pushed::start().await;
    let body = records(3);
    assert_eq!(pushed.post(WEB, &[], &body).await.0, StatusCode::OK);
    pushed.server.disk.crash(0);
    let (segments, _) = Segments::open(Path::new("/log"), 1 << 26, pushed.server.disk.clone()).unwrap();
    let mut kept = Vec::new();
    segments
        .replay(Position::START, &mut |_, frame| {
            kept.push(frame);
            ControlFlow::Continue(())
        })
        .unwrap();
    let [frame] = kept.as_slice() else { panic!("one frame, not {}", kept.len()) };
    assert_eq!((frame.kind, &*frame.bytes), (frame_kind::pushed(Feed::ZiaWeb), &*body));
    assert_eq!(pushed.server.next().await.frame, *frame);
    pushed.check_ledger().await;
}

/// Each body by itself, whatever it is said to be: what was sent, inflated where that goes, is what is kept.
#[tokio::test]
async fn no_body_is_refused_for_what_it_holds() {
    let mut pushed = Pushed::start().await;
    let text = records(2_000);
    let packed = gzip(&text);
    let cut = &packed[..packed.len() - 30];
    for (number, (headers, body, kept)) in [
        (vec![], packed.as_slice(), text.as_slice()),
        (vec![("content-encoding", "gzip")], &gzip(&text[1..]), &text[1..]),
        (vec![("content-encoding", "zstd")], &zstd(&text[2..]), &text[2..]),
        (vec![("content-encoding", "gzip")], b"{\"not\":\"gzip\"}", b"{\"not\":\"gzip\"}"),
        (vec![("content-encoding", "br")], b"who knows", b"who knows"),
        (vec![("content-type", "image/png")], b"[{},{}]", b"[{},{}]"),
        (vec![], b"{}{}{}", b"{}{}{}"),
        (vec![], b"\x00\xff\xfe garbage", b"\x00\xff\xfe garbage"),
        (vec![], b"\x1f\x8b\x08no", b"\x1f\x8b\x08no"),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(pushed.post(WEB, &headers, body).await.0, StatusCode::OK, "body {number}");
        assert_eq!(&*pushed.server.next().await.frame.bytes, kept, "body {number}");
    }
    assert_eq!(pushed.post(WEB, &[], cut).await.0, StatusCode::OK);
    let kept = pushed.server.next().await.frame.bytes;
    assert!(text.starts_with(&kept) && kept.len() > text.len() / 2, "{} of {}", kept.len(), text.len());
    assert_eq!(pushed.server.count("body", Outcome::Repaired, "broken_gzip"), 2);
    assert_eq!(pushed.server.count("body", Outcome::Repaired, "encoding_untrue"), 2);
    pushed.check_ledger().await;
}

#[tokio::test]
async fn under_pressure_a_sender_is_told_to_come_again() {
    let mut pushed = Pushed::start_with(|settings| settings.in_flight_bytes = 4_000).await;
    let body = records(10);
    pushed.server.disk.set_room(Some(0));
    let (status, text) = pushed.post(WEB, &[], &body).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{text}");
    pushed.server.disk.set_room(None);
    // What was refused is not remembered as taken.
    assert_eq!(pushed.post(WEB, &[], &body).await.0, StatusCode::OK);
    let held = pushed.server.next().await;
    assert_eq!(held.frame.bytes, body);
    // The pipeline still holds the first one.
    let (status, text) = pushed.post(WEB, &[], &records(100)).await;
    assert!(status == StatusCode::SERVICE_UNAVAILABLE && text.contains("too much is in flight"), "{text}");
    drop(held);
    assert_eq!(pushed.post(WEB, &[], &records(90)).await.0, StatusCode::OK);
    pushed.server.shutdown.begin();
    let (status, text) = pushed.post(WEB, &[], &records(20)).await;
    assert!(status == StatusCode::SERVICE_UNAVAILABLE && text.contains("stopping"), "{text}");
    pushed.check_ledger().await;
}

/// The answer got lost, so the same batch comes again: it is answered the same, and is in the log once.
#[tokio::test]
async fn a_body_that_comes_again_is_kept_once() {
    let mut pushed = Pushed::start().await;
    let body = records(5);
    for sent in [&body, &gzip(&body), &body] {
        assert_eq!(pushed.post(WEB, &[], sent).await.0, StatusCode::OK);
    }
    assert_eq!(pushed.post("/intake/zscaler/zia_dns", &[], &body).await.0, StatusCode::OK);
    let kinds = [pushed.server.next().await.frame.kind, pushed.server.next().await.frame.kind];
    assert_eq!(kinds, [Feed::ZiaWeb, Feed::ZiaDns].map(frame_kind::pushed), "another feed's is another");
    assert_eq!(pushed.server.count("body", Outcome::Duplicate, "zia_web"), 2);
    pushed.check_ledger().await;
}

/// Before a byte of it is read, and while it is inflated; a megabyte is nothing unusual.
#[tokio::test]
async fn a_body_over_the_cap_is_refused() {
    let mut pushed = Pushed::start_with(|settings| settings.max_body_bytes = 3 << 20).await;
    let large = records(40_000);
    assert!(large.len() > 1 << 20 && large.len() < 3 << 20);
    assert_eq!(pushed.post(WEB, &[], &large).await.0, StatusCode::OK);
    assert_eq!(pushed.server.next().await.frame.bytes, large);
    let too_large = records(100_000);
    for body in [&too_large, &gzip(&too_large)] {
        assert_eq!(pushed.post(WEB, &[], body).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    }
    assert!(Settings::default().max_body_bytes >= 16 << 20);
    pushed.check_ledger().await;
}

#[tokio::test]
async fn who_tries_the_address_is_told_that_it_is_right() {
    let mut pushed = Pushed::start().await;
    for (method, path) in [("GET", WEB), ("HEAD", "/intake/envoy"), ("POST", "/intake/nginx")] {
        assert_eq!(pushed.send(request(method, path, &[], b"")).await.0, StatusCode::OK, "{method}");
    }
    let (status, _) = pushed.send(request("PUT", WEB, &[], b"x")).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    let (status, text) = pushed.post("/intake/zscaler/zia_webb", &[], b"x").await;
    assert!(status == StatusCode::NOT_FOUND && text.contains("`/intake/zscaler/zia_web`"), "{text}");
    assert!(pushed.server.logged.try_recv().is_err(), "none of them is a body");
    pushed.server.check_ledger("request").await;
}

#[tokio::test]
async fn a_token_may_be_shown_in_each_usual_way() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens");
    std::fs::write(&file, format!("{TOKEN}\n")).unwrap();
    let mut pushed = Pushed::start_with(|settings| {
        settings.push.access.token_file = Some(file);
        settings.push.header = Some("x-api-key".parse().unwrap());
    })
    .await;
    let basic = "Basic emlhOnRoZS10b2tlbi1vZi1qdWx5LTI=";
    for (number, (name, value)) in [
        ("authorization", format!("Bearer {TOKEN}")),
        ("authorization", format!("Splunk {TOKEN}")),
        ("authorization", basic.to_owned()),
        ("x-api-key", TOKEN.to_owned()),
    ]
    .into_iter()
    .enumerate()
    {
        let body = records(number + 1);
        assert_eq!(pushed.post(WEB, &[(name, &value)], &body).await.0, StatusCode::OK, "{value}");
        assert_eq!(pushed.server.next().await.frame.bytes, body);
    }
    for headers in [vec![], vec![("x-api-key", "wrong")], vec![("authorization", "Splunk wrong")]] {
        assert_eq!(pushed.post(WEB, &headers, b"x").await.0, StatusCode::UNAUTHORIZED, "{headers:?}");
        assert_eq!(
            pushed.send(request("GET", WEB, &headers, b"")).await.0,
            StatusCode::UNAUTHORIZED,
            "not even whether the path is right"
        );
    }
    pushed.check_ledger().await;
}

/// Without a token: a sender on this machine, but not a proxy here that speaks for one elsewhere.
#[tokio::test]
async fn without_a_token_only_this_machine_may_push() {
    let mut pushed = Pushed::start().await;
    let for_another = [("x-forwarded-for", "198.51.100.7")];
    assert_eq!(pushed.post(WEB, &for_another, b"x").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(pushed.post(WEB, &[], b"x").await.0, StatusCode::OK);
    pushed.server.next().await;
    let asked = PushRequest {
        method: &http::Method::POST,
        path: WEB,
        headers: &http::HeaderMap::new(),
        peer: "198.51.100.7:4000".parse().unwrap(),
    };
    let elsewhere = pushed.server.listening.push.take(asked, Full::new(Bytes::from_static(b"y"))).await;
    assert_eq!(elsewhere.status, StatusCode::UNAUTHORIZED);
    let listed = Pushed::start_with(|settings| {
        settings.push.access.allow = vec!["198.51.100.0/24".parse().unwrap()];
    })
    .await;
    assert_eq!(listed.post(WEB, &[], b"x").await.0, StatusCode::FORBIDDEN);
    let named = listed.server.listening.push.take(asked, Full::new(Bytes::from_static(b"y"))).await;
    assert_eq!(named.status, StatusCode::OK, "who is named by address");
}
