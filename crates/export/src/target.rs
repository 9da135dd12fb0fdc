//! Where to send, and what is wrong with it.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::time::Duration;

use fanlight_log::LogError;
use http::Uri;
use http::header::{HeaderName, HeaderValue};

/// How a receiver is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// OTLP/HTTP, protobuf.
    #[default]
    Http,
    /// OTLP/gRPC.
    Grpc,
}

/// What TLS needs beyond the machine's own certificate authorities. All of it is PEM.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ClientTls {
    /// The authorities to trust instead of the machine's.
    pub authorities: Option<Vec<u8>>,
    /// The certificate, and those between it and its root, that shows the receiver who we are; and its key.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientTls")
            .field("has_authorities", &self.authorities.is_some())
            .field("has_identity", &self.identity.is_some())
            .finish()
    }
}

/// One receiver of OTLP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its name in the configuration, in counters, and of its folder.
    pub name: String,
    /// The full URL, `/v1/traces` included; over gRPC only its host and port count.
    pub endpoint: Uri,
    /// How it is spoken to.
    pub protocol: Protocol,
    /// Whom to trust behind `https`, and who we are.
    pub tls: ClientTls,
    /// Headers of each request, their values already read from their files.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Compress each request.
    pub gzip: bool,
    /// What may wait on disk; beyond it the oldest is dropped and counted.
    pub queue_bytes: u64,
    /// How long one request may take, answer included.
    pub timeout: Duration,
}

/// Why the export cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A name that cannot be a folder's.
    #[error("export target `{name}` needs a name of at most {MAX_NAME_BYTES} letters, digits, `-` and `_`")]
    Name {
        /// The name.
        name: String,
    },
    /// Two targets with one name.
    #[error("two export targets have the name `{name}`")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// No address that can be sent to.
    #[error("export target `{name}` needs a full `http://` or `https://` URL, not `{endpoint}`")]
    Endpoint {
        /// The target's name.
        name: String,
        /// What was given.
        endpoint: Uri,
    },
    /// The machine's certificate authorities cannot be read.
    #[error("cannot read the machine's certificate authorities for export target `{name}`")]
    Roots {
        /// The target's name.
        name: String,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// The target's own certificates cannot be used.
    #[error("cannot use the {what} of export target `{name}`")]
    Tls {
        /// The target's name.
        name: String,
        /// Which of them.
        what: &'static str,
        /// What is wrong with it.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The queue cannot be opened.
    #[error("cannot open the queue of export target `{name}`")]
    Queue {
        /// The target's name.
        name: String,
        /// What the log said.
        #[source]
        cause: LogError,
    },
}

const MAX_NAME_BYTES: usize = 64;

/// Refuses names and addresses that cannot work, before anything is opened.
pub(crate) fn check(targets: &[Target]) -> Result<(), ExportError> {
    let mut seen = BTreeSet::new();
    for Target { name, endpoint, .. } in targets {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if name.is_empty() || name.len() > MAX_NAME_BYTES || !name.bytes().all(is_plain) {
            return Err(ExportError::Name { name: name.clone() });
        }
        // Two names that differ in case alone would share a folder on some file systems.
        if !seen.insert(name.to_ascii_lowercase()) {
            return Err(ExportError::Duplicate { name: name.clone() });
        }
        if !matches!(endpoint.scheme_str(), Some("http" | "https")) || endpoint.host().is_none() {
            return Err(ExportError::Endpoint { name: name.clone(), endpoint: endpoint.clone() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(name: &str, endpoint: &str) -> Target {
        Target {
            name: name.to_owned(),
            endpoint: endpoint.parse().expect("a URI"),
            protocol: Protocol::Http,
            tls: ClientTls::default(),
            headers: Vec::new(),
            gzip: false,
            queue_bytes: 1,
            timeout: Duration::from_secs(1),
        }
    }

    #[test]
    fn a_target_that_cannot_work_is_refused_at_once() {
        let url = "http://192.0.2.1:4318/v1/traces";
        assert!(check(&[target("tempo", url), target("jaeger_2", "https://example.com/v1/traces")]).is_ok());
        for name in ["", "..", "a/b", "naïve", &"x".repeat(65)] {
            assert!(matches!(check(&[target(name, url)]), Err(ExportError::Name { .. })), "{name}");
        }
        for endpoint in ["/v1/traces", "grpc://example.com/", "example.com:4318"] {
            let refused = check(&[target("tempo", endpoint)]);
            assert!(matches!(refused, Err(ExportError::Endpoint { .. })), "{endpoint}");
        }
        let twice = check(&[target("tempo", url), target("Tempo", url)]);
        assert!(matches!(twice, Err(ExportError::Duplicate { .. })));
    }
}
