//! A server on a port of its own, over a small store: one trace of two spans, one access event, one link.

use std::net::SocketAddr;
use std::sync::Arc;

use fanlight_api::{AdminToken, ApiState, ConfigReport, Readiness, ReadinessPart, SignIn, router};
use fanlight_listen::Hosts;
use fanlight_log::{Position, StdDisk};
use fanlight_model::{
    AccessEvent, Disposition, EventUid, Feed, Link, LinkState, ParseLevel, PhaseDurations, PrincipalId,
    Relation, Rung, SpanId, SpanKind, Timestamp, TraceId, link_id,
};
use fanlight_otlp::{Attributes, Limits, SpanDraft, encode_request, scan};
use fanlight_runtime::{Clock, Ledger, Metrics};
use fanlight_store::{Append, Settings, SpanRows, Store};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
    pub(crate) ready: ReadinessPart,
    pub(crate) sign_in: SignIn,
    pub(crate) clock: Clock,
    _folder: tempfile::TempDir,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The body of a success, after checking it against the description.
    pub(crate) fn json(&self, schema: &str) -> serde_json::Value {
        assert!((200..300).contains(&self.status), "{}", self.body);
        assert_eq!(self.header("content-type"), Some("application/json"));
        let value = serde_json::from_str(&self.body).expect("JSON");
        crate::schema::check(schema, &value);
        value
    }
}

impl Server {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a directory of its own");
        let (clock, ledger) = (Clock::manual(at(0)), Ledger::default());
        let disk = Arc::new(StdDisk);
        let opened = Store::open(Settings::new(folder.path()), clock.clone(), ledger.clone(), disk);
        let (store, _) = opened.expect("a new folder opens");
        store.append(rows()).expect("the rows are storable");
        let path = folder.path().join("admin.token");
        let token = AdminToken::load_or_create(&path).expect("the folder is ours");
        let readiness = Readiness::default();
        let ready = readiness.part("log", "the log to be replayed");
        let sign_in = SignIn::new(clock.clone());
        let state = ApiState {
            store,
            clock: clock.clone(),
            ledger,
            metrics: Metrics::default(),
            token,
            sign_in: sign_in.clone(),
            ready: readiness,
            hosts: Hosts::default(),
            config: ConfigReport::loaded(clock.now(), Some("fanlight.toml".to_owned())),
            feeds: fanlight_api::Feeds::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let service = router(state).into_make_service_with_connect_info::<SocketAddr>();
        fanlight_runtime::spawn("test.api", async move { axum::serve(listener, service).await });
        let token = std::fs::read_to_string(path).expect("just made").trim().to_owned();
        Self { address, token, ready, sign_in, clock, _folder: folder }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, "", "").await
    }

    pub(crate) async fn sql(&self, sql: &str) -> Reply {
        let body = serde_json::json!({ "sql": sql }).to_string();
        let headers = format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
        self.ask("POST", "/api/v1/sql", &headers, &body).await
    }

    /// With the token, and under the right name.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Reply {
        self.raw(method, path, &format!("{}{headers}", self.known()), body).await
    }

    /// Sends a query and does not read its answer. Dropping the socket hangs up.
    pub(crate) async fn ask_and_wait(&self, sql: &str) -> TcpStream {
        let body = serde_json::json!({ "sql": sql }).to_string();
        let headers =
            format!("{}content-type: application/json\r\ncontent-length: {}\r\n", self.known(), body.len());
        let mut socket = TcpStream::connect(self.address).await.expect("it listens");
        let request = format!("POST /api/v1/sql HTTP/1.1\r\n{headers}\r\n{body}");
        socket.write_all(request.as_bytes()).await.expect("it reads");
        socket
    }

    pub(crate) async fn raw(&self, method: &str, path: &str, headers: &str, body: &str) -> Reply {
        let mut socket = TcpStream::connect(self.address).await.expect("it listens");
        let request = format!("{method} {path} HTTP/1.1\r\n{headers}connection: close\r\n\r\n{body}");
        // A server that refuses a long body may close before it has all of it.
        let sent = socket.write_all(request.as_bytes()).await;
        let mut bytes = Vec::new();
        let read = socket.read_to_end(&mut bytes).await;
        assert!(!bytes.is_empty(), "no reply: {sent:?} {read:?}");
        parse(&String::from_utf8(bytes).expect("UTF-8"))
    }

    fn known(&self) -> String {
        format!("host: {}\r\nauthorization: Bearer {}\r\n", self.address, self.token)
    }
}

