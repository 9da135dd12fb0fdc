//! ZPA AppProtection: one record per inspected HTTP exchange.

use fanlight_model::{EventUid, Timestamp};

use super::exchange::Exchange;
use super::template::{SPACED, TIGHT, Template};
use super::value::Value;
use super::zpa_user_activity::CUSTOMER;
use crate::clock::MICRO;
use crate::company::Company;
use crate::edge::connection::Connection;
use crate::journey::Ask;
use crate::random::Random;
use crate::settings::ZpaDialect;

/// Without `TimestampResponseReceiveStart`.
const DEFAULT: &str = "LogTimestamp/t Customer/j ConnectionID/j UserID/j AssistantID/j ExchangeSequenceIndex/d \
    TimestampRequestReceiveStart/u TimestampRequestReceiveHeaderFinish/u TimestampRequestReceiveFinish/u \
    TimestampRequestTransmitStart/u TimestampRequestTransmitFinish/u TimestampResponseReceiveFinish/u \
    TimestampResponseTransmitStart/u TimestampResponseTransmitFinish/u TotalTimeRequestReceive/d \
    TotalTimeRequestTransmit/d TotalTimeResponseReceive/d TotalTimeResponseTransmit/d Domain/j Method/j Protocol/j \
    ProtocolVersion/j ContentType/j ContentEncoding/j TransferEncoding/j Host/j Destination/j OriginDomain/j URL/j \
    UserAgent/j HTTPError/j ClientPublicIp/j ClientPort/d UpgradeHeaderPresent/d StatusCode/d RequestHdrSize/d \
    ResponseHdrSize/d RequestBodySize/d ResponseBodySize/d Application/d ApplicationGroup/d InspectionPolicy/d \
    InspectionProfile/d ParanoiaLevel/d InspectionControlsHitCount/d InspectionRuleProcessingTime/d \
    InspectionReqHeadersProcessingTime/d InspectionReqBodyProcessingTime/d InspectionRespHeadersProcessingTime/d \
    InspectionRespBodyProcessingTime/d CertificateId/d DoubleEncryption/d SSLInspection/d TotalBytesProcessed/d \
    InspectionControls=InspectionControlArray/l InspectionControlTypes=ControlTypeArray/l InspectionControlCategories/l \
    Actions/l Severities=SeveritiesArray/l Descriptions=DescriptiveExplanationsArray/l";

/// Its ids are quoted.
const RECOMMENDED: &str = "LogTimestamp/u Customer/j ConnectionID/j UserID/j AssistantID/j ExchangeSequenceIndex/d \
    TimestampRequestReceiveStart/u TimestampRequestReceiveHeaderFinish/u TimestampRequestReceiveFinish/u \
    TimestampRequestTransmitStart/u TimestampRequestTransmitFinish/u TimestampResponseReceiveStart/u \
    TimestampResponseReceiveFinish/u TimestampResponseTransmitStart/u TimestampResponseTransmitFinish/u \
    TotalTimeRequestReceive/d TotalTimeRequestTransmit/d TotalTimeResponseReceive/d TotalTimeResponseTransmit/d Domain/j \
    Method/j Protocol/j ProtocolVersion/j ContentType/j ContentEncoding/j TransferEncoding/j Host/j Destination/j \
    OriginDomain/j URL/j UserAgent/j HTTPError/j ClientPublicIp/j ClientPort/d UpgradeHeaderPresent/d StatusCode/d \
    RequestHdrSize/d ResponseHdrSize/d RequestBodySize/d ResponseBodySize/d Application/j ApplicationGroup/j \
    InspectionPolicy/j InspectionProfile/j ParanoiaLevel/d InspectionControlsHitCount/d InspectionRuleProcessingTime/d \
    InspectionReqHeadersProcessingTime/d InspectionReqBodyProcessingTime/d InspectionRespHeadersProcessingTime/d \
    InspectionRespBodyProcessingTime/d CertificateId/j DoubleEncryption/d SSLInspection/d TotalBytesProcessed/d \
    InspectionControls=InspectionControlArray/l InspectionControlTypes=ControlTypeArray/l InspectionControlCategories/l \
    Actions/l Severities=SeveritiesArray/l Descriptions=DescriptiveExplanationsArray/l";

/// The template of a dialect.
pub(crate) fn template(dialect: ZpaDialect, pad_days: bool) -> Template {
    match dialect {
        ZpaDialect::Recommended => Template::new(TIGHT, RECOMMENDED, pad_days).marked("zpa.ap/1"),
        _ => Template::new(SPACED, DEFAULT, pad_days),
    }
}

/// One exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inspected<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) app: usize,
    pub(crate) ask: &'a Ask,
    pub(crate) exchange: &'a Exchange,
    pub(crate) status: u16,
    pub(crate) path: &'a str,
    pub(crate) method: &'static str,
}

