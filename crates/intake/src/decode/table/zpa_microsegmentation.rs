//! ZPA Microsegmentation: every token of the flow log.

use crate::decode::feed_table::Kind::{Address, Integer, List, Name, Port};
use crate::decode::feed_table::{EPOCH_MICROS, EXTRA, WANTED, WRITTEN, feed_table, to};

feed_table! {
    /// One record per flow between workloads.
    ZPA_MICROSEGMENTATION = ZpaMicrosegmentation, "zms_flow_log", "zpa.ms/",
    signs [AgentID AppZoneID EnforcementAction EnforcementReason EnforcementDisposition AppExecutablePath];
    LogTimestamp: WRITTEN, to("log_time"), WANTED, "when the record was written" ["LogTimeStamp"];
    Customer: Name, to("fields"), EXTRA, "the tenant's name";
    AgentID: Name, to("fields"), EXTRA, "the agent on the workload";
    AgentName: Name, to("fields"), EXTRA, "its name";
    ResourceID: Name, to("fields"), EXTRA, "the workload";
    ResourceName: Name, to("fields"), EXTRA, "its name";
    AppZoneID: Name, to("fields"), EXTRA, "the zone of apps";
    AppZoneName: Name, to("fields"), EXTRA, "its name";
    ConnectionStartTime: EPOCH_MICROS, to("start_time"), WANTED, "when the flow began";
    SourceIP: Address, to("fields"), WANTED, "its source";
    DestinationIP: Address, to("fields"), WANTED, "its destination";
    SourcePorts: List, to("fields"), EXTRA, "its source ports: a list or one number";
    DestinationPort: Port, to("fields"), WANTED, "its destination port";
    Protocol: Integer, to("fields"), EXTRA, "6 TCP, 17 UDP, 1 ICMP";
    AppName: List, to("fields"), EXTRA, "the programs: a list or one name";
    AppExecutablePath: List, to("fields"), EXTRA, "their files";
    Direction: Name, to("fields"), EXTRA, "UNKNOWN, INBOUND or OUTBOUND";
    PolicyID: Name, to("fields"), EXTRA, "the vendor rule's id";
    PolicyName: Name, to("fields"), WANTED, "the vendor rule's name";
    EnforcementReason: Name, to("fields"), EXTRA, "POLICY_DISABLED, RULE, NO_POLICY_EXISTS or FORCED";
    EnforcementAction: Name, to("ocsf_activity"), WANTED, "ALLOW, BLOCK or SIMBLOCK";
    EnforcementDisposition: Name, to("fields"), EXTRA, "UNKNOWN, CONNECTED, REJECTED or DROPPED";
}
