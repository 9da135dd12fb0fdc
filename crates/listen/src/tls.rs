//! TLS files read, checked against each other, and made into what a handshake needs.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig};

use crate::access::{AccessError, Remark, Tls, TlsFiles, read, remark_if_open};
use crate::der::Certificate;
use crate::settings::Protocol;

const CERTIFICATE: &str = "tls.certificate";
const KEY: &str = "tls.key";
const CLIENT_CA: &str = "tls.client_ca";
const CLIENT_CRL: &str = "tls.client_crl";

/// Reads and checks all files. Blocks on the disk.
pub(crate) fn load(
    files: &TlsFiles,
    protocol: Protocol,
    remarks: &mut Vec<Remark>,
) -> Result<Tls, AccessError> {
    let chain = certificates(CERTIFICATE, &files.certificate)?;
    let own = chain
        .first()
        .and_then(|first| Certificate::read(first))
        .ok_or_else(|| unusable(CERTIFICATE, &files.certificate, "its first certificate cannot be read"))?;
    let key = private_key(&files.key)?;
    remark_if_open(&files.key, remarks);
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(|cause| unusable(CERTIFICATE, &files.certificate, cause))?;
    let builder = match verifier(files)? {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    // Checks that the key is the certificate's own.
    let mut config = builder.with_single_cert(chain, key).map_err(|cause| match cause {
        rustls::Error::InconsistentKeys(_) => {
            let problem =
                format!("it is not the key of the certificate in `{}`", files.certificate.display());
            unusable(KEY, &files.key, problem)
        }
        other => unusable(CERTIFICATE, &files.certificate, other),
    })?;
    config.alpn_protocols = protocol.alpn();
    Ok(Tls { config: Arc::new(config), own })
}

/// Judges clients, where they have to show a certificate: chain, time, purpose, and whether it was taken back. A revocation list
/// says something of the client's own certificate; one that is past its time is still better than none and stays in force.
fn verifier(files: &TlsFiles) -> Result<Option<Arc<dyn ClientCertVerifier>>, AccessError> {
    let Some(client_ca) = &files.client_ca else {
        return match &files.client_crl {
            None => Ok(None),
            Some(file) => Err(unusable(
                CLIENT_CRL,
                file,
                "it needs `client_ca` beside it, the authorities that it is of",
            )),
        };
    };
    let mut roots = RootCertStore::empty();
    for root in certificates(CLIENT_CA, client_ca)? {
        roots.add(root).map_err(|cause| unusable(CLIENT_CA, client_ca, cause))?;
    }
    let provider = Arc::new(ring::default_provider());
    let mut builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    if let Some(file) = &files.client_crl {
        builder = builder.with_crls(revocations(file)?).only_check_end_entity_revocation();
    }
    let verifier = builder.build().map_err(|cause| {
        let (key, file) = match &files.client_crl {
            Some(file) => (CLIENT_CRL, file),
            None => (CLIENT_CA, client_ca),
        };
        unusable(key, file, cause)
    })?;
    Ok(Some(verifier))
}

fn certificates(key: &'static str, file: &Path) -> Result<Vec<CertificateDer<'static>>, AccessError> {
    let bytes = read(key, file)?;
    let read: Vec<_> = CertificateDer::pem_slice_iter(&bytes)
        .collect::<Result<_, _>>()
        .map_err(|cause| unusable(key, file, format!("it is not PEM: {cause}")))?;
    if read.is_empty() {
        return Err(unusable(key, file, "it holds no certificate in PEM (`-----BEGIN CERTIFICATE-----`)"));
    }
    Ok(read)
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, AccessError> {
    let bytes = read(KEY, file)?;
    let is_encrypted = bytes.windows(9).any(|nine| nine == b"ENCRYPTED");
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|_| {
        let problem = if is_encrypted {
            "its key is encrypted, and nobody is there to type the password; store it without, mode 0600"
        } else {
            "it holds no private key in PEM (`-----BEGIN PRIVATE KEY-----`)"
        };
        unusable(KEY, file, problem)
    })
}

/// In PEM, any number; or one in DER.
fn revocations(file: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, AccessError> {
    let bytes = read(CLIENT_CRL, file)?;
    if bytes.first() == Some(&0x30) {
        return Ok(vec![CertificateRevocationListDer::from(bytes)]);
    }
    let read: Vec<_> = CertificateRevocationListDer::pem_slice_iter(&bytes)
        .collect::<Result<_, _>>()
        .map_err(|cause| unusable(CLIENT_CRL, file, format!("it is not PEM: {cause}")))?;
    if read.is_empty() {
        return Err(unusable(
            CLIENT_CRL,
            file,
            "it holds no revocation list in PEM (`-----BEGIN X509 CRL-----`)",
        ));
    }
    Ok(read)
}

fn unusable(key: &'static str, file: &Path, problem: impl ToString) -> AccessError {
    AccessError::Unusable { key, file: file.to_owned(), problem: problem.to_string() }
}

#[cfg(test)]
mod tests;
