//! The feed templates that Fanlight ships.

mod proxy;
mod zia;
mod zpa;

use std::borrow::Cow;

use fanlight_model::{Feed, Product};

use super::table::feed_table;

/// The text that a customer pastes as the feed's template: everything of the vendor's default and what it lacks, fine stamps, and a
/// marker with a version. ZPA reads the `\n` at its end as a newline. ZIA's and the proxies' are of their own languages. `None` for
/// alerts of the NSS, whose form is fixed.
pub fn template(feed: Feed) -> Option<Cow<'static, str>> {
    match feed {
        Feed::ZpaUserActivity => Some(ZPA_USER_ACTIVITY.into()),
        _ if feed.product() == Product::Zpa => feed_table(feed).map(|table| zpa::template(table).into()),
        _ => zia::template(feed).or_else(|| proxy::template(feed)).map(Cow::Borrowed),
    }
}

// `%d` of a stamp renders microseconds since the epoch, 0 for none; `%j` renders a quoted and escaped string.
const ZPA_USER_ACTIVITY: &str = concat!(
    r#"{"fl":"zpa.ua/1","LogTimestamp":%d{LogTimestamp:epoch_us},"Customer":%j{Customer},"SessionID":%j{SessionID},"#,
    r#""ConnectionID":%j{ConnectionID},"InternalReason":%j{InternalReason},"ConnectionStatus":%j{ConnectionStatus},"#,
    r#""IPProtocol":%d{IPProtocol},"DoubleEncryption":%d{DoubleEncryption},"Username":%j{Username},"#,
    r#""ServicePort":%d{ServicePort},"ClientPublicIP":%j{ClientPublicIP},"ClientPrivateIP":%j{ClientPrivateIP},"#,
    r#""ClientLatitude":%f{ClientLatitude},"ClientLongitude":%f{ClientLongitude},"#,
    r#""ClientCountryCode":%j{ClientCountryCode},"ClientZEN":%j{ClientZEN},"Policy":%j{Policy},"#,
    r#""Connector":%j{Connector},"ConnectorZEN":%j{ConnectorZEN},"ConnectorIP":%j{ConnectorIP},"#,
    r#""ConnectorPort":%d{ConnectorPort},"Host":%j{Host},"Application":%j{Application},"AppGroup":%j{AppGroup},"#,
    r#""Server":%j{Server},"ServerIP":%j{ServerIP},"ServerPort":%d{ServerPort},"#,
    r#""PolicyProcessingTime":%d{PolicyProcessingTime},"CAProcessingTime":%d{CAProcessingTime},"#,
    r#""AppLearnTime":%d{AppLearnTime},"ConnectorZENSetupTime":%d{ConnectorZENSetupTime},"#,
    r#""ConnectionSetupTime":%d{ConnectionSetupTime},"ServerSetupTime":%d{ServerSetupTime},"#,
    r#""TimestampConnectionStart":%d{TimestampConnectionStart},"TimestampConnectionEnd":%d{TimestampConnectionEnd},"#,
    r#""TimestampCATx":%d{TimestampCATx},"TimestampCARx":%d{TimestampCARx},"#,
    r#""TimestampAppLearnStart":%d{TimestampAppLearnStart},"#,
    r#""TimestampZENFirstRxClient":%d{TimestampZENFirstRxClient},"#,
    r#""TimestampZENFirstTxClient":%d{TimestampZENFirstTxClient},"#,
    r#""TimestampZENLastRxClient":%d{TimestampZENLastRxClient},"#,
    r#""TimestampZENLastTxClient":%d{TimestampZENLastTxClient},"#,
    r#""TimestampConnectorZENSetupComplete":%d{TimestampConnectorZENSetupComplete},"#,
    r#""TimestampZENFirstRxConnector":%d{TimestampZENFirstRxConnector},"#,
    r#""TimestampZENFirstTxConnector":%d{TimestampZENFirstTxConnector},"#,
    r#""TimestampZENLastRxConnector":%d{TimestampZENLastRxConnector},"#,
    r#""TimestampZENLastTxConnector":%d{TimestampZENLastTxConnector},"#,
    r#""ZENTotalBytesRxClient":%d{ZENTotalBytesRxClient},"ZENBytesRxClient":%d{ZENBytesRxClient},"#,
    r#""ZENTotalBytesTxClient":%d{ZENTotalBytesTxClient},"ZENBytesTxClient":%d{ZENBytesTxClient},"#,
    r#""ZENTotalBytesRxConnector":%d{ZENTotalBytesRxConnector},"ZENBytesRxConnector":%d{ZENBytesRxConnector},"#,
    r#""ZENTotalBytesTxConnector":%d{ZENTotalBytesTxConnector},"ZENBytesTxConnector":%d{ZENBytesTxConnector},"#,
    r#""Idp":%j{Idp},"ClientToClient":%j{c2c},"ClientCity":%j{ClientCity},"MicroTenantID":%j{MicroTenantID},"#,
    r#""AppMicroTenantID":%j{AppMicroTenantID},"Platform":%j{Platform},"Hostname":%j{Hostname}}\n"#,
);
