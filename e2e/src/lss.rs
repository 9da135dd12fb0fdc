//! User Activity records as the vendor's default template renders them, for tests that play the app connector themselves.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use fanlight_model::Timestamp;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// One connection, of which the rest of the record is invented.
#[derive(Clone, Debug)]
pub struct Connection {
    /// ZPA `ConnectionID`.
    pub connection_id: String,
    /// ZPA `Username`.
    pub user: String,
    /// The app connector's side.
    pub connector: SocketAddr,
    /// The app's side.
    pub server: SocketAddr,
    /// `TimestampConnectionStart`.
    pub start: Timestamp,
    /// `TimestampConnectionEnd`, and the time of the record.
    pub end: Timestamp,
}

impl Connection {
    /// Its `close` record, with the newline.
    pub fn close_record(&self) -> String {
        let session = self.connection_id.split(',').next().unwrap_or_default();
        format!(
            concat!(
                r#"{{"LogTimestamp": "{logged}","Customer": "Example","SessionID": "{session}","ConnectionID": "{id}","#,
                r#""InternalReason": "MT_CLOSED_TERMINATED","ConnectionStatus": "close","IPProtocol": 6,"DoubleEncryption": 0,"#,
                r#""Username": "{user}","ServicePort": {server_port},"ClientPublicIP": "198.51.100.7","ClientPrivateIP": "","#,
                r#""ClientLatitude": 0.000000,"ClientLongitude": 0.000000,"ClientCountryCode": "ZZ","ClientZEN": "ZZ-EXAMPLE-1","#,
                r#""Policy": "Example rule","Connector": "example connector","ConnectorZEN": "ZZ-EXAMPLE-1","#,
                r#""ConnectorIP": "{connector_ip}","ConnectorPort": {connector_port},"Host": "app.example.com","#,
                r#""Application": "Example app","AppGroup": "Example apps","Server": "0","ServerIP": "{server_ip}","#,
                r#""ServerPort": {server_port},"PolicyProcessingTime": 30,"ServerSetupTime": 400,"#,
                r#""TimestampConnectionStart": "{start}","TimestampConnectionEnd": "{end}","TimestampCATx": "{start}","#,
                r#""TimestampCARx": "{start}","TimestampAppLearnStart": "","TimestampZENFirstRxClient": "","#,
                r#""TimestampZENFirstTxClient": "","TimestampZENLastRxClient": "","TimestampZENLastTxClient": "","#,
                r#""TimestampConnectorZENSetupComplete": "{start}","TimestampZENFirstRxConnector": "","#,
                r#""TimestampZENFirstTxConnector": "{start}","TimestampZENLastRxConnector": "{end}","#,
                r#""TimestampZENLastTxConnector": "","ZENTotalBytesRxClient": 100,"ZENBytesRxClient": 100,"#,
                r#""ZENTotalBytesTxClient": 100,"ZENBytesTxClient": 100,"ZENTotalBytesRxConnector": 100,"#,
                r#""ZENBytesRxConnector": 100,"ZENTotalBytesTxConnector": 100,"ZENBytesTxConnector": 100,"Idp": "0","#,
                r#""ClientToClient": "0","ClientCity": "","MicroTenantID": "0","AppMicroTenantID": "0"}}"#,
                "\n"
            ),
            logged = c_time(self.end),
            session = session,
            id = self.connection_id,
            user = self.user,
            connector_ip = self.connector.ip(),
            connector_port = self.connector.port(),
            server_ip = self.server.ip(),
            server_port = self.server.port(),
            start = iso_8601(self.start),
            end = iso_8601(self.end),
        )
    }
}

/// A millisecond fine.
fn iso_8601(time: Timestamp) -> String {
    let text = time.to_rfc3339();
    format!("{}Z", text.get(..23).unwrap_or(&text))
}

/// `Thu Sep  6 22:55:48 2012`; every day is a Thursday, because published records have wrong weekdays, too.
fn c_time(time: Timestamp) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = time.to_rfc3339();
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let month = part(5, 7).parse::<usize>().ok().and_then(|month| MONTHS.get(month.checked_sub(1)?));
    let day = part(8, 10).trim_start_matches('0');
    format!("Thu {} {day:>2} {} {}", month.unwrap_or(&"Jan"), part(11, 19), part(0, 4))
}

/// An app connector's log stream.
#[derive(Debug)]
pub struct LogStream(TcpStream);

impl LogStream {
    /// Connects.
    ///
    /// # Errors
    /// Where nobody listens.
    pub async fn open(to: SocketAddr) -> Result<Self> {
        Ok(Self(TcpStream::connect(to).await.with_context(|| format!("cannot connect to `{to}`"))?))
    }

    /// Writes these bytes; that they are written says nothing of whether they are kept.
    ///
    /// # Errors
    /// Where the receiver has gone.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.0.write_all(bytes).await.context("the receiver has gone")
    }

    /// Ends the stream in order.
    ///
    /// # Errors
    /// Where the receiver has gone.
    pub async fn close(mut self) -> Result<()> {
        self.0.shutdown().await.context("the receiver has gone")
    }
}
