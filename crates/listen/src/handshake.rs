//! TLS handshakes: off the accept loop, each in its turn, all within a deadline.

use std::io;
use std::sync::Arc;

use rustls::{CertificateError, Error, ServerConfig};
use tokio::io::AsyncWriteExt;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::identity::{self, PeerIdentity};
use crate::linger::let_go;
use crate::settings::{Limits, Protocol};
use crate::stream::{Paced, Stream};

/// The first byte of every TLS connection: a record of the handshake.
const HANDSHAKE_RECORD: u8 = 0x16;

/// What an HTTP client that speaks no TLS is told.
const SPEAK_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n\
this port speaks TLS; write `https://` in place of `http://`\n";

/// Why there was no handshake.
#[derive(Debug)]
pub(crate) struct Failed {
    /// The word that counters use.
    pub(crate) word: &'static str,
    /// For the log.
    pub(crate) why: String,
}

/// Turns of all peers, and of this one.
pub(crate) struct Turns {
    pub(crate) all: Arc<Semaphore>,
    pub(crate) own: Arc<Semaphore>,
}

/// Shakes hands within the deadline.
pub(crate) async fn shake(
    stream: Paced,
    config: Arc<ServerConfig>,
    protocol: Protocol,
    limits: &Limits,
    turns: Turns,
) -> Result<(Stream, Option<PeerIdentity>), Failed> {
    let shaking = async {
        let mut first = [0];
        let read = stream.socket().peek(&mut first).await.map_err(|error| broken(&error))?;
        if read == 0 {
            return Err(Failed { word: "tls_broken_off", why: "the peer said nothing".to_owned() });
        }
        if first != [HANDSHAKE_RECORD] {
            tell(stream, protocol).await;
            return Err(Failed { word: "tls_missing", why: "the peer speaks no TLS".to_owned() });
        }
        // Both are held while there is work to do, and neither is ever closed.
        let _own = turns.own.acquire().await;
        let _all = turns.all.acquire().await;
        let shaken = TlsAcceptor::from(config).accept(stream).await.map_err(|error| broken(&error))?;
        let identity = identity::of(shaken.get_ref().1);
        Ok((Stream::tls(shaken), identity))
    };
    timeout(limits.handshake, shaking).await.unwrap_or_else(|_| {
        let why = format!("it was not through after {} s", limits.handshake.as_secs());
        Err(Failed { word: "tls_too_slow", why })
    })
}

/// Whoever wrote the wrong scheme learns it, where it can read the answer.
async fn tell(stream: Paced, protocol: Protocol) {
    let mut stream = Stream::plain(stream);
    if protocol != Protocol::Raw && stream.write_all(SPEAK_TLS).await.is_ok() {
        let_go(stream).await;
    }
}

fn broken(error: &io::Error) -> Failed {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    let word = match tls {
        None => "tls_broken_off",
        Some(Error::NoCertificatesPresented) => "client_certificate_missing",
        Some(Error::InvalidCertificate(why)) => match why {
            CertificateError::Revoked => "client_certificate_revoked",
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "client_certificate_expired"
            }
            CertificateError::UnknownIssuer => "client_certificate_unknown",
            _ => "client_certificate_refused",
        },
        Some(Error::AlertReceived(_)) => "tls_refused_by_peer",
        Some(Error::PeerIncompatible(_) | Error::NoApplicationProtocol) => "tls_incompatible",
        Some(_) => "tls_broken",
    };
    Failed { word, why: error.to_string() }
}
