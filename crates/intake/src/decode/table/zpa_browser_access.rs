//! ZPA LSS Browser Access: every token of the default template.

use crate::decode::feed_table::Kind::{Address, Integer, Name, Port, Text};
use crate::decode::feed_table::{EXTRA, ISO, KEPT, MICROS, WANTED, WRITTEN, feed_table, to};
use crate::decode::table::nulls::NOBODY;

feed_table! {
    /// One record per HTTP request.
    ZPA_BROWSER_ACCESS = ZpaBrowserAccess, "zpn_http_trans_log", "zpa.ba/",
    signs [Exporter NameID TotalTimeConnectionSetup TotalTimeServerResponse ClientPublicPort ConnectionReason XFF CorsToken ApplicationPort];
    LogTimestamp: WRITTEN, to("log_time"), WANTED, "when the record was written" ["LogTimeStamp"];
    ConnectionID: Name, to("connection_uid"), WANTED, "the connection that carried the request";
    Exporter: Name, to("service_edge"), EXTRA, "the machine of the service edge that serves browsers" nulls &["", "0", "unset"];
    TimestampRequestReceiveStart: ISO, to("start_time"), WANTED, "the request began to arrive";
    TimestampRequestReceiveHeaderFinish: ISO, to("request_receive_header_finish"), EXTRA, "its headers were there";
    TimestampRequestReceiveFinish: ISO, to("request_receive_finish"), EXTRA, "all of it was there";
    TimestampRequestTransmitStart: ISO, to("request_transmit_start"), WANTED, "it began to go on towards the app";
    TimestampRequestTransmitFinish: ISO, to("request_transmit_finish"), EXTRA, "all of it had gone on";
    TimestampResponseReceiveStart: ISO, to("response_receive_start"), WANTED, "the response began to arrive";
    TimestampResponseReceiveFinish: ISO, to("response_receive_finish"), EXTRA, "all of it was there";
    TimestampResponseTransmitStart: ISO, to("response_transmit_start"), EXTRA, "it began to go on to the client";
    TimestampResponseTransmitFinish: ISO, to("end_time"), WANTED, "all of it had gone on";
    TotalTimeRequestReceive: MICROS, to("request_receive_us"), EXTRA, "receiving the request";
    TotalTimeRequestTransmit: MICROS, to("request_transmit_us"), EXTRA, "sending it on";
    TotalTimeResponseReceive: MICROS, to("response_receive_us"), EXTRA, "receiving the response";
    TotalTimeResponseTransmit: MICROS, to("response_transmit_us"), EXTRA, "sending it on";
    TotalTimeConnectionSetup: MICROS, to("connection_setup_us"), WANTED, "setting up the connection to the app";
    TotalTimeServerResponse: MICROS, to("server_response_us"), WANTED, "waiting for the app; negative for a WebSocket";
    Method: Name, to("method"), WANTED, "the HTTP method";
    Protocol: Name, KEPT, EXTRA, "HTTP or HTTPS";
    Host: Name, to("host"), WANTED, "the host asked for: a name or an address";
    URL: Text, to("path"), WANTED, "path and query";
    UserAgent: Text, KEPT, EXTRA, "the browser's word for itself";
    XFF: Text, KEPT, EXTRA, "X-Forwarded-For";
    NameID: Name, to("user_name"), WANTED, "SAML's name of the principal, usually an e-mail address" nulls NOBODY;
    StatusCode: Integer, to("status"), WANTED, "the HTTP status" nulls &["", "0"];
    RequestSize: Integer, to("total_bytes"), EXTRA, "bytes of the request";
    ResponseSize: Integer, to("total_bytes"), EXTRA, "bytes of the response";
    ApplicationPort: Port, to("service_port"), EXTRA, "the port asked for";
    ClientPublicIp: Address, to("client_address"), WANTED, "the client's address as the service edge sees it";
    ClientPublicPort: Port, to("client_port"), WANTED, "the client's port as the service edge sees it";
    ClientPrivateIp: Address, to("client_address"), EXTRA, "the client's own address";
    Customer: Name, KEPT, EXTRA, "the tenant's name";
    ConnectionStatus: Name, to("connection_status"), EXTRA, "open, active or close";
    ConnectionReason: Name, to("reason"), WANTED, "why the connection closed or failed";
    Origin: Text, KEPT, EXTRA, "the header Origin";
    CorsToken: Text, KEPT, EXTRA, "the token of a cross-origin request";
}
