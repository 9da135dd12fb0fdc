//! ZPA App Connector Metrics: every value is quoted.

use fanlight_model::Timestamp;

use super::template::{TIGHT, Template};
use crate::company::Company;
use crate::settings::ZpaDialect;

const DEFAULT: &str = "LogTimestamp/t Connector/j CPUUtilization/j SystemMemoryUtilization/j ProcessMemoryUtilization/j \
    AppCount/j ServiceCount/j TargetCount/j AliveTargetCount/j ActiveConnectionsToPublicSE/j \
    DisconnectedConnectionsToPublicSE/j ActiveConnectionsToPrivateSE/j DisconnectedConnectionsToPrivateSE/j \
    TransmittedBytesToPublicSE/j ReceivedBytesFromPublicSE/j TransmittedBytesToPrivateSE/j ReceivedBytesFromPrivateSE/j \
    AppConnectionsCreated/j AppConnectionsCleared/j AppConnectionsActive/j UsedTCPPortsIPv4/j UsedUDPPortsIPv4/j \
    UsedTCPPortsIPv6/j UsedUDPPortsIPv6/j AvailablePorts/j SystemMaximumFileDescriptors/j SystemUsedFileDescriptors/j \
    ProcessMaximumFileDescriptors/j ProcessUsedFileDescriptors/j AvailableDiskBytes/j MicroTenantID/j";

const RECOMMENDED: &str = "LogTimestamp/u Connector/j CPUUtilization/j SystemMemoryUtilization/j \
    ProcessMemoryUtilization/j AppCount/j ServiceCount/j TargetCount/j AliveTargetCount/j ActiveConnectionsToPublicSE/j \
    DisconnectedConnectionsToPublicSE/j ActiveConnectionsToPrivateSE/j DisconnectedConnectionsToPrivateSE/j \
    TransmittedBytesToPublicSE/j ReceivedBytesFromPublicSE/j TransmittedBytesToPrivateSE/j ReceivedBytesFromPrivateSE/j \
    AppConnectionsCreated/j AppConnectionsCleared/j AppConnectionsActive/j UsedTCPPortsIPv4/j UsedUDPPortsIPv4/j \
    UsedTCPPortsIPv6/j UsedUDPPortsIPv6/j AvailablePorts/j SystemMaximumFileDescriptors/j SystemUsedFileDescriptors/j \
    ProcessMaximumFileDescriptors/j ProcessUsedFileDescriptors/j AvailableDiskBytes/j MicroTenantID/j";

/// The template of a dialect.
pub(crate) fn template(dialect: ZpaDialect, pad_days: bool) -> Template {
    match dialect {
        ZpaDialect::Recommended => Template::new(TIGHT, RECOMMENDED, pad_days).marked("zpa.cm/1"),
        _ => Template::new(TIGHT, DEFAULT, pad_days),
    }
}

const PORTS: u32 = 28_232;

impl Company {
    /// The record.
    pub(crate) fn connector_metrics_line(&self, number: usize, cpu: i64, now: Timestamp) -> String {
        let connector = self.topology.connectors.get(number);
        let used = connector.ports.used().min(PORTS);
        self.templates.connector_metrics.line(|token| match token {
            "LogTimestamp" => connector.clock.read(now).into(),
            "Connector" => connector.name.as_str().into(),
            "CPUUtilization" => cpu.into(),
            "SystemMemoryUtilization" => (18 + cpu / 4).into(),
            "ProcessMemoryUtilization" => (6 + cpu / 8).into(),
            "AppCount" | "ServiceCount" => self.topology.apps.len().into(),
            "TargetCount" | "AliveTargetCount" => self.topology.sizes.pods.into(),
            "ActiveConnectionsToPublicSE" => connector.tunnels.len().into(),
            "TransmittedBytesToPublicSE" => connector.bytes_in.into(),
            "ReceivedBytesFromPublicSE" => connector.bytes_out.into(),
            "AppConnectionsCreated" => connector.created.into(),
            "AppConnectionsCleared" => connector.cleared.into(),
            "AppConnectionsActive" => connector.open().into(),
            "UsedTCPPortsIPv4" => used.into(),
            "UsedUDPPortsIPv4" => 14_i64.into(),
            "AvailablePorts" => (PORTS - used).into(),
            "SystemMaximumFileDescriptors" => 1_597_377_i64.into(),
            "SystemUsedFileDescriptors" => (1_900 + i64::from(used)).into(),
            "ProcessMaximumFileDescriptors" => 512_000_i64.into(),
            "ProcessUsedFileDescriptors" => (388 + i64::from(used)).into(),
            "AvailableDiskBytes" => 127_528_673_280_i64.into(),
            _ => 0_i64.into(),
        })
    }
}
