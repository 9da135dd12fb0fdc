//! Every key of the configuration, in the order of the flow. The example file and the check for unknown keys come from here.

use std::sync::LazyLock;

use fanlight_intake::stream_port;
use fanlight_model::Feed;

/// One key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    /// Dotted path; `export[]` is an array of tables.
    pub(super) path: &'static str,
    /// Its default as TOML, or an example in a line that is commented out.
    pub(super) value: Value,
    /// Why one would set it; empty where the section says it all.
    pub(super) reason: &'static str,
}

/// What stands behind a key in the example file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    /// The default.
    Default(&'static str),
    /// There is no default; this is an example.
    Example(&'static str),
    /// The same, and the key is a table with names that the user chooses.
    OpenTable(&'static str),
    /// The same as under the feed that is shown whole: the example leaves it out.
    Likewise,
}

use Value::{Default, Example, Likewise, OpenTable};

/// The feed whose listener the example shows whole.
const SHOWN_WHOLE: Feed = Feed::ZpaUserActivity;

/// Why each section exists, for the example file.
pub(super) const SECTIONS: &[(&str, &str)] = &[
    ("intake", "What comes in. Received bytes are on disk before they are acknowledged."),
    ("intake.otlp_grpc", "Spans over OTLP/gRPC."),
    ("intake.otlp_grpc.tls", TLS),
    ("intake.otlp_http", "Spans over OTLP/HTTP (protobuf or JSON; plain, gzip or zstd)."),
    ("intake.otlp_http.tls", TLS),
    (
        "intake.zpa_user_activity",
        "ZPA Log Streaming Service, log type User Activity, over TCP: a record a line, or after its length as in RFC 6587.",
    ),
    ("intake.zpa_user_activity.tls", TLS),
    (
        "intake.push",
        "Records that are pushed to the API by POST: `/intake/zscaler/FEED` (Cloud NSS), `/intake/envoy`, `/intake/nginx`.",
    ),
    ("intake.push.oauth", OAUTH),
    ("intake.tail.files[]", "One table for each file that is followed as it grows, also when it is rotated."),
    (
        "intake.feed_output[]",
        "One table for each feed whose lines do not say by themselves what they hold: cells without names, or times without a zone.",
    ),
    ("correlate", "The join of spans and access events."),
    ("correlate.association[]", "One table for each service whose server address the spans do not say."),
    ("store", "Where everything is kept: the folder that `--data` names."),
    ("export[]", "One table for each backend that gets the enriched spans."),
    ("api", "The HTTP API, `/metrics`, `/livez` and `/readyz`."),
    ("api.tls", TLS),
    ("telemetry", "What Fanlight tells of itself, beside its log on standard error."),
];

const ALLOW: &str = "Who may connect, as CIDRs. An empty list lets in whoever can reach the address: beyond loopback only where a token or a client certificate is wanted.";
const TOKENS: &str = "A file with bearer tokens, one a line: a request carries one of them as `authorization: Bearer …`. Read again when it changes.";
const PUSH_ALLOW: &str =
    "Who may push, as CIDRs, beside `allow` under `[api]`. An empty list leaves that to the token.";
const PUSH_TOKENS: &str = "A file with tokens, one a line: a request carries one as `authorization: Bearer …`, `Splunk …`, or `Basic …` with the token as password. Without the file and `oauth` only this machine, or who is in `allow`, may push. Read again when it changes.";
const OAUTH: &str = "Tokens of an authorisation server (OAuth 2.0, JWT) that may push, beside those of `token_file`: for Cloud NSS with OAuth. Signed by RS256, PS256, ES256 or EdDSA.";
const JWKS: &str = "The server's public keys: what its `jwks_uri` gives. Fanlight does not fetch them; let a timer do it each hour and exchange the whole file: `curl -fsS URL -o jwks.new && mv jwks.new jwks.json`. Read again when it changes, and what cannot be used leaves the former keys in force.";
const TLS: &str = "TLS 1.2 and 1.3; plain without these files. They are read again when they change, and what cannot be used leaves the former ones in force.";

const fn certificate(path: &'static str) -> Key {
    let reason = "The certificate and those between it and its root, in PEM.";
    Key { path, value: Example("\"secrets/server.crt\""), reason }
}

const fn private_key(path: &'static str) -> Key {
    let reason = "The certificate's private key in PEM, not encrypted.";
    Key { path, value: Example("\"secrets/server.key\""), reason }
}

const fn client_ca(path: &'static str) -> Key {
    let reason = "Authorities in PEM: every client then has to show a certificate that one of them signed.";
    Key { path, value: Example("\"secrets/clients.crt\""), reason }
}

const fn client_crl(path: &'static str) -> Key {
    let reason = "Certificates that were taken back, in PEM: a list of each of these authorities.";
    Key { path, value: Example("\"secrets/clients.crl\""), reason }
}

/// All keys.
pub(super) static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| {
    let streams = Feed::ALL.iter().filter(|feed| **feed != SHOWN_WHOLE).flat_map(|feed| stream(*feed));
    BEFORE_STREAMS.iter().copied().chain(streams).chain(AFTER_STREAMS.iter().copied()).collect()
});

/// Why a section exists.
pub(super) fn reason(section: &str) -> &'static str {
    let told = SECTIONS.iter().find(|(path, _)| *path == section).map(|(_, reason)| *reason);
    let of_stream = || section.strip_prefix("intake.").and_then(Feed::from_name).map(|_| STREAM);
    told.or_else(of_stream).unwrap_or_default()
}

