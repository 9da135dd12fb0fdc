//! ZPA LSS User Activity: every token of the default template, of its newer forms, and the four timers that it lacks.

use crate::decode::feed_table::Kind::{Address, Decimal, Flag, Integer, Name, Port, Text};
use crate::decode::feed_table::{EXTRA, ISO, KEPT, MICROS, WANTED, WRITTEN, feed_table, to};
use crate::decode::table::nulls::NOBODY;

feed_table! {
    /// One record per state of a connection.
    ZPA_USER_ACTIVITY = ZpaUserActivity, "zpn_trans_log", "zpa.ua/",
    signs [
        InternalReason ServicePort ConnectorIP ConnectorPort ConnectorZEN AppGroup PolicyProcessingTime ServerSetupTime
        TimestampConnectionStart ZENTotalBytesRxClient
    ];
    LogTimestamp: WRITTEN, to("log_time"), WANTED, "when the record was written" ["LogTimeStamp"];
    Customer: Name, KEPT, EXTRA, "the tenant's name";
    SessionID: Name, to("session_id"), EXTRA, "the ZPA session: the client's TLS session";
    ConnectionID: Name, to("vendor_uid"), WANTED, "the connection: session, comma, connection";
    InternalReason: Name, to("reason"), WANTED, "why it closed or failed; empty while it lives";
    ConnectionStatus: Name, to("connection_status"), WANTED, "open, active or close";
    IPProtocol: Integer, to("ip_protocol"), EXTRA, "6 TCP, 17 UDP, 1 ICMP";
    DoubleEncryption: Flag, KEPT, EXTRA, "encrypted a second time between client and app connector";
    Username: Name, to("user_name"), WANTED, "as typed into Client Connector, usually an e-mail address" nulls NOBODY;
    ServicePort: Port, to("service_port"), EXTRA, "the port that the principal asked for";
    ClientPublicIP: Address, to("client_address"), WANTED, "the client's address as the service edge sees it";
    ClientPrivateIP: Address, to("client_address"), EXTRA, "the client's own address; often empty";
    ClientLatitude: Decimal, KEPT, EXTRA, "degrees";
    ClientLongitude: Decimal, KEPT, EXTRA, "degrees";
    ClientCountryCode: Name, KEPT, EXTRA, "two letters";
    ClientZEN: Name, to("service_edge"), WANTED, "the service edge that the client is connected to";
    Policy: Name, to("rule"), WANTED, "the name of the vendor rule that decided";
    Connector: Name, to("app_connector"), WANTED, "the name of the app connector";
    ConnectorZEN: Name, KEPT, EXTRA, "the service edge that the app connector is connected to";
    ConnectorIP: Address, to("connector_address"), WANTED, "the app connector's source address, as the app sees it";
    ConnectorPort: Port, to("connector_port"), WANTED, "the app connector's source port, as the app sees it";
    Host: Name, to("host"), EXTRA, "what the principal asked for: a name or an address";
    Application: Name, to("app_segment"), WANTED, "the app, under the name of its app segment: fills app, too";
    AppGroup: Name, KEPT, EXTRA, "the app segment group";
    Server: Name, KEPT, EXTRA, "the server's name; none with dynamic discovery";
    ServerIP: Address, to("server_address"), WANTED, "the server's address; empty on failures";
    ServerPort: Port, to("server_port"), WANTED, "the server's port";
    PolicyProcessingTime: MICROS, to("policy_us"), WANTED, "evaluating access policy";
    ServerSetupTime: MICROS, to("server_setup_us"), WANTED, "connecting to the server; inside ConnectorZENSetupTime";
    TimestampConnectionStart: ISO, to("start_time"), WANTED, "the service edge got the first request";
    TimestampConnectionEnd: ISO, to("end_time"), WANTED, "the service edge closed the connection";
    TimestampCATx: ISO, to("ca_tx"), EXTRA, "request to the central authority";
    TimestampCARx: ISO, to("ca_rx"), EXTRA, "answer of the central authority";
    TimestampAppLearnStart: ISO, to("app_learn_start"), EXTRA, "learning the app began";
    TimestampZENFirstRxClient: ISO, to("first_rx_client"), WANTED, "first byte from the client, at the service edge";
    TimestampZENFirstTxClient: ISO, to("first_tx_client"), EXTRA, "first byte to the client, at the service edge";
    TimestampZENLastRxClient: ISO, to("last_rx_client"), EXTRA, "last byte from the client, at the service edge";
    TimestampZENLastTxClient: ISO, to("last_tx_client"), EXTRA, "last byte to the client, at the service edge";
    TimestampConnectorZENSetupComplete: ISO, to("setup_complete"), WANTED, "the app connector's data connection was there";
    TimestampZENFirstRxConnector: ISO, to("first_rx_connector"), WANTED, "first byte from the app connector";
    TimestampZENFirstTxConnector: ISO, to("first_tx_connector"), WANTED, "first byte to the app connector";
    TimestampZENLastRxConnector: ISO, to("last_rx_connector"), WANTED, "last byte from the app connector";
    TimestampZENLastTxConnector: ISO, to("last_tx_connector"), EXTRA, "last byte to the app connector";
    ZENTotalBytesRxClient: Integer, to("total_bytes"), EXTRA, "bytes from the client since the start";
    ZENBytesRxClient: Integer, KEPT, EXTRA, "bytes from the client since the previous record";
    ZENTotalBytesTxClient: Integer, to("total_bytes"), EXTRA, "bytes to the client since the start";
    ZENBytesTxClient: Integer, KEPT, EXTRA, "bytes to the client since the previous record";
    ZENTotalBytesRxConnector: Integer, KEPT, EXTRA, "bytes from the app connector since the start";
    ZENBytesRxConnector: Integer, KEPT, EXTRA, "bytes from the app connector since the previous record";
    ZENTotalBytesTxConnector: Integer, KEPT, EXTRA, "bytes to the app connector since the start";
    ZENBytesTxConnector: Integer, KEPT, EXTRA, "bytes to the app connector since the previous record";
    Idp: Name, KEPT, EXTRA, "the identity provider's configuration";
    ClientToClient: Flag, KEPT, EXTRA, "a connection between two clients" token "c2c";
    ClientCity: Name, KEPT, EXTRA, "the client's city";
    MicroTenantID: Name, KEPT, EXTRA, "the principal's microtenant";
    AppMicroTenantID: Name, KEPT, EXTRA, "the app's microtenant" ["AppMicrotenantID"];
    Platform: Name, KEPT, EXTRA, "the client's operating system";
    Hostname: Name, to("device"), WANTED, "the client's host name; dependable for some client types only" nulls NOBODY;
    PRAConnectionID: Name, KEPT, EXTRA, "privileged remote access: the connection";
    PRAConsoleType: Name, KEPT, EXTRA, "privileged remote access: RDP, SSH, …";
    PRAApprovalID: Name, KEPT, EXTRA, "privileged remote access: the approval";
    PRACapabilityPolicyID: Name, KEPT, EXTRA, "privileged remote access: the rule for capabilities";
    PRACredentialPolicyID: Name, KEPT, EXTRA, "privileged remote access: the rule for credentials";
    PRACredentialUserName: Name, KEPT, EXTRA, "privileged remote access: the account on the server";
    PRACredentialLoginType: Name, KEPT, EXTRA, "privileged remote access: how it signed in";
    PRAErrorStatus: Name, KEPT, EXTRA, "privileged remote access: the error";
    PRAFileTransferList: Text, KEPT, EXTRA, "privileged remote access: files moved, a JSON document";
    PRARecordingStatus: Name, KEPT, EXTRA, "privileged remote access: the recording";
    PRASharedUsersList: Text, KEPT, EXTRA, "privileged remote access: who looked on, a JSON document" ["PRASharedUserList"];
    PRASessionType: Name, KEPT, EXTRA, "privileged remote access: the kind of session";
    PRASharedMode: Name, KEPT, EXTRA, "privileged remote access: how it was shared";
    CAProcessingTime: MICROS, to("ca_us"), WANTED, "processing in the central authority; not in the default template";
    AppLearnTime: MICROS, to("app_learn_us"), WANTED, "learning the app; not in the default template";
    ConnectorZENSetupTime: MICROS, to("connector_setup_us"), WANTED, "the app connector's data connection; not in the default template";
    ConnectionSetupTime: MICROS, to("setup_us"), WANTED, "the whole set-up; not in the default template";
}
