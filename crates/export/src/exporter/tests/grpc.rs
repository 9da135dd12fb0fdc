//! The same promises over gRPC.

use std::sync::Arc;

use fanlight_model::{SpanId, SpanKind, Timestamp, TraceId};
use fanlight_otlp::{Attributes, Limits, SpanDraft, encode_request, scan};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;
use tonic::Code;

use super::grpc_receiver::{GrpcReceiver, Reply};
use super::*;

const OK: Reply = Reply::Taken(b"");

fn over_grpc(name: &str, address: SocketAddr) -> Target {
    Target {
        endpoint: format!("http://{address}").parse().expect("a URI"),
        protocol: Protocol::Grpc,
        ..target(name, address)
    }
}

/// `google.rpc.Status` with a `RetryInfo` of so many seconds.
fn retry_after_seconds(seconds: u8) -> Vec<u8> {
    let kind = b"type.googleapis.com/google.rpc.RetryInfo";
    let info = [0x12, 4, 0x0a, 2, 0x08, seconds];
    let any = [&[0x0a, kind.len() as u8], kind.as_slice(), &info].concat();
    [&[0x1a, any.len() as u8], any.as_slice()].concat()
}

/// Two targets, one compressed and with a secret header: each gets everything, in order, over one connection.
#[tokio::test]
async fn every_grpc_target_gets_everything_over_one_connection() {
    let plain = GrpcReceiver::start(|_, _| OK).await;
    let zipped = GrpcReceiver::start(|_, _| OK).await;
    let site = Site::on(&FaultyDisk::default());
    let exporter = site.open(vec![
        over_grpc("plain", plain.address),
        Target {
            gzip: true,
            headers: vec![(
                "lightstep-access-token".parse().expect("a name"),
                HeaderValue::from_static("of-a-file"),
            )],
            ..over_grpc("zipped", zipped.address)
        },
    ]);
    for number in 1..=9 {
        enqueue(&exporter, number..=number);
        until(&exporter, "plain", |counts| counts.waiting == 0).await;
        until(&exporter, "zipped", |counts| counts.waiting == 0).await;
    }
    drain_all(&exporter).await;
    for receiver in [&plain, &zipped] {
        assert_eq!(receiver.accepted(), items(1..=9).into_bytes());
        assert_eq!((receiver.requests().len(), receiver.connections()), (9, 1));
        let first = &receiver.requests()[0];
        assert_eq!(first.path, "/opentelemetry.proto.collector.trace.v1.TraceService/Export");
        assert_eq!(first.headers["content-type"], "application/grpc");
        assert_eq!(first.headers["te"], "trailers");
        assert_eq!(first.headers["grpc-timeout"], "10000m");
        assert!(first.headers["user-agent"].to_str().expect("text").starts_with("fanlight/"));
    }
    assert_eq!(zipped.requests()[0].headers["lightstep-access-token"], "of-a-file");
    assert_eq!(zipped.requests()[0].headers["grpc-encoding"], "gzip");
    assert!(!plain.requests()[0].headers.contains_key("grpc-encoding"));
    assert_eq!(site.ledger.get("export", "span", Outcome::Exported, "zipped"), 45);
}

async fn is_retried(first: Reply) -> Vec<Duration> {
    let receiver = GrpcReceiver::start(move |request, _| if request == 0 { first.clone() } else { OK }).await;
    let site = Site::on(&FaultyDisk::default());
    let exporter = site.open(vec![over_grpc("t", receiver.address)]);
    enqueue(&exporter, 1..=3);
    drain_all(&exporter).await;
    let messages: Vec<_> = receiver.requests().into_iter().map(|request| request.message).collect();
    assert_eq!(messages, [items(1..=3), items(1..=3)]);
    assert_eq!(site.ledger.get("export", "request", Outcome::Retried, "t"), 1);
    receiver.requests().iter().map(|request| request.at).collect()
}

#[tokio::test]
async fn a_grpc_receiver_is_left_alone_for_as_long_as_it_asks() {
    for code in [Code::ResourceExhausted, Code::Unavailable] {
        let at = is_retried(Reply::Refused(code, retry_after_seconds(1))).await;
        assert!(at[1] - at[0] >= Duration::from_secs(1), "{code:?}: {at:?}");
    }
}

