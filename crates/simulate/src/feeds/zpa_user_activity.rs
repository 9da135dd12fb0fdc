//! ZPA User Activity: one record per state of a connection.

use std::net::Ipv4Addr;

use fanlight_model::Timestamp;

use super::template::{SPACED, TIGHT, Template};
use super::value::Value;
use crate::company::Company;
use crate::edge::client::{Target, Who};
use crate::edge::connection::{Connection, Traffic};
use crate::edge::refusal::Refusal;
use crate::settings::ZpaDialect;
use crate::topology::connector::Connector;

/// The vendor's default: without four of the set-up timers.
const DEFAULT: &str = "LogTimestamp/t Customer/j SessionID/j ConnectionID/j InternalReason/j ConnectionStatus/j IPProtocol/d \
    DoubleEncryption/d Username/j ServicePort/d ClientPublicIP/j ClientPrivateIP/j ClientLatitude/f ClientLongitude/f \
    ClientCountryCode/j ClientZEN/j Policy/j Connector/j ConnectorZEN/j ConnectorIP/j ConnectorPort/d Host/j Application/j \
    AppGroup/j Server/j ServerIP/j ServerPort/d PolicyProcessingTime/d ServerSetupTime/d TimestampConnectionStart/i \
    TimestampConnectionEnd/i TimestampCATx/i TimestampCARx/i TimestampAppLearnStart/i TimestampZENFirstRxClient/i \
    TimestampZENFirstTxClient/i TimestampZENLastRxClient/i TimestampZENLastTxClient/i TimestampConnectorZENSetupComplete/i \
    TimestampZENFirstRxConnector/i TimestampZENFirstTxConnector/i TimestampZENLastRxConnector/i \
    TimestampZENLastTxConnector/i ZENTotalBytesRxClient/d ZENBytesRxClient/d ZENTotalBytesTxClient/d ZENBytesTxClient/d \
    ZENTotalBytesRxConnector/d ZENBytesRxConnector/d ZENTotalBytesTxConnector/d ZENBytesTxConnector/d Idp/j \
    ClientToClient=c2c/j ClientCity/j MicroTenantID/j AppMicroTenantID/j";

/// The order of the published sample, with the timers, and newer members behind.
const SAMPLE: &str = "LogTimestamp/t Customer/j SessionID/j ConnectionID/j InternalReason/j ConnectionStatus/j IPProtocol/d \
    DoubleEncryption/d Username/j ServicePort/d ClientPublicIP/j ClientPrivateIP/j ClientLatitude/f ClientLongitude/f \
    ClientCountryCode/j ClientZEN/j Policy/j Connector/j ConnectorZEN/j ConnectorIP/j ConnectorPort/d Host/j Application/j \
    AppGroup/j Server/j ServerIP/j ServerPort/d PolicyProcessingTime/d CAProcessingTime/d ConnectorZENSetupTime/d \
    ConnectionSetupTime/d ServerSetupTime/d AppLearnTime/d TimestampConnectionStart/i TimestampConnectionEnd/i \
    TimestampCATx/i TimestampCARx/i TimestampAppLearnStart/i TimestampZENFirstRxClient/i TimestampZENFirstTxClient/i \
    TimestampZENLastRxClient/i TimestampZENLastTxClient/i TimestampConnectorZENSetupComplete/i \
    TimestampZENFirstRxConnector/i TimestampZENFirstTxConnector/i TimestampZENLastRxConnector/i \
    TimestampZENLastTxConnector/i ZENTotalBytesRxClient/d ZENBytesRxClient/d ZENTotalBytesTxClient/d ZENBytesTxClient/d \
    ZENTotalBytesRxConnector/d ZENBytesRxConnector/d ZENTotalBytesTxConnector/d ZENBytesTxConnector/d Idp/j \
    ClientToClient=c2c/j ClientCity/j MicroTenantID/j AppMicroTenantID/j Platform/j Hostname/j PRAConnectionID/j \
    PRAConsoleType/j PRAApprovalID/d PRACapabilityPolicyID/d PRACredentialPolicyID/d PRACredentialUserName/j \
    PRACredentialLoginType/j PRAErrorStatus/j PRAFileTransferList/j PRARecordingStatus/j PRASharedUsersList/j \
    PRASessionType/j PRASharedMode/j";

