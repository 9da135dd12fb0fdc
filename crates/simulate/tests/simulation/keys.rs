//! Keys and their order, written down here from `zscaler.md`, 1.3, and from the published ZIA templates: not from any code of ours.

use super::run::{DEFAULT, Run};

const USER_ACTIVITY: &str = "LogTimestamp, Customer, SessionID, ConnectionID, InternalReason, ConnectionStatus, IPProtocol, \
    DoubleEncryption, Username, ServicePort, ClientPublicIP, ClientPrivateIP, ClientLatitude, ClientLongitude, \
    ClientCountryCode, ClientZEN, Policy, Connector, ConnectorZEN, ConnectorIP, ConnectorPort, Host, Application, AppGroup, \
    Server, ServerIP, ServerPort, PolicyProcessingTime, ServerSetupTime, TimestampConnectionStart, TimestampConnectionEnd, \
    TimestampCATx, TimestampCARx, TimestampAppLearnStart, TimestampZENFirstRxClient, TimestampZENFirstTxClient, \
    TimestampZENLastRxClient, TimestampZENLastTxClient, TimestampConnectorZENSetupComplete, TimestampZENFirstRxConnector, \
    TimestampZENFirstTxConnector, TimestampZENLastRxConnector, TimestampZENLastTxConnector, ZENTotalBytesRxClient, \
    ZENBytesRxClient, ZENTotalBytesTxClient, ZENBytesTxClient, ZENTotalBytesRxConnector, ZENBytesRxConnector, \
    ZENTotalBytesTxConnector, ZENBytesTxConnector, Idp, ClientToClient, ClientCity, MicroTenantID, AppMicroTenantID";
const USER_STATUS: &str = "LogTimestamp, Customer, Username, SessionID, SessionStatus, Version, ZEN, CertificateCN, PrivateIP, \
    PublicIP, Latitude, Longitude, CountryCode, TimestampAuthentication, TimestampUnAuthentication, TotalBytesRx, \
    TotalBytesTx, Idp, Hostname, Platform, ClientType, TrustedNetworks, TrustedNetworksNames, SAMLAttributes, PosturesHit, \
    PosturesMiss, ZENLatitude, ZENLongitude, ZENCountryCode, FQDNRegistered, FQDNRegisteredError, City, MicroTenantID";
const CONNECTOR_STATUS: &str = "LogTimestamp, Customer, SessionID, SessionType, SessionStatus, Version, Platform, ZEN, \
    Connector, ConnectorGroup, PrivateIP, PublicIP, Latitude, Longitude, CountryCode, TimestampAuthentication, \
    TimestampUnAuthentication, CPUUtilization, MemUtilization, ServiceCount, InterfaceDefRoute, DefRouteGW, \
    PrimaryDNSResolver, HostStartTime, ConnectorStartTime, NumOfInterfaces, BytesRxInterface, PacketsRxInterface, \
    ErrorsRxInterface, DiscardsRxInterface, BytesTxInterface, PacketsTxInterface, ErrorsTxInterface, DiscardsTxInterface, \
    TotalBytesRx, TotalBytesTx, MicroTenantID";
const CONNECTOR_METRICS: &str = "LogTimestamp, Connector, CPUUtilization, SystemMemoryUtilization, ProcessMemoryUtilization, \
    AppCount, ServiceCount, TargetCount, AliveTargetCount, ActiveConnectionsToPublicSE, DisconnectedConnectionsToPublicSE, \
    ActiveConnectionsToPrivateSE, DisconnectedConnectionsToPrivateSE, TransmittedBytesToPublicSE, ReceivedBytesFromPublicSE, \
    TransmittedBytesToPrivateSE, ReceivedBytesFromPrivateSE, AppConnectionsCreated, AppConnectionsCleared, \
    AppConnectionsActive, UsedTCPPortsIPv4, UsedUDPPortsIPv4, UsedTCPPortsIPv6, UsedUDPPortsIPv6, AvailablePorts, \
    SystemMaximumFileDescriptors, SystemUsedFileDescriptors, ProcessMaximumFileDescriptors, ProcessUsedFileDescriptors, \
    AvailableDiskBytes, MicroTenantID";