#[tokio::test]
async fn what_may_pass_is_sent_again_over_grpc() {
    for code in [
        Code::Unavailable,
        Code::ResourceExhausted,
        Code::Aborted,
        Code::DeadlineExceeded,
        Code::Internal,
        Code::Unauthenticated,
    ] {
        is_retried(Reply::Refused(code, Vec::new())).await;
    }
}

/// The connection of a receiver that says nothing may be dead: the next try goes over a new one.
#[tokio::test]
async fn a_silent_grpc_receiver_is_asked_again_over_a_new_connection() {
    let receiver = GrpcReceiver::start(|request, _| if request == 0 { Reply::Silence } else { OK }).await;
    let exporter = Site::on(&FaultyDisk::default())
        .open(vec![Target { timeout: Duration::from_millis(100), ..over_grpc("t", receiver.address) }]);
    enqueue(&exporter, 1..=2);
    drain_all(&exporter).await;
    assert_eq!(receiver.accepted(), items(1..=2).into_bytes());
    assert!(receiver.connections() >= 2, "{}", receiver.connections());
}

/// The receiver says goodbye after each of the first three requests. Nothing is lost, nothing is sent twice.
#[tokio::test]
async fn a_goaway_costs_a_connection_and_nothing_else() {
    let receiver = GrpcReceiver::start(|request, _| if request < 3 { Reply::Goodbye } else { OK }).await;
    let exporter = Site::on(&FaultyDisk::default()).open(vec![over_grpc("t", receiver.address)]);
    for number in 1..=5 {
        enqueue(&exporter, number..=number);
        until(&exporter, "t", |counts| counts.waiting == 0).await;
    }
    drain_all(&exporter).await;
    assert_eq!(receiver.accepted(), items(1..=5).into_bytes());
    assert_eq!(receiver.requests().len(), 5);
    // A goodbye lets finish what is already on its way, so a request may still have come over the old one.
    assert!((2..=4).contains(&receiver.connections()), "{}", receiver.connections());
}

/// F9. Nobody listens at one target, another answers nothing: whoever enqueues does not notice, and a third gets everything.
/// When somebody listens, everything arrives.
#[tokio::test]
async fn a_dead_or_silent_target_holds_nobody_up() {
    let dead = GrpcReceiver::start(|_, _| OK).await.stop().await;
    let silent = GrpcReceiver::start(|_, _| Reply::Silence).await;
    let alive = GrpcReceiver::start(|_, _| OK).await;
    let site = Site::on(&FaultyDisk::default());
    let large = |target| Target { queue_bytes: 1 << 30, ..target };
    let exporter = site.open(vec![
        large(over_grpc("dead", dead)),
        large(over_grpc("silent", silent.address)),
        large(over_grpc("alive", alive.address)),
    ]);
    let clock = Clock::system();
    for number in 1..=2_000 {
        exporter.enqueue(position(number), 1, format!("[{number:0>1000}]").into());
    }
    let taken = clock.elapsed();
    until(&exporter, "alive", |counts| counts.exported == 2_000).await;
    assert!(taken < Duration::from_secs(5), "two thousand took {taken:?}");
    until(&exporter, "dead", |counts| counts.retries >= 2 && counts.waiting == 2_000).await;
    assert_eq!(exporter.counts("silent").map(|counts| (counts.exported, counts.waiting)), Some((0, 2_000)));
    let dead = GrpcReceiver::start_at(dead, None, |_, _| OK).await;
    until(&exporter, "dead", |counts| counts.exported == 2_000).await;
    assert_eq!(dead.accepted(), alive.accepted());
}

fn request_of(spans: u64) -> Bytes {
    let drafts: Vec<SpanDraft> = (1..=spans)
        .map(|number| SpanDraft {
            trace_id: TraceId([7; 16]),
            span_id: SpanId(number.to_be_bytes()),
            name: format!("span {number}."),
            kind: SpanKind::Server,
            start: Timestamp::from_seconds(10),
            end: Timestamp::from_seconds(11),
            ..SpanDraft::default()
        })
        .collect();
    encode_request(&Attributes::default(), "test", &drafts)
}

fn names_of(request: &[u8]) -> Vec<String> {
    let batch = scan(&Bytes::copy_from_slice(request), &Limits::default()).expect("a request");
    batch.spans().map(|span| span.name().to_owned()).collect()
}

