//! The table behind `gains`: fields and what they make possible. Fields by their names in the feed's table.

use fanlight_model::Feed;
use fanlight_model::Feed::{
    CloudConnectorSession, Envoy, Nginx, ZiaDns, ZiaFirewall, ZiaWeb, ZpaAppConnectorMetrics,
    ZpaAppConnectorStatus, ZpaAppprotection, ZpaAudit, ZpaBrowserAccess, ZpaPrivateServiceEdgeMetrics,
    ZpaUserActivity, ZpaUserStatus,
};

use super::Gives::{Answer, Rung, Segment};
use super::{Gives, Use};

const fn on(feed: Feed, gives: Gives, needs: &'static [&'static str], words: &'static str) -> Use {
    Use { feed, gives, needs, words }
}

#[rustfmt::skip]
pub(crate) const USES: &[Use] = &[
    on(ZpaUserActivity, Rung("R1z"), &["ConnectionID"], "requests of Browser Access and AppProtection find the connection that carried them"),
    on(ZpaUserActivity, Rung("R2"), &["ConnectorIP", "ConnectorPort", "ServerIP", "ServerPort", "TimestampConnectionStart"], "a span finds its connection by both addresses and both ports: exact"),
    on(ZpaUserActivity, Rung("R3"), &["ConnectorIP", "ConnectorPort", "TimestampConnectionStart"], "a span finds its connection by the app connector's address and port"),
    on(ZpaUserActivity, Rung("R4"), &["ConnectorIP", "Host", "TimestampConnectionStart"], "a span finds its connection by the app connector's address and the host, where a port was translated"),
    on(ZpaUserActivity, Rung("R6"), &["Username", "Host", "TimestampConnectionStart"], "candidates by principal, host and time"),
    on(ZpaUserActivity, Rung("R7"), &["SessionID"], "device and posture from User Status, by ZPA session"),
    on(ZpaUserActivity, Rung("R8"), &["ClientZEN", "Connector"], "baselines by service edge and app connector"),
    on(ZpaUserActivity, Segment("edge_policy"), &["ConnectionSetupTime", "ConnectorZENSetupTime"], "the set-up before the app connector, to the microsecond"),
    on(ZpaUserActivity, Segment("edge_policy"), &["PolicyProcessingTime"], "how much of it was evaluating access policy"),
    on(ZpaUserActivity, Segment("edge_policy"), &["CAProcessingTime"], "how much of it was the central authority"),
    on(ZpaUserActivity, Segment("connector_setup"), &["ConnectorZENSetupTime", "ServerSetupTime"], "the app connector's data connection, apart from connecting to the server"),
    on(ZpaUserActivity, Segment("connector_setup"), &["TimestampConnectionStart", "TimestampConnectorZENSetupComplete"], "the whole set-up to the millisecond, without the timers that the default template lacks"),
    on(ZpaUserActivity, Segment("connector_setup"), &["AppLearnTime"], "how much of it was learning the app"),
    on(ZpaUserActivity, Segment("server_connect"), &["ServerSetupTime"], "connecting to the server"),
    on(ZpaUserActivity, Segment("outside_or_edge"), &["TimestampZENFirstTxConnector", "TimestampZENFirstRxConnector"], "the far side's first byte: what app connector, network and app took together"),
    on(ZpaUserActivity, Segment("reroute"), &["ClientZEN", "ConnectorZEN"], "whether the traffic crossed another service edge than usual"),
    on(ZpaUserActivity, Answer("first request"), &["TimestampZENFirstTxConnector"], "which request of a connection paid for the set-up"),
    on(ZpaUserActivity, Answer("clock offset"), &["TimestampZENFirstTxConnector", "TimestampZENLastRxConnector"], "how far the app's clock is from the service edge's, learned from the traffic"),
    on(ZpaUserActivity, Answer("end of the connection"), &["TimestampConnectionEnd"], "a port that is used again is not joined to the connection before"),
    on(ZpaUserActivity, Answer("refusal"), &["InternalReason", "ConnectionStatus"], "a refusal told apart from an ordinary close, and its cause"),
    on(ZpaUserActivity, Answer("rule"), &["Policy"], "which vendor rule decided"),
    on(ZpaUserActivity, Answer("app"), &["Application"], "which app and app segment it was"),
    on(ZpaUserActivity, Answer("client"), &["ClientPublicIP"], "where the principal was"),
    on(ZpaUserActivity, Answer("device"), &["Hostname"], "which device it was, without User Status"),
    on(ZpaUserActivity, Answer("lateness"), &["LogTimestamp"], "how late the feed is, and so until when an access event may still come"),
    on(ZpaBrowserAccess, Rung("R1z"), &["ConnectionID"], "a request finds the connection that carried it"),
    on(ZpaBrowserAccess, Rung("R5"), &["Method", "Host", "URL", "StatusCode", "TimestampRequestReceiveStart"], "a span finds its own request, to the millisecond"),
    on(ZpaBrowserAccess, Rung("R6"), &["NameID", "Host", "TimestampRequestReceiveStart"], "candidates by principal, host and time"),
    on(ZpaBrowserAccess, Segment("last_mile"), &["TotalTimeRequestReceive", "TimestampResponseReceiveFinish", "TimestampResponseTransmitFinish"], "the way between client and service edge, of each request"),
    on(ZpaBrowserAccess, Segment("edge_policy"), &["TimestampRequestReceiveFinish", "TimestampRequestTransmitStart", "TotalTimeConnectionSetup"], "what the service edge itself took, of each request"),
    on(ZpaBrowserAccess, Segment("connector_setup"), &["TotalTimeConnectionSetup"], "the connection set-up, of the request that paid for it"),
    on(ZpaBrowserAccess, Segment("outside_or_edge"), &["TotalTimeServerResponse"], "waiting for the app, as the service edge saw it"),
    on(ZpaBrowserAccess, Answer("client"), &["ClientPublicIp", "ClientPublicPort"], "where the principal was"),
    on(ZpaAppprotection, Rung("R1z"), &["ConnectionID"], "an exchange finds the connection that carried it"),
    on(ZpaAppprotection, Rung("R5"), &["Method", "Host", "URL", "StatusCode", "TimestampRequestReceiveStart"], "a span finds its own exchange, to the microsecond"),
    on(ZpaAppprotection, Rung("R6"), &["UserID", "Host", "TimestampRequestReceiveStart"], "candidates by principal, host and time"),
    on(ZpaAppprotection, Segment("last_mile"), &["TotalTimeRequestReceive", "TimestampResponseReceiveFinish", "TimestampResponseTransmitFinish"], "the way between client and service edge, of each exchange"),
    on(ZpaAppprotection, Segment("edge_inspection"), &["InspectionRuleProcessingTime", "InspectionReqHeadersProcessingTime", "InspectionReqBodyProcessingTime", "InspectionRespHeadersProcessingTime", "InspectionRespBodyProcessingTime"], "what inspecting took"),
    on(ZpaAppprotection, Segment("outside_or_edge"), &["TimestampRequestTransmitFinish", "TimestampResponseReceiveStart"], "the app's first byte; ResponseReceiveStart is not in the default template"),
    on(ZpaAppprotection, Answer("disposition"), &["Actions"], "what was done about what inspection found"),
    on(ZpaUserStatus, Rung("R1z"), &["SessionID"], "device and posture of a connection, by ZPA session"),
    on(ZpaUserStatus, Rung("R7"), &["Username", "PublicIP", "TimestampAuthentication"], "device and posture by principal, address and time, where ZPA sessions rotate"),
    on(ZpaUserStatus, Answer("posture"), &["PosturesHit", "PosturesMiss"], "whether a missed posture was the cause"),
    on(ZpaUserStatus, Answer("device"), &["Hostname", "Platform"], "which device it was"),
    on(ZpaAppConnectorStatus, Rung("R8"), &["Connector"], "app connectors that came and went beside the baselines"),
    on(ZpaAppConnectorStatus, Answer("app connector"), &["SessionStatus", "CPUUtilization", "MemUtilization"], "whether the app connector was the cause"),
    on(ZpaAppConnectorMetrics, Answer("app connector"), &["Connector", "CPUUtilization", "SystemMemoryUtilization", "UsedTCPPortsIPv4", "AvailablePorts"], "whether the app connector ran out of processor, memory or ports"),
    on(ZpaPrivateServiceEdgeMetrics, Answer("service edge"), &["PrivateSE", "CPUUtilization", "SystemMemoryUtilization"], "whether the private service edge ran out of processor or memory"),
    on(ZpaAudit, Answer("change"), &["AuditOperationType", "ObjectType", "ObjectName"], "which change at the edge came before a slowdown, and who edits or deletes a feed"),
    on(ZiaWeb, Rung("R5"), &["host", "url", "reqmethod", "respcode"], "a span finds its own transaction, where the connection was decrypted"),
    on(ZiaWeb, Rung("R4"), &["cip", "clt_sport"], "a client's span finds its connection by the client's port; Zscaler Support switches it on"),
    on(ZiaWeb, Rung("R6"), &["login", "host"], "candidates by principal, host and time"),
    on(ZiaWeb, Segment("edge_throttle"), &["bwthrottle"], "whether bandwidth control held it back"),
    on(ZiaFirewall, Rung("R2"), &["ssip", "ssport", "sdip", "sdport"], "a span finds its session by both addresses and both ports; the feed must log in SESSION mode"),
    on(ZiaFirewall, Rung("R6"), &["login", "csip"], "candidates by principal and address"),
    on(ZiaFirewall, Segment("outside_or_edge"), &["durationms"], "how long the session lasted, to the millisecond"),
    on(ZiaDns, Segment("outside_or_edge"), &["durationms"], "how long resolving the name took"),
    on(CloudConnectorSession, Rung("R2"), &["srv_src_ip", "srv_src_port", "srv_dst_ip", "srv_dst_port"], "a workload's span finds its session by both addresses and both ports"),
    on(Envoy, Rung("R0"), &["rid"], "the request's own id, in the span and in the proxy's record"),
    on(Envoy, Rung("R1"), &["ddra", "tid"], "the proxy's record carries both the app connector's address and port and the trace"),
    on(Nginx, Rung("R1"), &["realip_remote_addr", "realip_remote_port", "traceparent"], "the proxy's record carries both the app connector's address and port and the trace"),
];
