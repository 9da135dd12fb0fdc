//! ZPA LSS User Status: every token of the default template.

use crate::decode::feed_table::Kind::{Address, Decimal, Flag, Integer, Json, List, Name};
use crate::decode::feed_table::{EXTRA, ISO, KEPT, WANTED, WRITTEN, feed_table, to};
use crate::decode::table::nulls::NOBODY;

feed_table! {
    /// One record per state of a ZPA session, repeated as a heartbeat.
    ZPA_USER_STATUS = ZpaUserStatus, "zpn_auth_log", "zpa.us/",
    signs [CertificateCN PosturesHit PosturesMiss SAMLAttributes TrustedNetworks TrustedNetworksNames ClientType FQDNRegistered];
    LogTimestamp: WRITTEN, to("log_time"), WANTED, "when the record was written" ["LogTimeStamp"];
    Customer: Name, KEPT, EXTRA, "the tenant's name";
    Username: Name, to("user_name"), WANTED, "as typed into Client Connector, usually an e-mail address" nulls NOBODY;
    SessionID: Name, to("session_id"), WANTED, "the ZPA session";
    SessionStatus: Name, to("session_status"), WANTED, "authenticated, failed or disconnected, as ZPN_STATUS_…";
    Version: Name, to("client_version"), EXTRA, "version of the client";
    ZEN: Name, to("service_edge"), EXTRA, "the service edge of the session";
    CertificateCN: Name, to("certificate"), EXTRA, "common name of the device's or user's certificate";
    PrivateIP: Address, to("private_address"), EXTRA, "the client's own address";
    PublicIP: Address, to("public_address"), WANTED, "the client's address as the service edge sees it";
    Latitude: Decimal, KEPT, EXTRA, "degrees";
    Longitude: Decimal, KEPT, EXTRA, "degrees";
    CountryCode: Name, KEPT, EXTRA, "two letters";
    TimestampAuthentication: ISO, to("authenticated_time"), WANTED, "when the session was authenticated";
    TimestampUnAuthentication: ISO, to("unauthenticated_time"), EXTRA, "when the session ended" ["TimestampUnAuthnetication"];
    TotalBytesRx: Integer, to("received_bytes"), EXTRA, "bytes received in the session so far";
    TotalBytesTx: Integer, to("sent_bytes"), EXTRA, "bytes sent in the session so far";
    Idp: Name, to("identity_provider"), EXTRA, "the identity provider's configuration";
    Hostname: Name, to("device"), WANTED, "the device's host name" nulls NOBODY;
    Platform: Name, to("platform"), WANTED, "the device's operating system";
    ClientType: Name, to("client_type"), WANTED, "which client, as zpn_client_type_…";
    TrustedNetworks: List, to("trusted_networks"), EXTRA, "trusted networks that the device is in";
    TrustedNetworksNames: List, to("trusted_network_names"), EXTRA, "their names; some templates swap the two";
    SAMLAttributes: Json, to("saml_attributes"), EXTRA, "attributes of the identity provider: `k:v,k:v` or a JSON object" ["SamlAttributes"];
    PosturesHit: List, to("postures_hit"), WANTED, "posture profiles that the device fulfils";
    PosturesMiss: List, to("postures_miss"), WANTED, "posture profiles that it does not" ["PosturesMisses"];
    ZENLatitude: Decimal, KEPT, EXTRA, "degrees, of the service edge";
    ZENLongitude: Decimal, KEPT, EXTRA, "degrees, of the service edge";
    ZENCountryCode: Name, KEPT, EXTRA, "two letters, of the service edge";
    FQDNRegistered: Flag, KEPT, EXTRA, "the device's name was registered" token "fqdn_registered";
    FQDNRegisteredError: Name, KEPT, EXTRA, "why not" token "fqdn_register_error";
    City: Name, KEPT, EXTRA, "the client's city";
    MicroTenantID: Name, KEPT, EXTRA, "the principal's microtenant";
}