fn parked(disk: &FaultyDisk) -> Vec<(Vec<u8>, String)> {
    let folder = Path::new(FOLDER).join("t/dead-letter");
    let letters = disk
        .paths()
        .into_iter()
        .filter(|path| path.starts_with(&folder) && path.extension().is_some_and(|ending| ending == "otlp"));
    letters
        .map(|path| {
            let reason = disk.bytes_of(&path.with_extension("reason.txt")).expect("beside it");
            (disk.bytes_of(&path).expect("there"), String::from_utf8(reason).expect("text"))
        })
        .collect()
}

/// F10. One span of five hundred is refused for good. It is found by halving and parked alone, with the reason; its siblings and
/// what comes after them arrive.
#[tokio::test]
async fn one_bad_span_of_a_batch_is_parked_alone() {
    let receiver = GrpcReceiver::start(|_, message| {
        let is_poison = message.windows(9).any(|name| name == b"span 137.");
        if is_poison { Reply::Refused(Code::InvalidArgument, Vec::new()) } else { OK }
    })
    .await;
    let disk = FaultyDisk::default();
    let site = Site::on(&disk);
    let exporter = site.open(vec![Target { queue_bytes: 1 << 30, ..over_grpc("t", receiver.address) }]);
    for number in 1..=4 {
        let spans = if number == 2 { 500 } else { 3 };
        exporter.enqueue(position(number), spans, request_of(spans));
    }
    drain_all(&exporter).await;
    let (tries, arrived) = (receiver.requests().len(), names_of(&receiver.accepted()));
    assert!(tries <= 30, "{tries} requests to find one of five hundred");
    assert_eq!(arrived.len(), 3 + 499 + 6);
    assert!(!arrived.contains(&"span 137.".to_owned()));
    let letters = parked(&disk);
    let [(letter, reason)] = letters.as_slice() else { panic!("{letters:?}") };
    assert_eq!(names_of(letter), ["span 137."]);
    assert_eq!(reason, "gRPC status InvalidArgument: what is this?\n");
    let counts = exporter.counts("t").expect("configured");
    assert_eq!((counts.received, counts.exported, counts.parked, counts.waiting), (509, 508, 1, 0));
    assert_eq!(site.ledger.get("export", "span", Outcome::Rejected, "t"), 1);
}

/// A receiver that refuses everything is not asked for each of a thousand spans.
#[tokio::test]
async fn the_search_for_bad_spans_is_bounded() {
    let receiver = GrpcReceiver::start(|_, message| {
        let is_last = message == b"[9]";
        if is_last { OK } else { Reply::Refused(Code::InvalidArgument, Vec::new()) }
    })
    .await;
    let disk = FaultyDisk::default();
    let site = Site::on(&disk);
    let exporter = site.open(vec![Target { queue_bytes: 1 << 30, ..over_grpc("t", receiver.address) }]);
    exporter.enqueue(position(1), 1_000, request_of(1_000));
    exporter.enqueue(position(2), 9, "[9]".into());
    drain_all(&exporter).await;
    assert!(receiver.requests().len() <= 70, "{} requests", receiver.requests().len());
    let spans: usize = parked(&disk).iter().map(|(letter, _)| names_of(letter).len()).sum();
    assert_eq!(spans, 1_000, "each is in one of the letters");
    let counts = exporter.counts("t").expect("configured");
    assert_eq!((counts.exported, counts.parked, counts.waiting), (9, 1_000, 0));
}

#[tokio::test]
async fn a_partial_success_over_grpc_is_counted() {
    let receiver = GrpcReceiver::start(|_, _| Reply::Taken(b"\x0a\x0b\x08\x02\x12\x07too old")).await;
    let site = Site::on(&FaultyDisk::default());
    let exporter = site.open(vec![over_grpc("t", receiver.address)]);
    enqueue(&exporter, 10..=10);
    drain_all(&exporter).await;
    let expected = TargetCounts { received: 10, exported: 8, refused: 2, ..TargetCounts::default() };
    assert_eq!(exporter.counts("t"), Some(expected));
}