const BROWSER_ACCESS: &str = "LogTimestamp, ConnectionID, Exporter, TimestampRequestReceiveStart, \
    TimestampRequestReceiveHeaderFinish, TimestampRequestReceiveFinish, TimestampRequestTransmitStart, \
    TimestampRequestTransmitFinish, TimestampResponseReceiveStart, TimestampResponseReceiveFinish, \
    TimestampResponseTransmitStart, TimestampResponseTransmitFinish, TotalTimeRequestReceive, TotalTimeRequestTransmit, \
    TotalTimeResponseReceive, TotalTimeResponseTransmit, TotalTimeConnectionSetup, TotalTimeServerResponse, Method, Protocol, \
    Host, URL, UserAgent, XFF, NameID, StatusCode, RequestSize, ResponseSize, ApplicationPort, ClientPublicIp, \
    ClientPublicPort, ClientPrivateIp, Customer, ConnectionStatus, ConnectionReason, Origin, CorsToken";
const AUDIT: &str = "ModifiedTime, CreationTime, ModifiedBy, RequestID, SessionID, AuditOldValue, AuditNewValue, \
    AuditOperationType, ObjectType, ObjectName, ObjectID, CustomerID, User, ClientAuditUpdate";
const APPPROTECTION: &str = "LogTimestamp, Customer, ConnectionID, UserID, AssistantID, ExchangeSequenceIndex, \
    TimestampRequestReceiveStart, TimestampRequestReceiveHeaderFinish, TimestampRequestReceiveFinish, \
    TimestampRequestTransmitStart, TimestampRequestTransmitFinish, TimestampResponseReceiveFinish, \
    TimestampResponseTransmitStart, TimestampResponseTransmitFinish, TotalTimeRequestReceive, TotalTimeRequestTransmit, \
    TotalTimeResponseReceive, TotalTimeResponseTransmit, Domain, Method, Protocol, ProtocolVersion, ContentType, \
    ContentEncoding, TransferEncoding, Host, Destination, OriginDomain, URL, UserAgent, HTTPError, ClientPublicIp, \
    ClientPort, UpgradeHeaderPresent, StatusCode, RequestHdrSize, ResponseHdrSize, RequestBodySize, ResponseBodySize, \
    Application, ApplicationGroup, InspectionPolicy, InspectionProfile, ParanoiaLevel, InspectionControlsHitCount, \
    InspectionRuleProcessingTime, InspectionReqHeadersProcessingTime, InspectionReqBodyProcessingTime, \
    InspectionRespHeadersProcessingTime, InspectionRespBodyProcessingTime, CertificateId, DoubleEncryption, SSLInspection, \
    TotalBytesProcessed, InspectionControls, InspectionControlTypes, InspectionControlCategories, Actions, Severities, \
    Descriptions";
const WEB: &str = "datetime, reason, event_id, protocol, action, transactionsize, responsesize, requestsize, urlcategory, \
    serverip, requestmethod, refererURL, useragent, product, location, ClientIP, status, user, url, vendor, hostname, \
    clientpublicIP, threatcategory, threatname, filetype, appname, app_status, pagerisk, threatseverity, department, \
    urlsupercategory, appclass, dlpengine, urlclass, threatclass, dlpdictionaries, fileclass, bwthrottle, contenttype, \
    unscannabletype, deviceowner, devicehostname, keyprotectiontype";
const DNS: &str = "datetime, user, department, location, reqaction, resaction, reqrulelabel, resrulelabel, dns_reqtype, dns_req, \
    dns_resp, srv_dport, durationms, clt_sip, srv_dip, category, deviceowner, devicehostname";
/// The published template, and two tokens behind it that tell records apart.
const FIREWALL: &str = "datetime, user, department, locationname, cdport, csport, sdport, ssport, csip, cdip, ssip, sdip, tsip, \
    tunsport, tuntype, action, dnat, stateful, aggregate, nwsvc, nwapp, proto, ipcat, destcountry, avgduration, rulelabel, \
    inbytes, outbytes, duration, durationms, numsessions, ipsrulelabel, threatcat, threatname, deviceowner, devicehostname, \
    recordid, epochtime";