/// Fanlight's own.
const RECOMMENDED: &str = "LogTimestamp/u Customer/j SessionID/j ConnectionID/j InternalReason/j ConnectionStatus/j \
    IPProtocol/d DoubleEncryption/d Username/j ServicePort/d ClientPublicIP/j ClientPrivateIP/j ClientLatitude/f \
    ClientLongitude/f ClientCountryCode/j ClientZEN/j Policy/j Connector/j ConnectorZEN/j ConnectorIP/j ConnectorPort/d \
    Host/j Application/j AppGroup/j Server/j ServerIP/j ServerPort/d PolicyProcessingTime/d CAProcessingTime/d \
    AppLearnTime/d ConnectorZENSetupTime/d ConnectionSetupTime/d ServerSetupTime/d TimestampConnectionStart/u \
    TimestampConnectionEnd/u TimestampCATx/u TimestampCARx/u TimestampAppLearnStart/u TimestampZENFirstRxClient/u \
    TimestampZENFirstTxClient/u TimestampZENLastRxClient/u TimestampZENLastTxClient/u TimestampConnectorZENSetupComplete/u \
    TimestampZENFirstRxConnector/u TimestampZENFirstTxConnector/u TimestampZENLastRxConnector/u \
    TimestampZENLastTxConnector/u ZENTotalBytesRxClient/d ZENBytesRxClient/d ZENTotalBytesTxClient/d ZENBytesTxClient/d \
    ZENTotalBytesRxConnector/d ZENBytesRxConnector/d ZENTotalBytesTxConnector/d ZENBytesTxConnector/d Idp/j \
    ClientToClient=c2c/j ClientCity/j MicroTenantID/j AppMicroTenantID/j Platform/j Hostname/j";

/// The template of a dialect.
pub(crate) fn template(dialect: ZpaDialect, pad_days: bool) -> Template {
    match dialect {
        ZpaDialect::VendorDefault => Template::new(SPACED, DEFAULT, pad_days),
        ZpaDialect::VendorSample => Template::new(SPACED, SAMPLE, pad_days),
        ZpaDialect::Recommended => Template::new(TIGHT, RECOMMENDED, pad_days).marked("zpa.ua/1"),
    }
}

pub(crate) const CUSTOMER: &str = "Example Company";
pub(crate) const IDP: &str = "Example IdP";

/// What a record is made from.
struct Record<'a> {
    company: &'a Company,
    connection: &'a Connection,
    status: &'static str,
    reason: &'a str,
    /// The service edge's clock at that time.
    logged: Timestamp,
    error_ns: i64,
    traffic: Traffic,
    refusal: Option<&'a Refusal>,
}

impl Company {
    /// The record of a connection that came to be; what it told of bytes is remembered.
    pub(crate) fn activity_line(
        &self,
        connection: &mut Connection,
        status: &'static str,
        reason: &str,
        now: Timestamp,
    ) -> String {
        let all = connection.traffic;
        let traffic = match status {
            "open" => Traffic::default(),
            "close" => all,
            _ => Traffic {
                client_rx: all.client_rx.until(now),
                client_tx: all.client_tx.until(now),
                connector_rx: all.connector_rx.until(now),
                connector_tx: all.connector_tx.until(now),
            },
        };
        let record = Record { traffic, ..self.record(connection, status, reason, now) };
        let line = self.templates.user_activity.line(|token| record.value(token));
        connection.told = record.totals();
        line
    }

    /// The record of a set-up that failed: a single `close`.
    pub(crate) fn refusal_line(
        &self,
        connection: &Connection,
        app: usize,
        refusal: &Refusal,
        now: Timestamp,
    ) -> String {
        debug_assert_eq!(connection.target, Target::App(app));
        let record = Record { refusal: Some(refusal), ..self.record(connection, "close", refusal.code, now) };
        self.templates.user_activity.line(|token| record.value(token))
    }

    fn record<'a>(
        &'a self,
        connection: &'a Connection,
        status: &'static str,
        reason: &'a str,
        now: Timestamp,
    ) -> Record<'a> {
        let clock = &self.topology.sites.get(connection.client.site).edges.get(connection.client.edge).clock;
        Record {
            company: self,
            connection,
            status,
            reason,
            logged: clock.read(now),
            // One error for all stamps of a record: what its durations say, its stamps say too.
            error_ns: clock.error_at(connection.started),
            traffic: Traffic::default(),
            refusal: None,
        }
    }
}