impl Company {
    /// The record, and the id of its access event.
    pub(crate) fn appprotection_line(
        &self,
        inspected: &Inspected<'_>,
        random: &mut Random,
    ) -> (String, EventUid) {
        let Inspected { connection, ask, exchange, .. } = *inspected;
        let client = &connection.client;
        let edge = self.topology.sites.get(client.site).edges.get(client.edge);
        let error = edge.clock.error_at(connection.started);
        let shown = |time: Timestamp| time.shifted(error);
        let receive_us = 60 + random.below(700) as i64;
        let start = shown(exchange.received).shifted(-receive_us * MICRO);
        let app = self.topology.apps.get(inspected.app);
        let connector = self.topology.connectors.get(connection.connector);
        // What inspecting took, shared out to the four phases.
        let there_us = exchange.sent.nanos_since(exchange.received) / MICRO;
        let back_us = exchange.passed_on.nanos_since(exchange.answered) / MICRO;
        let line = self.templates.appprotection.line(|token| match token {
            "LogTimestamp" => shown(exchange.done).into(),
            "Customer" => CUSTOMER.into(),
            "ConnectionID" => connection.id.as_str().into(),
            "UserID" => client.name.as_ref().into(),
            "AssistantID" => connector.name.as_str().into(),
            "ExchangeSequenceIndex" => connection.requests.into(),
            "TimestampRequestReceiveStart" => start.into(),
            "TimestampRequestReceiveHeaderFinish" => start.shifted(20 * MICRO).into(),
            "TimestampRequestReceiveFinish" => shown(exchange.received).into(),
            "TimestampRequestTransmitStart" => shown(exchange.sent).into(),
            "TimestampRequestTransmitFinish" => shown(exchange.sent).shifted(15 * MICRO).into(),
            "TimestampResponseReceiveStart" => shown(exchange.answered).shifted(-58 * MICRO).into(),
            "TimestampResponseReceiveFinish" => shown(exchange.answered).into(),
            "TimestampResponseTransmitStart" => shown(exchange.passed_on).into(),
            "TimestampResponseTransmitFinish" => shown(exchange.done).into(),
            "TotalTimeRequestReceive" => receive_us.into(),
            "TotalTimeRequestTransmit" => 15_i64.into(),
            "TotalTimeResponseReceive" => 58_i64.into(),
            "TotalTimeResponseTransmit" => {
                Value::Number(exchange.done.nanos_since(exchange.passed_on) / MICRO)
            }
            "Domain" | "Host" | "Destination" => app.host.as_str().into(),
            "Method" => inspected.method.into(),
            "Protocol" => "1.1".into(),
            "URL" => inspected.path.into(),
            "UserAgent" => ask.user_agent.into(),
            "HTTPError" => "success".into(),
            "ContentType" => "application/json".into(),
            "ClientPublicIp" => client.public.into(),
            "StatusCode" => inspected.status.into(),
            "RequestHdrSize" => 420_i64.into(),
            "ResponseHdrSize" => 210_i64.into(),
            "RequestBodySize" => ask.bytes_up.saturating_sub(420).into(),
            "ResponseBodySize" => ask.bytes_down.saturating_sub(210).into(),
            "InspectionReqHeadersProcessingTime" => (there_us * 2 / 5).into(),
            "InspectionReqBodyProcessingTime" => (there_us * 2 / 5).into(),
            "InspectionRespHeadersProcessingTime" => (back_us / 5).into(),
            "InspectionRespBodyProcessingTime" => (back_us / 2).into(),
            _ => fixed(token, app.number_at_vendor),
        });
        let micros = start.as_unix_nanos() / 1_000;
        let vendor = format!(
            "{}#{micros}#{}#{}#{}",
            connection.id, connection.requests, inspected.method, inspected.path
        );
        (line, EventUid::of_vendor_uid("zpa", "zpa_appprotection", &vendor))
    }
}

/// What is the same for each exchange of an app. `ClientPort` is 0: not measured.
fn fixed(token: &str, number: u64) -> Value<'static> {
    match token {
        "Application" => number.into(),
        "ApplicationGroup" => (number + 1_000_001).into(),
        "InspectionPolicy" => 145_254_438_888_543_730_u64.into(),
        "InspectionProfile" => 145_254_438_888_538_683_u64.into(),
        "CertificateId" => 145_254_438_888_538_207_u64.into(),
        "ParanoiaLevel" => 4_i64.into(),
        "DoubleEncryption"
        | "ClientPort"
        | "UpgradeHeaderPresent"
        | "InspectionControlsHitCount"
        | "InspectionRuleProcessingTime"
        | "TotalBytesProcessed" => 0_i64.into(),
        "SSLInspection" => 1_i64.into(),
        "InspectionControlArray"
        | "ControlTypeArray"
        | "InspectionControlCategories"
        | "Actions"
        | "SeveritiesArray"
        | "DescriptiveExplanationsArray" => Value::List(&[]),
        _ => "".into(),
    }
}
