//! ZPA LSS AppProtection: every token of the default template, and the one stamp that it lacks.

use crate::decode::feed_table::Kind::{Address, Flag, Integer, List, Name, Port, Text};
use crate::decode::feed_table::{EPOCH_MICROS, EXTRA, KEPT, MICROS, WANTED, WRITTEN, feed_table, to};
use crate::decode::table::nulls::NOBODY;

feed_table! {
    /// One record per inspected HTTP exchange. Ids have more digits than a double can tell.
    ZPA_APPPROTECTION = ZpaAppprotection, "zpn_waf_http_exchanges_log", "zpa.ap/",
    signs [ExchangeSequenceIndex AssistantID InspectionProfile InspectionPolicy ParanoiaLevel InspectionControlsHitCount HTTPError SSLInspection];
    LogTimestamp: WRITTEN, to("log_time"), WANTED, "when the record was written" ["LogTimeStamp"];
    Customer: Name, KEPT, EXTRA, "the tenant's name";
    ConnectionID: Name, to("connection_uid"), WANTED, "the connection that carried the exchange, as in User Activity";
    UserID: Name, to("user_name"), WANTED, "an e-mail address" nulls NOBODY;
    AssistantID: Name, to("app_connector"), EXTRA, "the app connector's id";
    ExchangeSequenceIndex: Integer, to("vendor_uid"), WANTED, "which exchange of the connection, from 0";
    TimestampRequestReceiveStart: EPOCH_MICROS, to("start_time"), WANTED, "the request began to arrive";
    TimestampRequestReceiveHeaderFinish: EPOCH_MICROS, to("request_receive_header_finish"), EXTRA, "its headers were there";
    TimestampRequestReceiveFinish: EPOCH_MICROS, to("request_receive_finish"), EXTRA, "all of it was there";
    TimestampRequestTransmitStart: EPOCH_MICROS, to("request_transmit_start"), WANTED, "it began to go on towards the app";
    TimestampRequestTransmitFinish: EPOCH_MICROS, to("request_transmit_finish"), EXTRA, "all of it had gone on";
    TimestampResponseReceiveStart: EPOCH_MICROS, to("response_receive_start"), WANTED, "the response began to arrive; not in the default template";
    TimestampResponseReceiveFinish: EPOCH_MICROS, to("response_receive_finish"), EXTRA, "all of it was there";
    TimestampResponseTransmitStart: EPOCH_MICROS, to("response_transmit_start"), EXTRA, "it began to go on to the client";
    TimestampResponseTransmitFinish: EPOCH_MICROS, to("end_time"), WANTED, "all of it had gone on";
    TotalTimeRequestReceive: MICROS, to("request_receive_us"), EXTRA, "receiving the request";
    TotalTimeRequestTransmit: MICROS, to("request_transmit_us"), EXTRA, "sending it on";
    TotalTimeResponseReceive: MICROS, to("response_receive_us"), EXTRA, "receiving the response";
    TotalTimeResponseTransmit: MICROS, to("response_transmit_us"), EXTRA, "sending it on";
    Domain: Name, KEPT, EXTRA, "the domain of the app";
    Method: Name, to("method"), WANTED, "the HTTP method";
    Protocol: Name, KEPT, EXTRA, "the version of HTTP";
    ProtocolVersion: Name, KEPT, EXTRA, "the version of HTTP, where Protocol is the name";
    ContentType: Text, KEPT, EXTRA, "the header Content-Type";
    ContentEncoding: Text, KEPT, EXTRA, "the header Content-Encoding";
    TransferEncoding: Text, KEPT, EXTRA, "the header Transfer-Encoding";
    Host: Name, to("host"), WANTED, "the host asked for";
    Destination: Name, KEPT, EXTRA, "the host that it went to";
    OriginDomain: Name, KEPT, EXTRA, "the domain of the header Origin";
    URL: Text, to("path"), WANTED, "path and query";
    UserAgent: Text, KEPT, EXTRA, "the client's word for itself";
    HTTPError: Name, to("reason"), EXTRA, "`success`, or what went wrong";
    ClientPublicIp: Address, to("client_address"), WANTED, "the client's address as the service edge sees it";
    ClientPort: Port, to("client_port"), EXTRA, "the client's port";
    UpgradeHeaderPresent: Flag, KEPT, EXTRA, "the exchange asks for another protocol";
    StatusCode: Integer, to("status"), WANTED, "the HTTP status" nulls &["", "0"];
    RequestHdrSize: Integer, to("total_bytes"), EXTRA, "bytes of the request's headers";
    ResponseHdrSize: Integer, to("total_bytes"), EXTRA, "bytes of the response's headers";
    RequestBodySize: Integer, to("total_bytes"), EXTRA, "bytes of the request's body";
    ResponseBodySize: Integer, to("total_bytes"), EXTRA, "bytes of the response's body";
    Application: Name, to("app"), EXTRA, "the app's id";
    ApplicationGroup: Name, KEPT, EXTRA, "the app segment group's id";
    InspectionPolicy: Name, to("rule"), WANTED, "the id of the vendor rule that inspects";
    InspectionProfile: Name, KEPT, EXTRA, "the id of its profile";
    ParanoiaLevel: Integer, KEPT, EXTRA, "how strict the profile is";
    InspectionControlsHitCount: Integer, KEPT, EXTRA, "how many controls were hit";
    InspectionRuleProcessingTime: MICROS, to("inspection_us"), WANTED, "inspecting by rules";
    InspectionReqHeadersProcessingTime: MICROS, to("inspection_us"), WANTED, "inspecting the request's headers";
    InspectionReqBodyProcessingTime: MICROS, to("inspection_us"), WANTED, "inspecting the request's body";
    InspectionRespHeadersProcessingTime: MICROS, to("inspection_us"), WANTED, "inspecting the response's headers";
    InspectionRespBodyProcessingTime: MICROS, to("inspection_us"), WANTED, "inspecting the response's body";
    CertificateId: Name, KEPT, EXTRA, "the certificate's id";
    DoubleEncryption: Flag, KEPT, EXTRA, "encrypted a second time between client and app connector";
    SSLInspection: Flag, KEPT, EXTRA, "TLS was opened";
    TotalBytesProcessed: Integer, KEPT, EXTRA, "bytes inspected";
    InspectionControls: List, KEPT, EXTRA, "controls that were hit" ["InspectionControlArray"];
    InspectionControlTypes: List, KEPT, EXTRA, "their types" ["ControlTypeArray"];
    InspectionControlCategories: List, KEPT, EXTRA, "their categories";
    Actions: List, to("disposition"), WANTED, "what was done about each";
    Severities: List, KEPT, EXTRA, "their severities" ["SeveritiesArray"];
    Descriptions: List, KEPT, EXTRA, "their descriptions" ["DescriptiveExplanationsArray"];
}