impl<'a> Record<'a> {
    fn value(&self, token: &str) -> Value<'a> {
        let (client, set_up) = (&self.connection.client, &self.connection.set_up);
        match token {
            "LogTimestamp" => self.logged.into(),
            "Customer" => CUSTOMER.into(),
            "SessionID" => self.text(&client.session),
            "ConnectionID" => self.connection.id.as_str().into(),
            "InternalReason" => Value::Text(self.reason.into()),
            "ConnectionStatus" => self.status.into(),
            "IPProtocol" => 6_i64.into(),
            "Username" => self.text(&client.name),
            "ClientPublicIP" => client.public.into(),
            "ClientPrivateIP" => client.private.into(),
            "ClientLatitude" => client.place.latitude.into(),
            "ClientLongitude" => client.place.longitude.into(),
            "ClientCountryCode" => client.place.country.into(),
            "ClientCity" => client.place.city.into(),
            "ClientZEN" => self.edge().into(),
            "Idp" => if matches!(client.who, Who::Person(_)) { IDP } else { "0" }.into(),
            "c2c" | "MicroTenantID" | "AppMicroTenantID" | "Server" => "0".into(),
            "Platform" => client.platform.into(),
            "Hostname" => self.text(&client.device),
            "PolicyProcessingTime" => set_up.policy_us.into(),
            "CAProcessingTime" => set_up.ca_us.into(),
            "ConnectorZENSetupTime" => set_up.connector_us.into(),
            "ConnectionSetupTime" => if set_up.complete.is_some() { set_up.total_us } else { 0 }.into(),
            "ServerSetupTime" => set_up.server_us.into(),
            _ if token.starts_with("PRA") => {
                let is_number =
                    matches!(token, "PRAApprovalID" | "PRACapabilityPolicyID" | "PRACredentialPolicyID");
                if is_number { 0_i64.into() } else { "".into() }
            }
            _ if token.starts_with("Timestamp") => {
                self.stamp(token).map(|time| time.shifted(self.error_ns)).into()
            }
            _ if token.starts_with("ZEN") => self.bytes(token).into(),
            _ => self.route(token),
        }
    }

    fn route(&self, token: &str) -> Value<'a> {
        let topology = &self.company.topology;
        let app = match self.connection.target {
            Target::App(app) => topology.apps.get(app),
            Target::Saas(_) => topology.apps.get(0),
        };
        let came_through = self.refusal.is_none();
        let connector = topology.connectors.get(self.connection.connector);
        match token {
            "ServicePort" => app.port.into(),
            "Policy" => match self.refusal {
                Some(refusal) => refusal.rule.unwrap_or("0").into(),
                None => app.rule.as_str().into(),
            },
            // What the app connector refused names it.
            "Connector" if came_through || self.connection.server.port() != 0 => {
                connector.name.as_str().into()
            }
            "ConnectorZEN" if came_through => self.far_edge(connector).into(),
            "Connector" | "ConnectorZEN" => "0".into(),
            "ConnectorIP" => came_through.then_some(connector.address).into(),
            "ConnectorPort" => self.connection.connector_port.into(),
            "Host" => app.host.as_str().into(),
            "Application" => app.name.as_str().into(),
            "AppGroup" => app.group.as_str().into(),
            "ServerIP" => came_through
                .then_some(*self.connection.server.ip())
                .filter(|ip| *ip != Ipv4Addr::UNSPECIFIED)
                .into(),
            "ServerPort" if came_through => self.connection.server.port().into(),
            "ServerPort" => app.port.into(),
            _ => 0_i64.into(),
        }
    }

    fn stamp(&self, token: &str) -> Option<Timestamp> {
        let (connection, traffic) = (self.connection, &self.traffic);
        match token {
            "TimestampConnectionStart" => Some(connection.started),
            "TimestampConnectionEnd" => (self.status == "close").then(|| self.logged.shifted(-self.error_ns)),
            "TimestampCATx" => connection.set_up.ca_tx,
            "TimestampCARx" => connection.set_up.ca_rx,
            "TimestampConnectorZENSetupComplete" => connection.set_up.complete,
            "TimestampZENFirstRxClient" => traffic.client_rx.first,
            "TimestampZENFirstTxClient" => traffic.client_tx.first,
            "TimestampZENLastRxClient" => traffic.client_rx.last,
            "TimestampZENLastTxClient" => traffic.client_tx.last,
            "TimestampZENFirstRxConnector" => traffic.connector_rx.first,
            "TimestampZENFirstTxConnector" => traffic.connector_tx.first,
            "TimestampZENLastRxConnector" => traffic.connector_rx.last,
            "TimestampZENLastTxConnector" => traffic.connector_tx.last,
            _ => None,
        }
    }

    fn totals(&self) -> [u64; 4] {
        let traffic = &self.traffic;
        [&traffic.client_rx, &traffic.client_tx, &traffic.connector_rx, &traffic.connector_tx]
            .map(|side| side.bytes)
    }

    /// Totals, and what was added since the record before.
    fn bytes(&self, token: &str) -> u64 {
        let [client_rx, client_tx, connector_rx, connector_tx] = self.totals();
        let [told_client_rx, told_client_tx, told_connector_rx, told_connector_tx] = self.connection.told;
        match token {
            "ZENTotalBytesRxClient" => client_rx,
            "ZENTotalBytesTxClient" => client_tx,
            "ZENTotalBytesRxConnector" => connector_rx,
            "ZENTotalBytesTxConnector" => connector_tx,
            "ZENBytesRxClient" => client_rx.saturating_sub(told_client_rx),
            "ZENBytesTxClient" => client_tx.saturating_sub(told_client_tx),
            "ZENBytesRxConnector" => connector_rx.saturating_sub(told_connector_rx),
            "ZENBytesTxConnector" => connector_tx.saturating_sub(told_connector_tx),
            _ => 0,
        }
    }

    fn edge(&self) -> &'a str {
        let client = &self.connection.client;
        &self.company.topology.sites.get(client.site).edges.get(client.edge).name
    }

    /// Where the app connector's tunnel ends: for three connections in ten another service edge than the client's.
    fn far_edge(&self, connector: &Connector) -> &'a str {
        if self.connection.record_id % 10 < 7 {
            return self.edge();
        }
        &self.company.topology.sites.get(connector.site).edges.get(self.connection.connector).name
    }

    fn text(&self, text: &'a std::sync::Arc<str>) -> Value<'a> {
        Value::from(text.as_ref())
    }
}
