//! How a connection to a receiver is made: TCP, TLS and whom to trust, HTTP/1.1 or HTTP/2.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::client::WantsClientCert;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};

use crate::target::{ExportError, Protocol, Target};

pub(crate) type Connector = HttpsConnector<HttpConnector>;
pub(crate) type HttpClient = Client<Connector, Full<Bytes>>;

/// An idle connection is dropped before the usual receiver drops it under us.
const IDLE_CONNECTION: Duration = Duration::from_secs(30);

/// What makes the connections of one target. Certificates are read for `https` only.
pub(crate) fn connector(target: &Target) -> Result<Connector, ExportError> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(target.timeout));
    let builder = HttpsConnectorBuilder::new().with_tls_config(tls(target)?).https_or_http();
    Ok(match target.protocol {
        Protocol::Http => builder.enable_http1().wrap_connector(tcp),
        Protocol::Grpc => builder.enable_http2().wrap_connector(tcp),
    })
}

/// A client with no connection yet. Over HTTP/2 it has one at a time, and makes another when the receiver says goodbye.
pub(crate) fn client(connector: Connector, protocol: Protocol) -> HttpClient {
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_CONNECTION)
        .http2_only(protocol == Protocol::Grpc)
        .build(connector)
}

fn tls(target: &Target) -> Result<ClientConfig, ExportError> {
    let roots = |cause| ExportError::Roots { name: target.name.clone(), cause };
    let unusable = |what, cause| ExportError::Tls { name: target.name.clone(), what, cause };
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|cause| unusable("TLS versions", cause.into()))?;
    if target.endpoint.scheme_str() != Some("https") {
        return Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth());
    }
    let builder: ConfigBuilder<ClientConfig, WantsClientCert> = match &target.tls.authorities {
        None => builder.with_native_roots().map_err(roots)?,
        Some(pem) => {
            let mut store = RootCertStore::empty();
            for certificate in certificates(pem).map_err(|cause| unusable("`ca_file`", cause))? {
                store.add(certificate).map_err(|cause| unusable("`ca_file`", cause.into()))?;
            }
            builder.with_root_certificates(store)
        }
    };
    let Some((chain, key)) = &target.tls.identity else { return Ok(builder.with_no_client_auth()) };
    let chain = certificates(chain).map_err(|cause| unusable("`certificate_file`", cause))?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|cause| unusable("`key_file`", cause.into()))?;
    let paired = builder.with_client_auth_cert(chain, key);
    paired.map_err(|cause| unusable("`certificate_file` with its `key_file`", cause.into()))
}

fn certificates(
    pem: &[u8],
) -> Result<Vec<CertificateDer<'static>>, Box<dyn std::error::Error + Send + Sync>> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>()?;
    if found.is_empty() { Err("it holds no certificate in PEM form".into()) } else { Ok(found) }
}
