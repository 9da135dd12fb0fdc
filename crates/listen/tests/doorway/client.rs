//! TLS clients.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use fanlight_model::Timestamp;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion, version};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::certificates::{Issued, NAME};

pub(crate) type Tls = TlsStream<TcpStream>;

/// The time that a client goes by.
#[derive(Debug)]
struct At(Timestamp);

impl TimeProvider for At {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.0.as_nanos() / 1_000_000_000).ok()?;
        Some(UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds)))
    }
}

#[derive(Clone)]
pub(crate) struct Client {
    config: ClientConfig,
}

impl Client {
    pub(crate) fn trusting(roots: RootCertStore, now: Timestamp) -> Self {
        Self::build(roots, now, &[&version::TLS13, &version::TLS12], None)
    }

    pub(crate) fn of_version(
        roots: RootCertStore,
        now: Timestamp,
        version: &'static SupportedProtocolVersion,
    ) -> Self {
        Self::build(roots, now, &[version], None)
    }

    pub(crate) fn with_certificate(roots: RootCertStore, now: Timestamp, own: &Issued) -> Self {
        Self::with_chain(roots, now, own, &[])
    }

    /// Shows those who signed its certificate, too.
    pub(crate) fn with_chain(
        roots: RootCertStore,
        now: Timestamp,
        own: &Issued,
        above: &[CertificateDer<'static>],
    ) -> Self {
        let chain = [&[own.certificate.der().clone()], above].concat();
        let own = (chain, own.private_key());
        Self::build(roots, now, &[&version::TLS13, &version::TLS12], Some(own))
    }

    fn build(
        roots: RootCertStore,
        now: Timestamp,
        versions: &[&'static SupportedProtocolVersion],
        own: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
    ) -> Self {
        let provider = Arc::new(default_provider());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
        let builder = ClientConfig::builder_with_details(provider, Arc::new(At(now)))
            .with_protocol_versions(versions)
            .unwrap()
            .with_webpki_verifier(verifier);
        let config = match own {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => builder.with_client_auth_cert(chain, key).unwrap(),
        };
        Self { config }
    }

    pub(crate) fn speaking(mut self, protocol: &[u8]) -> Self {
        self.config.alpn_protocols = vec![protocol.to_vec()];
        self
    }

    pub(crate) async fn connect(&self, to: SocketAddr) -> io::Result<Tls> {
        let stream = TcpStream::connect(to).await?;
        let connector = TlsConnector::from(Arc::new(self.config.clone()));
        connector.connect(ServerName::try_from(NAME).unwrap(), stream).await
    }

    /// One request on a connection of its own.
    pub(crate) async fn get(&self, to: SocketAddr) -> io::Result<String> {
        let mut stream = self.connect(to).await?;
        let answer = get(&mut stream).await?;
        Ok(answer)
    }
}

impl Client {
    /// One request with a token, on a connection of its own; to the end of the answer.
    pub(crate) async fn get_with(&self, to: SocketAddr, token: &str) -> io::Result<String> {
        let mut stream = self.connect(to).await?;
        let head = format!(
            "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await?;
        let mut read = Vec::new();
        stream.read_to_end(&mut read).await?;
        Ok(String::from_utf8(read).unwrap())
    }
}

/// One request on a connection that stays.
pub(crate) async fn get(stream: &mut Tls) -> io::Result<String> {
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await?;
    stream.flush().await?;
    let mut read = Vec::new();
    while !read.ends_with(b"true") && !read.ends_with(b"false") {
        if stream.read_buf(&mut read).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(String::from_utf8(read).unwrap())
}