const STREAM: &str = "The same for this feed.";

/// The keys of a feed's listener. Their texts are made once and stay as long as the process.
fn stream(feed: Feed) -> Vec<Key> {
    let path = |key: &str| -> &'static str { format!("intake.{feed}.{key}").leak() };
    let (value, reason): (&'static str, _) = match stream_port(feed) {
        Some(port) => (format!("\"127.0.0.1:{port}\"").leak(), ""),
        None => ("\"off\"", "Closed until it is given an address."),
    };
    let likewise = |key| Key { path: path(key), value: Likewise, reason: "" };
    let others = ["allow", "tls.certificate", "tls.key", "tls.client_ca", "tls.client_crl"];
    let listen = Key { path: path("listen"), value: Default(value), reason };
    [listen].into_iter().chain(others.map(likewise)).collect()
}

const BEFORE_STREAMS: &[Key] = &[
    Key { path: "version", value: Default("1"), reason: "The version of this file's format." },
    Key {
        path: "intake.in_flight",
        value: Default("\"128MiB\""),
        reason: "Received bytes that may be between socket and store at one time; beyond it senders are told to come back.",
    },
    Key {
        path: "intake.lightstep",
        value: Default("false"),
        reason: "Take what Lightstep's ingest took, for a move away from it: `/traces/otlp/v0.9`, `/traces/otlp/v0.6`, `/api/v2/otel/trace`, and the header `lightstep-access-token` as a listener's token.",
    },
    Key {
        path: "intake.otlp_grpc.listen",
        value: Default("\"127.0.0.1:4317\""),
        reason: "Address and port; port 0 takes a free one, `\"off\"` closes the listener.",
    },
    Key { path: "intake.otlp_grpc.allow", value: Default("[]"), reason: ALLOW },
    Key { path: "intake.otlp_grpc.token_file", value: Example("\"secrets/otlp-tokens\""), reason: TOKENS },
    certificate("intake.otlp_grpc.tls.certificate"),
    private_key("intake.otlp_grpc.tls.key"),
    client_ca("intake.otlp_grpc.tls.client_ca"),
    client_crl("intake.otlp_grpc.tls.client_crl"),
    Key {
        path: "intake.otlp_http.listen",
        value: Default("\"127.0.0.1:4318\""),
        reason: "Address and port.",
    },
    Key { path: "intake.otlp_http.allow", value: Default("[]"), reason: ALLOW },
    Key { path: "intake.otlp_http.token_file", value: Example("\"secrets/otlp-tokens\""), reason: TOKENS },
    certificate("intake.otlp_http.tls.certificate"),
    private_key("intake.otlp_http.tls.key"),
    client_ca("intake.otlp_http.tls.client_ca"),
    client_crl("intake.otlp_http.tls.client_crl"),
    Key {
        path: "intake.zpa_user_activity.listen",
        value: Default("\"127.0.0.1:9015\""),
        reason: "Address and port. Plain LSS cannot authenticate itself: beyond loopback it needs `allow`, or client certificates.",
    },
    Key { path: "intake.zpa_user_activity.allow", value: Default("[]"), reason: ALLOW },
    certificate("intake.zpa_user_activity.tls.certificate"),
    private_key("intake.zpa_user_activity.tls.key"),
    client_ca("intake.zpa_user_activity.tls.client_ca"),
    client_crl("intake.zpa_user_activity.tls.client_crl"),
];