/// An HTTP/1 server stands at the gRPC target's address: the target waits, and goes on when the right one is there.
#[tokio::test]
async fn a_port_that_does_not_speak_grpc_is_waited_for() {
    let wrong = Receiver::start(accept_all).await;
    let exporter = Site::on(&FaultyDisk::default()).open(vec![over_grpc("t", wrong.address)]);
    enqueue(&exporter, 1..=2);
    until(&exporter, "t", |counts| counts.retries >= 2).await;
    let address = wrong.stop().await;
    let right = GrpcReceiver::start_at(address, None, |_, _| OK).await;
    drain_all(&exporter).await;
    assert_eq!(right.accepted(), items(1..=2).into_bytes());
}

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(parameters, key).expect("signed"))
    }

    /// A certificate for a name, and its key, as PEM.
    fn issue(&self, name: &str) -> (Vec<u8>, Vec<u8>) {
        let key = KeyPair::generate().expect("a key");
        let parameters = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        let certificate = parameters.signed_by(&key, &self.0).expect("signed");
        (certificate.pem().into_bytes(), key.serialize_pem().into_bytes())
    }

    fn pem(&self) -> Vec<u8> {
        self.0.pem().into_bytes()
    }
}

/// A server that shows a certificate for 127.0.0.1 and asks for one of the same authority.
fn acceptor(authority: &Authority) -> TlsAcceptor {
    let (chain, key) = authority.issue("127.0.0.1");
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&authority.pem()).expect("PEM")).expect("a root");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(clients.build().expect("a verifier"))
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(&chain).expect("PEM")],
            PrivateKeyDer::from_pem_slice(&key).expect("PEM"),
        )
        .expect("a pair");
    config.alpn_protocols = vec![b"h2".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

/// The receiver's authority is not one of the machine's, and it wants to know who we are. A target that trusts another, or shows
/// nothing, waits.
#[tokio::test]
async fn certificates_are_checked_both_ways() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let receiver = GrpcReceiver::start_at(([127, 0, 0, 1], 0).into(), Some(acceptor(&ours)), |_, _| OK).await;
    let endpoint: http::Uri = format!("https://{}", receiver.address).parse().expect("a URI");
    let secure = |name: &str, authority: &Authority, identity| Target {
        endpoint: endpoint.clone(),
        tls: ClientTls { authorities: Some(authority.pem()), identity },
        ..over_grpc(name, receiver.address)
    };
    let exporter = Site::on(&FaultyDisk::default()).open(vec![
        secure("known", &ours, Some(ours.issue("fanlight"))),
        secure("unknown", &ours, None),
        secure("stranger", &ours, Some(theirs.issue("fanlight"))),
        secure("distrusts", &theirs, Some(ours.issue("fanlight"))),
    ]);
    enqueue(&exporter, 1..=3);
    until(&exporter, "known", |counts| counts.exported == 6).await;
    for name in ["unknown", "stranger", "distrusts"] {
        until(&exporter, name, |counts| counts.retries >= 2).await;
        assert_eq!(exporter.counts(name).map(|counts| counts.exported), Some(0), "{name}");
    }
    assert_eq!(receiver.accepted(), items(1..=3).into_bytes());
}

#[tokio::test]
async fn certificates_that_cannot_be_used_are_named_at_the_start() {
    let authority = Authority::new();
    let (chain, key) = authority.issue("fanlight");
    let (_, other_key) = authority.issue("fanlight");
    for (tls, expected) in [
        (
            ClientTls { authorities: Some(b"no PEM".to_vec()), identity: None },
            "cannot use the `ca_file` of export target `t`",
        ),
        (
            ClientTls { authorities: None, identity: Some((b"".to_vec(), key.clone())) },
            "cannot use the `certificate_file` of export target `t`",
        ),
        (
            ClientTls { authorities: None, identity: Some((chain.clone(), b"no PEM".to_vec())) },
            "cannot use the `key_file` of export target `t`",
        ),
        (
            ClientTls { authorities: Some(authority.pem()), identity: Some((chain, other_key)) },
            "cannot use the `certificate_file` with its `key_file` of export target `t`",
        ),
    ] {
        let tls = ClientTls { authorities: tls.authorities.or_else(|| Some(authority.pem())), ..tls };
        let endpoint = "https://192.0.2.1:4317".parse().expect("a URI");
        let target = Target { endpoint, tls, ..over_grpc("t", ([192, 0, 2, 1], 4317).into()) };
        let site = Site::on(&FaultyDisk::default());
        let opened = Exporter::open(
            &site.folder,
            vec![target],
            Arc::clone(&site.disk),
            Clock::system(),
            Ledger::default(),
            Shutdown::new(),
        );
        assert_eq!(opened.expect_err("no use").to_string(), expected);
    }
}
