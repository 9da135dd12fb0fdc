//! How an app connector or a service edge is.

use std::fmt;
use std::sync::Arc;

use crate::Timestamp;
use crate::record::RecordHeader;

/// Which of the edge's machines reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnectorKind {
    /// ZPA's broker beside the app.
    AppConnector,
    /// A service edge that the customer runs.
    PrivateServiceEdge,
    /// A private cloud controller.
    PrivateCloudController,
    /// A Cloud or Branch Connector, in front of workloads.
    CloudConnector,
}

impl ConnectorKind {
    /// The lower-case name that tables and JSON use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AppConnector => "app_connector",
            Self::PrivateServiceEdge => "private_service_edge",
            Self::PrivateCloudController => "private_cloud_controller",
            Self::CloudConnector => "cloud_connector",
        }
    }
}

impl fmt::Display for ConnectorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One status or metrics record of an app connector or service edge. `None` is "the record does not say"; here 0 is a value.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectorHealth {
    /// What every record has.
    pub header: RecordHeader,
    /// What reports.
    pub kind: ConnectorKind,
    /// `Connector`, `ServiceEdge`, `PrivateSE`: its name, which User Activity's `Connector` repeats.
    pub name: Option<Arc<str>>,
    /// `ConnectorGroup`, `ServiceEdgeGroup`.
    pub group: Option<Arc<str>>,
    /// `SessionID` of its own ZPA session.
    pub session_id: Option<Arc<str>>,
    /// `SessionStatus`, as sent.
    pub session_status: Option<Arc<str>>,
    /// `Version`, `PackageVersion` where that is all.
    pub version: Option<Arc<str>>,
    /// `Platform`.
    pub platform: Option<Arc<str>>,
    /// `ZEN`: the service edge that its own session goes to.
    pub service_edge: Option<Arc<str>>,
    /// `PublicIP`.
    pub public_address: Option<Arc<str>>,
    /// `PrivateIP`.
    pub private_address: Option<Arc<str>>,
    /// `TimestampAuthentication`, on the edge's clock.
    pub authenticated_time: Option<Timestamp>,
    /// `TimestampUnAuthentication`, on the edge's clock.
    pub unauthenticated_time: Option<Timestamp>,
    /// `HostStartTime`, before 2022 `HostUpTime`.
    pub host_start_time: Option<Timestamp>,
    /// `ConnectorStartTime`, before 2022 `ConnectorUpTime`; `ServiceEdgeStartTime`.
    pub process_start_time: Option<Timestamp>,
    /// `CPUUtilization`, percent.
    pub cpu_percent: Option<u64>,
    /// `SystemMemoryUtilization`, `MemUtilization`, percent.
    pub memory_percent: Option<u64>,
    /// `ProcessMemoryUtilization`, percent.
    pub process_memory_percent: Option<u64>,
    /// `UsedTCPPortsIPv4` and the three like it, together.
    pub used_ports: Option<u64>,
    /// `AvailablePorts`.
    pub available_ports: Option<u64>,
    /// `SystemUsedFileDescriptors`.
    pub system_used_fds: Option<u64>,
    /// `SystemMaximumFileDescriptors`.
    pub system_max_fds: Option<u64>,
    /// `ProcessUsedFileDescriptors`.
    pub process_used_fds: Option<u64>,
    /// `ProcessMaximumFileDescriptors`.
    pub process_max_fds: Option<u64>,
    /// `AvailableDiskBytes`.
    pub available_disk_bytes: Option<u64>,
    /// Every other number of the record, by the vendor's name.
    pub measures: Vec<(&'static str, u64)>,
}

impl ConnectorHealth {
    /// A report of which nothing is known but where it came from.
    pub const fn empty(header: RecordHeader, kind: ConnectorKind) -> Self {
        Self {
            header,
            kind,
            name: None,
            group: None,
            session_id: None,
            session_status: None,
            version: None,
            platform: None,
            service_edge: None,
            public_address: None,
            private_address: None,
            authenticated_time: None,
            unauthenticated_time: None,
            host_start_time: None,
            process_start_time: None,
            cpu_percent: None,
            memory_percent: None,
            process_memory_percent: None,
            used_ports: None,
            available_ports: None,
            system_used_fds: None,
            system_max_fds: None,
            process_used_fds: None,
            process_max_fds: None,
            available_disk_bytes: None,
            measures: Vec::new(),
        }
    }

    /// OCSF Device Inventory Info: 2 Collect.
    pub const fn ocsf_activity(&self) -> u8 {
        2
    }
}