const AFTER_STREAMS: &[Key] = &[
    Key { path: "intake.push.allow", value: Default("[]"), reason: PUSH_ALLOW },
    Key { path: "intake.push.token_file", value: Example("\"secrets/push-tokens\""), reason: PUSH_TOKENS },
    Key {
        path: "intake.push.header",
        value: Example("\"x-api-key\""),
        reason: "A header that carries the token as it is, for senders that cannot set `authorization`.",
    },
    Key {
        path: "intake.push.oauth.issuer",
        value: Example("\"https://login.example.com/tenant\""),
        reason: "The tokens' `iss`, letter for letter.",
    },
    Key {
        path: "intake.push.oauth.audience",
        value: Example("\"fanlight-nss\""),
        reason: "The tokens' `aud`, or one of them.",
    },
    Key { path: "intake.push.oauth.jwks_file", value: Example("\"secrets/jwks.json\""), reason: JWKS },
    Key {
        path: "intake.push.oauth.subjects",
        value: Example("[\"client-id\"]"),
        reason: "Whose tokens: one of these is their `sub`, `azp`, `client_id` or `appid`. An empty list is whoever the server gives a token for `audience`.",
    },
    Key {
        path: "intake.tail.files[].path",
        value: Example("\"/var/log/nginx/access.json\""),
        reason: "The file, by the name that it has while it is written.",
    },
    Key {
        path: "intake.tail.files[].feed",
        value: Example("\"nginx\""),
        reason: "What its lines are: `envoy`, `nginx`, or any other feed.",
    },
    Key { path: "intake.feed_output[].feed", value: Example("\"zia_web\""), reason: "The feed." },
    Key {
        path: "intake.feed_output[].template_file",
        value: Example("\"templates/zia_web.txt\""),
        reason: "A file with its feed output format, as it stands in Zscaler's console: for CSV and TSV. `fanlight config explain` shows what is read of it.",
    },
    Key {
        path: "intake.feed_output[].zone",
        value: Default("\"UTC\""),
        reason: "The zone of times that name none: `UTC`, or east of it as `+01:00`. A zone with summer time cannot be set; let the sender write UTC.",
    },
    Key {
        path: "correlate.memory",
        value: Default("\"256MiB\""),
        reason: "Connections and waiting probes kept in memory for partners that are late, 65 minutes at most.",
    },
    Key {
        path: "correlate.association[].service",
        value: Example("\"shop\""),
        reason: "`service.name` of the spans.",
    },
    Key {
        path: "correlate.association[].namespace",
        value: Example("\"\""),
        reason: "`service.namespace`, where the spans have one.",
    },
    Key {
        path: "correlate.association[].environment",
        value: Example("\"\""),
        reason: "`deployment.environment.name`, where the spans have one.",
    },
    Key {
        path: "correlate.association[].server",
        value: Example("\"192.0.2.10:8080\""),
        reason: "What ZPA calls `ServerIP:ServerPort`.",
    },
    Key {
        path: "store.seal_after",
        value: Default("\"5m\""),
        reason: "How long rows stay in memory before they become a part; they are on disk, in the log, from the start.",
    },
    Key {
        path: "store.seal_rows",
        value: Default("1000000"),
        reason: "How many rows become a part at the latest.",
    },
    Key {
        path: "store.hot_memory",
        value: Default("\"256MiB\""),
        reason: "How many bytes of rows become a part at the latest.",
    },
    Key {
        path: "store.log_kept",
        value: Default("\"1GiB\""),
        reason: "How much of the log is kept, after its rows are in parts, to rebuild the join at a restart; 65 minutes at most.",
    },
    Key {
        path: "export[].name",
        value: Example("\"tempo\""),
        reason: "Its name in metrics, and of its queue's folder.",
    },
    Key {
        path: "export[].preset",
        value: Example("\"generic\""),
        reason: "What the keys below begin with: `generic` (HTTP, token as a bearer) or `lightstep` (gRPC to `https://ingest.lightstep.com:443`, token in `lightstep-access-token`).",
    },
    Key {
        path: "export[].protocol",
        value: Example("\"http\""),
        reason: "`http` (OTLP/HTTP, protobuf) or `grpc`.",
    },
    Key {
        path: "export[].endpoint",
        value: Example("\"https://tempo.example.com:4318/v1/traces\""),
        reason: "Where to send: the whole URL; over gRPC without a path.",
    },
    Key {
        path: "export[].token_file",
        value: Example("\"secrets/token\""),
        reason: "A file with the token that the backend wants, alone.",
    },
    Key {
        path: "export[].token_header",
        value: Example("\"authorization\""),
        reason: "The header that carries it; in `authorization` it is a bearer's.",
    },
    Key {
        path: "export[].header_files",
        value: OpenTable("{ \"x-scope-orgid\" = \"secrets/tenant\" }"),
        reason: "Further headers, each value in a file of its own.",
    },
    Key {
        path: "export[].ca_file",
        value: Example("\"secrets/ca.pem\""),
        reason: "Certificate authorities (PEM) to trust behind `https` instead of the machine's.",
    },
    Key {
        path: "export[].certificate_file",
        value: Example("\"secrets/fanlight.pem\""),
        reason: "A certificate (PEM, with those between it and its root) that shows the backend who we are.",
    },
    Key {
        path: "export[].key_file",
        value: Example("\"secrets/fanlight.key\""),
        reason: "Its private key (PEM).",
    },
    Key { path: "export[].compression", value: Example("\"gzip\""), reason: "`gzip` or `none`." },
    Key {
        path: "export[].queue",
        value: Example("\"1GiB\""),
        reason: "Bytes on disk that may wait for this target; beyond it the oldest are dropped and counted.",
    },
    Key { path: "export[].timeout", value: Example("\"10s\""), reason: "How long one request may take." },
    Key { path: "api.listen", value: Default("\"127.0.0.1:8080\""), reason: "Address and port." },
    Key { path: "api.allow", value: Default("[]"), reason: ALLOW },
    Key {
        path: "api.hosts",
        value: Default("[]"),
        reason: "Names by which browsers and clients reach this server, beside loopback and the address itself: any other `Host` is refused.",
    },
    certificate("api.tls.certificate"),
    private_key("api.tls.key"),
    client_ca("api.tls.client_ca"),
    client_crl("api.tls.client_crl"),
    Key {
        path: "telemetry.self_trace",
        value: Default("false"),
        reason: "Keep spans of Fanlight's own work, as service `fanlight`: some of its requests and batches, stored like anybody's and never exported.",
    },
];

/// The names that may stand directly under `prefix` (`""` for the top), and whether any name may.
pub(super) fn children(prefix: &str) -> (Vec<&'static str>, bool) {
    let mut names: Vec<&'static str> = Vec::new();
    let mut open = false;
    for key in KEYS.iter() {
        let rest = if prefix.is_empty() { Some(key.path) } else { key.path.strip_prefix(prefix) };
        let Some(rest) = rest else { continue };
        if rest.is_empty() {
            open |= matches!(key.value, OpenTable(_));
            continue;
        }
        let rest = if prefix.is_empty() {
            rest
        } else {
            match rest.strip_prefix('.') {
                Some(rest) => rest,
                None => continue,
            }
        };
        let name = rest.split('.').next().unwrap_or(rest).trim_end_matches("[]");
        if !names.contains(&name) {
            names.push(name);
        }
    }
    (names, open)
}
