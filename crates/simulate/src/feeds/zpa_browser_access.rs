//! ZPA Browser Access: one record per HTTP request.

use fanlight_model::{EventUid, Timestamp};

use super::exchange::Exchange;
use super::template::{TIGHT, Template};
use super::value::Value;
use super::zpa_user_activity::CUSTOMER;
use crate::clock::MICRO;
use crate::company::Company;
use crate::edge::connection::Connection;
use crate::journey::Ask;
use crate::random::Random;
use crate::settings::ZpaDialect;

const DEFAULT: &str = "LogTimestamp/t ConnectionID/j Exporter/j TimestampRequestReceiveStart/i \
    TimestampRequestReceiveHeaderFinish/i TimestampRequestReceiveFinish/i TimestampRequestTransmitStart/i \
    TimestampRequestTransmitFinish/i TimestampResponseReceiveStart/i TimestampResponseReceiveFinish/i \
    TimestampResponseTransmitStart/i TimestampResponseTransmitFinish/i TotalTimeRequestReceive/d \
    TotalTimeRequestTransmit/d TotalTimeResponseReceive/d TotalTimeResponseTransmit/d TotalTimeConnectionSetup/d \
    TotalTimeServerResponse/d Method/j Protocol/j Host/j URL/j UserAgent/j XFF/j NameID/j StatusCode/d RequestSize/d \
    ResponseSize/d ApplicationPort/d ClientPublicIp/j ClientPublicPort/d ClientPrivateIp/j Customer/j ConnectionStatus/j \
    ConnectionReason/j Origin/j CorsToken/j";

const RECOMMENDED: &str = "LogTimestamp/u ConnectionID/j Exporter/j TimestampRequestReceiveStart/i \
    TimestampRequestReceiveHeaderFinish/i TimestampRequestReceiveFinish/i TimestampRequestTransmitStart/i \
    TimestampRequestTransmitFinish/i TimestampResponseReceiveStart/i TimestampResponseReceiveFinish/i \
    TimestampResponseTransmitStart/i TimestampResponseTransmitFinish/i TotalTimeRequestReceive/d \
    TotalTimeRequestTransmit/d TotalTimeResponseReceive/d TotalTimeResponseTransmit/d TotalTimeConnectionSetup/d \
    TotalTimeServerResponse/d Method/j Protocol/j Host/j URL/j UserAgent/j XFF/j NameID/j StatusCode/d RequestSize/d \
    ResponseSize/d ApplicationPort/d ClientPublicIp/j ClientPublicPort/d ClientPrivateIp/j Customer/j ConnectionStatus/j \
    ConnectionReason/j Origin/j CorsToken/j";

/// The template of a dialect.
pub(crate) fn template(dialect: ZpaDialect, pad_days: bool) -> Template {
    match dialect {
        ZpaDialect::Recommended => Template::new(TIGHT, RECOMMENDED, pad_days).marked("zpa.ba/1"),
        _ => Template::new(TIGHT, DEFAULT, pad_days),
    }
}

/// Of the records, the share without a `ConnectionID`.
const WITHOUT_CONNECTION: f64 = 0.1;

/// One request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Browsed<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) app: usize,
    pub(crate) ask: &'a Ask,
    pub(crate) exchange: &'a Exchange,
    pub(crate) status: u16,
    pub(crate) is_first: bool,
    pub(crate) path: &'a str,
    pub(crate) method: &'static str,
}

/// The nine stamps on the service edge's clock.
struct Stamps {
    receive_start: Timestamp,
    receive_finish: Timestamp,
    transmit_start: Timestamp,
    transmit_finish: Timestamp,
    answer_start: Timestamp,
    answer_finish: Timestamp,
    return_start: Timestamp,
    return_finish: Timestamp,
}

