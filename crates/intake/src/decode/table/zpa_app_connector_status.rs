//! ZPA LSS App Connector Status: every token of the default template, and the two names of before 2022.

use crate::decode::feed_table::Kind::{Address, Decimal, Integer, Name};
use crate::decode::feed_table::{EPOCH_SECONDS, EXTRA, ISO, KEPT, WANTED, WRITTEN, feed_table, to};

feed_table! {
    /// The state of an app connector's own ZPA session.
    ZPA_APP_CONNECTOR_STATUS = ZpaAppConnectorStatus, "zpn_ast_auth_log", "zpa.cs/",
    signs [ConnectorGroup ConnectorStartTime InterfaceDefRoute MemUtilization NumOfInterfaces];
    LogTimestamp: WRITTEN, to("log_time"), WANTED, "when the record was written" ["LogTimeStamp"];
    Customer: Name, KEPT, EXTRA, "the tenant's name";
    SessionID: Name, to("session_id"), WANTED, "its own ZPA session";
    SessionType: Name, KEPT, EXTRA, "the kind of that session";
    SessionStatus: Name, to("session_status"), WANTED, "authenticated, failed or disconnected, as ZPN_STATUS_…";
    Version: Name, to("version"), EXTRA, "version of the software";
    Platform: Name, to("platform"), EXTRA, "the operating system";
    ZEN: Name, to("service_edge"), EXTRA, "the service edge of its session";
    Connector: Name, to("name"), WANTED, "its name, as in User Activity";
    ConnectorGroup: Name, to("group"), WANTED, "the app connector group";
    PrivateIP: Address, to("private_address"), EXTRA, "its own address";
    PublicIP: Address, to("public_address"), EXTRA, "its address as the service edge sees it";
    Latitude: Decimal, KEPT, EXTRA, "degrees";
    Longitude: Decimal, KEPT, EXTRA, "degrees";
    CountryCode: Name, KEPT, EXTRA, "two letters";
    TimestampAuthentication: ISO, to("authenticated_time"), WANTED, "when its session was authenticated";
    TimestampUnAuthentication: ISO, to("unauthenticated_time"), EXTRA, "when its session ended" ["TimestampUnAuthnetication"];
    CPUUtilization: Integer, to("cpu_percent"), WANTED, "percent";
    MemUtilization: Integer, to("memory_percent"), WANTED, "percent";
    ServiceCount: Integer, to("measures"), EXTRA, "apps that it serves";
    InterfaceDefRoute: Name, KEPT, EXTRA, "the interface of the default route";
    DefRouteGW: Address, KEPT, EXTRA, "the gateway of the default route";
    PrimaryDNSResolver: Address, KEPT, EXTRA, "the first resolver";
    HostStartTime: EPOCH_SECONDS, to("host_start_time"), EXTRA, "when its machine started" ["HostUpTime"];
    ConnectorStartTime: EPOCH_SECONDS, to("process_start_time"), EXTRA, "when its software started" ["ConnectorUpTime"];
    NumOfInterfaces: Integer, to("measures"), EXTRA, "interfaces";
    BytesRxInterface: Integer, to("measures"), EXTRA, "bytes received, all interfaces, since its start";
    PacketsRxInterface: Integer, to("measures"), EXTRA, "packets received";
    ErrorsRxInterface: Integer, to("measures"), EXTRA, "errors while receiving";
    DiscardsRxInterface: Integer, to("measures"), EXTRA, "packets received and thrown away";
    BytesTxInterface: Integer, to("measures"), EXTRA, "bytes sent";
    PacketsTxInterface: Integer, to("measures"), EXTRA, "packets sent";
    ErrorsTxInterface: Integer, to("measures"), EXTRA, "errors while sending";
    DiscardsTxInterface: Integer, to("measures"), EXTRA, "packets thrown away in place of sending";
    TotalBytesRx: Integer, to("measures"), EXTRA, "bytes received in its ZPA session";
    TotalBytesTx: Integer, to("measures"), EXTRA, "bytes sent in its ZPA session";
    MicroTenantID: Name, KEPT, EXTRA, "its microtenant";
}