fn parse(text: &str) -> Reply {
    let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status line");
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    Reply { status: status.parse().expect("a number"), headers, body: body.to_owned() }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::parse_rfc3339("2026-11-22T07:00:00Z").expect("a time").shifted(millis * 1_000_000)
}

fn rows() -> Append {
    let trace_id: TraceId = "0af7651916cd43dd8448eb211c80319c".parse().expect("hex");
    let (server, client) = (SpanId([1; 8]), SpanId([2; 8]));
    let mut resource = Attributes::default();
    resource.push_str("service.name", "shop");
    let mut attributes = Attributes::default();
    attributes.push_str("http.route", "/orders");
    attributes.push_int("http.response.status_code", 200);
    attributes.push_str("network.peer.address", "192.0.2.7");
    attributes.push_int("network.peer.port", 41_000);
    let spans = [
        SpanDraft {
            trace_id,
            span_id: server,
            // Its parent is the caller's span, which nobody sent.
            parent: SpanId([9; 8]),
            name: "GET /orders".to_owned(),
            kind: SpanKind::Server,
            start: at(200),
            end: at(320),
            attributes,
            ..SpanDraft::default()
        },
        SpanDraft {
            trace_id,
            span_id: client,
            parent: server,
            name: "select orders".to_owned(),
            kind: SpanKind::Client,
            start: at(210),
            end: at(250),
            ..SpanDraft::default()
        },
    ];
    let request = encode_request(&resource, "tests", &spans);
    let batch = scan(&request, &Limits::default()).expect("a sound request");
    let event = event();
    let link = link(trace_id, server, event.event_uid);
    Append {
        position: Position { file: 1, offset: 4_096 },
        spans: vec![SpanRows { batch, additions: Vec::new(), synthetic: false }],
        events: vec![Arc::new(event)],
        links: vec![link],
        records: Vec::new(),
        arrival: at(400),
    }
}

fn event() -> AccessEvent {
    let uid = EventUid::of_vendor_uid("zpa", "zpa_user_activity", "session,connection");
    let mut event = AccessEvent::empty(uid, Feed::ZpaUserActivity, at(400), "{}");
    event.vendor_uid = Some("session,connection".into());
    event.start_time = at(0);
    event.last_time = at(350);
    event.principal_id = Some(PrincipalId("fl:default:h:ana".into()));
    event.user_name = Some("ana@example.com".into());
    event.disposition = Some(Disposition::Allowed);
    event.rule = Some("staff".into());
    event.parse_level = ParseLevel::Strict;
    event.phases = PhaseDurations {
        policy_us: Some(28),
        ca_us: Some(1_330),
        connector_setup_us: Some(191_017),
        setup_us: Some(192_397),
        server_setup_us: Some(465),
        ..PhaseDurations::default()
    };
    event
}

fn link(trace_id: TraceId, span_id: SpanId, event_uid: EventUid) -> Link {
    Link {
        link_id: link_id(trace_id, span_id, event_uid),
        trace_id,
        span_id,
        event_uid,
        rung: Rung::R3,
        relation: Relation::SameConnection,
        confidence: 0.9995,
        runner_up: 0.0,
        residual_ms: 0.0,
        late_by_ms: 12.5,
        state: LinkState::Asserted,
        revision: 1,
        decided_time: at(400),
        first_on_connection: true,
    }
}