impl Company {
    /// The record, and the id of its access event.
    pub(crate) fn browser_access_line(
        &self,
        browsed: &Browsed<'_>,
        random: &mut Random,
    ) -> (String, EventUid) {
        let Browsed { connection, ask, exchange, .. } = *browsed;
        let client = &connection.client;
        let edge = self.topology.sites.get(client.site).edges.get(client.edge);
        let error = edge.clock.error_at(connection.started);
        let receive_us = 60 + random.below(120) as i64;
        let shown = |time: Timestamp| time.shifted(error);
        let stamps = Stamps {
            receive_start: shown(exchange.received).shifted(-receive_us * MICRO),
            receive_finish: shown(exchange.received),
            transmit_start: shown(exchange.sent),
            transmit_finish: shown(exchange.sent).shifted(20 * MICRO),
            answer_start: shown(exchange.answered).shifted(-70 * MICRO),
            answer_finish: shown(exchange.answered),
            return_start: shown(exchange.passed_on),
            return_finish: shown(exchange.done),
        };
        let id = if random.chance(WITHOUT_CONNECTION) { "" } else { connection.id.as_str() };
        let set_up_us = if browsed.is_first { connection.set_up.total_us } else { 0 };
        let app = self.topology.apps.get(browsed.app);
        let between = |from: Timestamp, to: Timestamp| Value::Number(to.nanos_since(from) / MICRO);
        let line = self.templates.browser_access.line(|token| match token {
            "LogTimestamp" => shown(exchange.done).into(),
            "ConnectionID" => id.into(),
            "Exporter" => edge.name.as_str().into(),
            "TotalTimeRequestReceive" => receive_us.into(),
            "TotalTimeRequestTransmit" => between(stamps.transmit_start, stamps.transmit_finish),
            "TotalTimeResponseReceive" => between(stamps.answer_start, stamps.answer_finish),
            "TotalTimeResponseTransmit" => between(stamps.return_start, stamps.return_finish),
            "TotalTimeConnectionSetup" => set_up_us.into(),
            "TotalTimeServerResponse" => between(stamps.transmit_finish, stamps.answer_start),
            "Method" => browsed.method.into(),
            "Protocol" => "HTTPS".into(),
            "Host" => app.host.as_str().into(),
            "URL" => browsed.path.into(),
            "UserAgent" => ask.user_agent.into(),
            "NameID" => client.name.as_ref().into(),
            "StatusCode" => browsed.status.into(),
            "RequestSize" => ask.bytes_up.into(),
            "ResponseSize" => ask.bytes_down.into(),
            "ApplicationPort" => app.port.into(),
            "ClientPublicIp" => client.public.into(),
            "ClientPublicPort" => connection.client_port.into(),
            "Customer" => CUSTOMER.into(),
            _ => stamps.value(token),
        });
        let uid = if id.is_empty() {
            EventUid::of_raw_line("zpa", "zpa_browser_access", line.as_bytes())
        } else {
            let mut start = String::new();
            super::written::iso(stamps.receive_start, &mut start);
            let port = connection.client_port;
            let vendor = format!("{id}#{start}#{port}#{}#{}", browsed.method, browsed.path);
            EventUid::of_vendor_uid("zpa", "zpa_browser_access", &vendor)
        };
        (line, uid)
    }
}

impl Stamps {
    fn value(&self, token: &str) -> Value<'static> {
        match token {
            "TimestampRequestReceiveStart" => self.receive_start.into(),
            "TimestampRequestReceiveHeaderFinish" | "TimestampRequestReceiveFinish" => {
                self.receive_finish.into()
            }
            "TimestampRequestTransmitStart" => self.transmit_start.into(),
            "TimestampRequestTransmitFinish" => self.transmit_finish.into(),
            "TimestampResponseReceiveStart" => self.answer_start.into(),
            "TimestampResponseReceiveFinish" => self.answer_finish.into(),
            "TimestampResponseTransmitStart" => self.return_start.into(),
            "TimestampResponseTransmitFinish" => self.return_finish.into(),
            _ => "".into(),
        }
    }
}
