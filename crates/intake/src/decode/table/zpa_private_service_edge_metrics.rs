//! ZPA LSS Private Service Edge Metrics: every token of the default template. Its numbers are quoted.

use crate::decode::feed_table::Kind::{Integer, Name};
use crate::decode::feed_table::{EXTRA, KEPT, WANTED, WRITTEN, feed_table, to};

feed_table! {
    /// Periodic figures of a private service edge, or of a private cloud controller.
    ZPA_PRIVATE_SERVICE_EDGE_METRICS = ZpaPrivateServiceEdgeMetrics, "zpn_pbroker_comprehensive_stats", "zpa.em/",
    signs [PrivateSE PrivateCloudController];
    LogTimestamp: WRITTEN, to("log_time"), WANTED, "when the record was written" ["LogTimeStamp"];
    PrivateSE: Name, to("name"), WANTED, "its name" ["ServiceEdge"];
    PrivateCloudController: Name, to("controller"), EXTRA, "the name of a private cloud controller, in its feed";
    CPUUtilization: Integer, to("cpu_percent"), WANTED, "percent";
    SystemMemoryUtilization: Integer, to("memory_percent"), WANTED, "percent";
    ProcessMemoryUtilization: Integer, to("process_memory_percent"), EXTRA, "percent";
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
