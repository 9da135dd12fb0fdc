//! What the design's page on the simulator names and this one does not make.

/// One sentence each; the manifest lists them.
pub(super) const ABSENT: &[&str] = &[
    "the version 11 web template of one consumer: its key list is not at hand; the older one with ctime and stime is written in its place",
    "the gate as the first proxy behind the app connector, and its spans",
    "in the CSV dialect, the id of a web record of a connection that was not decrypted: a link to it names an id that the feed lacks",
    "App Connector and User Status links by event id: a same_context link names the ZPA session",
    "links of DNS records, and of spans behind the first server span of a request",
    "the deployment of an app in the minute of a rule change",
    "the service edge's own rate limits (BRK_*_RATE_LIMIT_*)",
    "WebSocket records (status 101) and negative totals of Browser Access",
    "aggregated firewall records",
    "HTTP/2 streams in the protocol version of spans: connections are shared, the attribute says 1.1",
    "access logs of sidecars between services: only the sidecar that the app connector reaches writes one",
];
