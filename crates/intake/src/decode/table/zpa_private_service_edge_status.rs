//! ZPA LSS Private Service Edge Status, and that of private cloud controllers, which differ in three names.

use crate::decode::feed_table::Kind::{Address, Decimal, Integer, Name};
use crate::decode::feed_table::{EPOCH_SECONDS, EXTRA, ISO, KEPT, WANTED, WRITTEN, feed_table, to};

feed_table! {
    /// The state of a private service edge's own ZPA session.
    ZPA_PRIVATE_SERVICE_EDGE_STATUS = ZpaPrivateServiceEdgeStatus, "zpn_sys_auth_log", "zpa.es/",
    signs [ServiceEdge ServiceEdgeGroup ServiceEdgeStartTime PrivateCloudController PrivateCloudControllerGroup PackageVersion];
    LogTimestamp: WRITTEN, to("log_time"), WANTED, "when the record was written" ["LogTimeStamp"];
    Customer: Name, KEPT, EXTRA, "the tenant's name";
    SessionID: Name, to("session_id"), WANTED, "its own ZPA session";
    SessionType: Name, KEPT, EXTRA, "the kind of that session";
    SessionStatus: Name, to("session_status"), WANTED, "authenticated, failed or disconnected, as ZPN_STATUS_…";
    Version: Name, to("version"), EXTRA, "version of the software";
    PackageVersion: Name, to("package_version"), EXTRA, "version of the package around it";
    Platform: Name, to("platform"), EXTRA, "the operating system";
    ZEN: Name, to("service_edge"), EXTRA, "the service edge of its session";
    ServiceEdge: Name, to("name"), WANTED, "its name";
    ServiceEdgeGroup: Name, to("group"), WANTED, "the service edge group";
    PrivateCloudController: Name, to("controller"), EXTRA, "the name of a private cloud controller, in its feed";
    PrivateCloudControllerGroup: Name, to("controller_group"), EXTRA, "the group of a private cloud controller, in its feed";
    PrivateIP: Address, to("private_address"), EXTRA, "its own address";
    PublicIP: Address, to("public_address"), EXTRA, "its address as the service edge sees it";
    Latitude: Decimal, KEPT, EXTRA, "degrees";
    Longitude: Decimal, KEPT, EXTRA, "degrees";
    CountryCode: Name, KEPT, EXTRA, "two letters";
    TimestampAuthentication: ISO, to("authenticated_time"), WANTED, "when its session was authenticated";
    TimestampUnAuthentication: ISO, to("unauthenticated_time"), EXTRA, "when its session ended" ["TimestampUnAuthnetication"];
    CPUUtilization: Integer, to("cpu_percent"), WANTED, "percent";
    MemUtilization: Integer, to("memory_percent"), WANTED, "percent";
    InterfaceDefRoute: Name, KEPT, EXTRA, "the interface of the default route";
    DefRouteGW: Address, KEPT, EXTRA, "the gateway of the default route";
    PrimaryDNSResolver: Address, KEPT, EXTRA, "the first resolver";
    HostUpTime: EPOCH_SECONDS, to("host_start_time"), EXTRA, "when its machine started" ["HostStartTime"];
    ServiceEdgeStartTime: EPOCH_SECONDS, to("process_start_time"), EXTRA, "when its software started" ["ServiceEdgeUpTime", "PrivateCloudControllerStartTime"];
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
