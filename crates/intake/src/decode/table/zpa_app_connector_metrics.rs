//! ZPA LSS App Connector Metrics: every token of the default template. Its numbers are quoted.

use crate::decode::feed_table::Kind::{Integer, Name};
use crate::decode::feed_table::{EXTRA, KEPT, WANTED, WRITTEN, feed_table, to};

feed_table! {
    /// Periodic figures of an app connector.
    ZPA_APP_CONNECTOR_METRICS = ZpaAppConnectorMetrics, "zpn_ast_comprehensive_stats", "zpa.cm/",
    signs [AliveTargetCount AppConnectionsActive ActiveConnectionsToPublicSE TargetCount AppCount];
    LogTimestamp: WRITTEN, to("log_time"), WANTED, "when the record was written" ["LogTimeStamp"];
    Connector: Name, to("name"), WANTED, "its name, as in User Activity";
    CPUUtilization: Integer, to("cpu_percent"), WANTED, "percent";
    SystemMemoryUtilization: Integer, to("memory_percent"), WANTED, "percent";
    ProcessMemoryUtilization: Integer, to("process_memory_percent"), EXTRA, "percent";
    AppCount: Integer, to("measures"), EXTRA, "apps that it serves";
    ServiceCount: Integer, to("measures"), EXTRA, "apps and ports that it serves";
    TargetCount: Integer, to("measures"), EXTRA, "servers behind it";
    AliveTargetCount: Integer, to("measures"), EXTRA, "servers that answer";
    ActiveConnectionsToPublicSE: Integer, to("measures"), EXTRA, "connections to public service edges";
    DisconnectedConnectionsToPublicSE: Integer, to("measures"), EXTRA, "connections to public service edges that were lost";
    ActiveConnectionsToPrivateSE: Integer, to("measures"), EXTRA, "connections to private service edges";
    DisconnectedConnectionsToPrivateSE: Integer, to("measures"), EXTRA, "connections to private service edges that were lost";
    TransmittedBytesToPublicSE: Integer, to("measures"), EXTRA, "bytes to public service edges";
    ReceivedBytesFromPublicSE: Integer, to("measures"), EXTRA, "bytes from public service edges";
    TransmittedBytesToPrivateSE: Integer, to("measures"), EXTRA, "bytes to private service edges";
    ReceivedBytesFromPrivateSE: Integer, to("measures"), EXTRA, "bytes from private service edges";
    AppConnectionsCreated: Integer, to("measures"), EXTRA, "connections to servers that were opened";
    AppConnectionsCleared: Integer, to("measures"), EXTRA, "connections to servers that were closed";
    AppConnectionsActive: Integer, to("measures"), EXTRA, "connections to servers that are open";
    UsedTCPPortsIPv4: Integer, to("used_ports"), WANTED, "ports in use";
    UsedUDPPortsIPv4: Integer, to("used_ports"), EXTRA, "ports in use";
    UsedTCPPortsIPv6: Integer, to("used_ports"), EXTRA, "ports in use";
    UsedUDPPortsIPv6: Integer, to("used_ports"), EXTRA, "ports in use";
    AvailablePorts: Integer, to("available_ports"), WANTED, "ports left";
    SystemMaximumFileDescriptors: Integer, to("system_max_fds"), EXTRA, "file descriptors that the machine may have";
    SystemUsedFileDescriptors: Integer, to("system_used_fds"), EXTRA, "file descriptors that it has";
    ProcessMaximumFileDescriptors: Integer, to("process_max_fds"), WANTED, "file descriptors that the process may have";
    ProcessUsedFileDescriptors: Integer, to("process_used_fds"), WANTED, "file descriptors that it has";
    AvailableDiskBytes: Integer, to("available_disk_bytes"), EXTRA, "bytes left on disk";
    MicroTenantID: Name, KEPT, EXTRA, "its microtenant";
}