/// Every line of the stream has these keys in this order, with that between key and value and between members.
fn check(run: &Run, stream: &str, open: &str, colon: &str, keys: &str) {
    let expected: Vec<&str> = keys.split(',').map(str::trim).collect();
    for piece in &run.pieces[stream] {
        let line = std::str::from_utf8(&piece.bytes).expect("UTF-8");
        assert!(line.ends_with("}\n") && line.starts_with(open), "{line}");
        let (mut rest, mut found) = (&line[open.len()..], Vec::new());
        // A key is what stands in quotes after the opening or a comma outside of strings and lists.
        while let Some(after) = rest.strip_prefix('"') {
            let (key, after) = after.split_once('"').expect("a key");
            found.push(key);
            let value = after.strip_prefix(colon).unwrap_or_else(|| panic!("{key} in {line}"));
            assert!(!value.starts_with(' '), "{key} in {line}");
            rest = after_value(value).strip_prefix(',').unwrap_or("");
        }
        assert_eq!(found, expected, "{stream}");
    }
}

/// What follows a value that starts here.
fn after_value(text: &str) -> &str {
    let (mut in_text, mut escaped, mut depth) = (false, false, 0);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if in_text => escaped = true,
            '"' => in_text = !in_text,
            _ if in_text => {}
            '[' => depth += 1,
            ']' => depth -= 1,
            ',' | '}' if depth == 0 => return &text[at..],
            _ => {}
        }
    }
    ""
}

#[test]
fn keys_stand_in_the_vendors_order() {
    let run = &DEFAULT;
    check(run, "zpa_user_activity.group-1", "{", ": ", USER_ACTIVITY);
    check(run, "zpa_user_status.group-1", "{", ": ", USER_STATUS);
    check(run, "zpa_app_connector_status.group-1", "{", ": ", CONNECTOR_STATUS);
    check(run, "zpa_appprotection.group-1", "{", ": ", APPPROTECTION);
    check(run, "zpa_app_connector_metrics.group-1", "{", ":", CONNECTOR_METRICS);
    check(run, "zpa_browser_access.group-1", "{", ":", BROWSER_ACCESS);
    check(run, "zpa_audit.group-1", "{", ":", AUDIT);
    check(run, "zia_web.nss", "{ \"sourcetype\" : \"zscalernss-web\", \"event\" :{", ":", WEB);
    check(run, "zia_firewall.nss", "{ \"sourcetype\" : \"zscalernss-fw\", \"event\" :{", ":", FIREWALL);
    check(run, "zia_dns.nss", "{ \"sourcetype\" : \"zscalernss-dns\", \"event\" :{", ":", DNS);
}

/// The vendor's sample has the four timers between policy and application learning.
#[test]
fn the_sample_dialect_has_the_timers_in_their_place() {
    let sample = USER_ACTIVITY
        .replace(
            "PolicyProcessingTime, ServerSetupTime,",
            "PolicyProcessingTime, CAProcessingTime, ConnectorZENSetupTime, ConnectionSetupTime, ServerSetupTime, AppLearnTime,",
        )
        + ", Platform, Hostname, PRAConnectionID, PRAConsoleType, PRAApprovalID, PRACapabilityPolicyID, PRACredentialPolicyID, \
           PRACredentialUserName, PRACredentialLoginType, PRAErrorStatus, PRAFileTransferList, PRARecordingStatus, \
           PRASharedUsersList, PRASessionType, PRASharedMode";
    check(&super::run::SAMPLE, "zpa_user_activity.group-1", "{", ": ", &sample);
}

/// Days below ten: with a blank before them as C writes, or with nothing, as the settings say.
#[test]
fn days_are_padded_as_asked() {
    let starts = |run: &Run, text: &str| {
        run.pieces["zpa_user_activity.group-1"]
            .iter()
            .all(|piece| String::from_utf8_lossy(&piece.bytes).contains(text))
    };
    assert!(starts(&super::run::SAMPLE, "{\"LogTimestamp\": \"Wed Mar  4 13:0"));
    assert!(starts(&DEFAULT, "{\"LogTimestamp\": \"Wed Mar 4 13:0"));
}
