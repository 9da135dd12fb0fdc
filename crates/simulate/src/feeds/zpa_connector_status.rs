//! ZPA App Connector Status: the state of an app connector's own session.

use fanlight_model::Timestamp;

use super::template::{SPACED, TIGHT, Template};
use super::value::Value;
use super::zpa_user_activity::CUSTOMER;
use crate::company::Company;
use crate::settings::ZpaDialect;

const DEFAULT: &str = "LogTimestamp/t Customer/j SessionID/j SessionType/j SessionStatus/j Version/j Platform/j ZEN/j \
    Connector/j ConnectorGroup/j PrivateIP/j PublicIP/j Latitude/f Longitude/f CountryCode/j TimestampAuthentication/i \
    TimestampUnAuthentication/i CPUUtilization/d MemUtilization/d ServiceCount/d InterfaceDefRoute/j DefRouteGW/j \
    PrimaryDNSResolver/j HostStartTime/j ConnectorStartTime/j NumOfInterfaces/d BytesRxInterface/d PacketsRxInterface/d \
    ErrorsRxInterface/d DiscardsRxInterface/d BytesTxInterface/d PacketsTxInterface/d ErrorsTxInterface/d \
    DiscardsTxInterface/d TotalBytesRx/d TotalBytesTx/d MicroTenantID/j";

const RECOMMENDED: &str = "LogTimestamp/u Customer/j SessionID/j SessionType/j SessionStatus/j Version/j Platform/j ZEN/j \
    Connector/j ConnectorGroup/j PrivateIP/j PublicIP/j Latitude/f Longitude/f CountryCode/j TimestampAuthentication/i \
    TimestampUnAuthentication/i CPUUtilization/d MemUtilization/d ServiceCount/d InterfaceDefRoute/j DefRouteGW/j \
    PrimaryDNSResolver/j HostStartTime/j ConnectorStartTime/j NumOfInterfaces/d BytesRxInterface/d PacketsRxInterface/d \
    ErrorsRxInterface/d DiscardsRxInterface/d BytesTxInterface/d PacketsTxInterface/d ErrorsTxInterface/d \
    DiscardsTxInterface/d TotalBytesRx/d TotalBytesTx/d MicroTenantID/j";

/// The template of a dialect.
pub(crate) fn template(dialect: ZpaDialect, pad_days: bool) -> Template {
    match dialect {
        ZpaDialect::Recommended => Template::new(TIGHT, RECOMMENDED, pad_days).marked("zpa.cs/1"),
        _ => Template::new(SPACED, DEFAULT, pad_days),
    }
}

impl Company {
    /// The record.
    pub(crate) fn connector_status_line(&self, number: usize, cpu: i64, now: Timestamp) -> String {
        let connector = self.topology.connectors.get(number);
        let edge = self.topology.sites.get(0).edges.get(number);
        let started = connector.started.as_nanos() / 1_000_000_000;
        self.templates.connector_status.line(|token| match token {
            "LogTimestamp" => edge.clock.read(now).into(),
            "Customer" => CUSTOMER.into(),
            "SessionID" => Value::from(connector.session.as_ref()),
            "SessionType" => "ZPN_ASSISTANT_BROKER_CONTROL".into(),
            "SessionStatus" => "ZPN_STATUS_AUTHENTICATED".into(),
            "Version" => "26.31.2".into(),
            "Platform" => "el9".into(),
            "ZEN" => edge.name.as_str().into(),
            "Connector" => connector.name.as_str().into(),
            "ConnectorGroup" => connector.group_name.as_str().into(),
            "PrivateIP" => connector.address.into(),
            "PublicIP" => connector.public.into(),
            "Latitude" => connector.at.0.into(),
            "Longitude" => connector.at.1.into(),
            "CountryCode" => connector.country.into(),
            "TimestampAuthentication" => edge.clock.read(connector.started).into(),
            "TimestampUnAuthentication" => Value::Time(None),
            "CPUUtilization" => cpu.into(),
            "MemUtilization" => (18 + cpu / 4).into(),
            "ServiceCount" => self.topology.apps.len().into(),
            "InterfaceDefRoute" => "eth0".into(),
            "DefRouteGW" => "10.10.0.1".into(),
            "PrimaryDNSResolver" => "10.10.0.53".into(),
            "HostStartTime" => (started - 3_600).to_string().into(),
            "ConnectorStartTime" => started.to_string().into(),
            "NumOfInterfaces" => 2_i64.into(),
            "BytesRxInterface" | "TotalBytesRx" => connector.bytes_in.into(),
            "BytesTxInterface" | "TotalBytesTx" => connector.bytes_out.into(),
            "PacketsRxInterface" => (connector.bytes_in / 900).into(),
            "PacketsTxInterface" => (connector.bytes_out / 900).into(),
            "MicroTenantID" => "0".into(),
            _ => 0_i64.into(),
        })
    }
}
