//! Who may connect to a listener, and how: what was configured, and what it means once its files are read.

use std::fs;
use std::io;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ipnet::IpNet;
use rustls::ServerConfig;

use crate::der::Certificate;
use crate::settings::Protocol;
use crate::tls;
use crate::tokens::Tokens;

/// Who may connect, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Networks that may connect. Empty is whoever reaches the address, which only a loopback address may have, or one that
    /// wants a token or a certificate.
    pub allow: Vec<IpNet>,
    /// Bearer tokens, one a line, of which a request carries one.
    pub token_file: Option<PathBuf>,
    /// TLS; plain without.
    pub tls: Option<TlsFiles>,
}

/// PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The server's certificate, and those between it and its root.
    pub certificate: PathBuf,
    /// Its private key, not encrypted.
    pub key: PathBuf,
    /// Authorities; with them every client has to show a certificate that one of them signed.
    pub client_ca: Option<PathBuf>,
    /// Certificates that these authorities have taken back.
    pub client_crl: Option<PathBuf>,
}

/// What is wrong with a listener's files.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// A file cannot be read.
    #[error("cannot read `{}`", file.display())]
    Unreadable {
        /// The key under the listener that names it.
        key: &'static str,
        /// The file.
        file: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// A file does not hold what its key says.
    #[error("cannot use `{}`: {problem}", file.display())]
    Unusable {
        /// The key under the listener that names it.
        key: &'static str,
        /// The file.
        file: PathBuf,
        /// What is wrong with it, and the way out.
        problem: String,
    },
    /// A list of tokens without any.
    #[error("cannot use `{}`: it holds no token; write one a line", file.display())]
    Empty {
        /// The key under the listener that names it.
        key: &'static str,
        /// The file.
        file: PathBuf,
    },
}

impl AccessError {
    /// The key under the listener that names the file: `token_file`, `tls.certificate`, …
    pub fn key(&self) -> &'static str {
        match self {
            Self::Unreadable { key, .. } | Self::Unusable { key, .. } | Self::Empty { key, .. } => key,
        }
    }

    /// A list that was emptied says something: that nobody is on it.
    pub(crate) fn is_empty_file(&self) -> bool {
        matches!(self, Self::Empty { .. })
    }

    /// The message with its cause.
    pub fn whole(&self) -> String {
        match self {
            Self::Unreadable { cause, .. } => format!("{self}: {cause}"),
            Self::Unusable { .. } | Self::Empty { .. } => self.to_string(),
        }
    }
}

/// Larger than any list of authorities or revocations that a site has; a mistyped path must not fill the memory.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// What a listener goes by at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) allow: Vec<IpNet>,
    pub(crate) tokens: Option<Tokens>,
    pub(crate) tls: Option<Tls>,
    /// What should be mended, though it works.
    pub(crate) remarks: Vec<Remark>,
}

#[derive(Clone, Debug)]
pub(crate) struct Tls {
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) own: Certificate,
}

/// What is odd about a file that works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remark {
    pub(crate) file: PathBuf,
    pub(crate) what: &'static str,
}

impl Access {
    /// For whoever reaches the address, in plain text: what a loopback listener has.
    pub fn open() -> Self {
        Self::default()
    }

    /// For these networks.
    pub fn of(allow: Vec<IpNet>) -> Self {
        Self { allow, ..Self::default() }
    }

    /// Whether something is asked of a peer beyond reaching the address.
    pub fn is_restricted(&self) -> bool {
        let wants_certificate = self.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
        !self.allow.is_empty() || self.token_file.is_some() || wants_certificate
    }

    /// The files that this is read from.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let tls = self.tls.as_ref().into_iter().flat_map(|tls| {
            [Some(&tls.certificate), Some(&tls.key), tls.client_ca.as_ref(), tls.client_crl.as_ref()]
        });
        tls.chain([self.token_file.as_ref()]).flatten().cloned().collect()
    }

    /// Reads the files and checks them, and forgets them again.
    ///
    /// # Errors
    /// [`AccessError`] with the file and what is wrong with it.
    pub fn check(&self, protocol: Protocol) -> Result<(), AccessError> {
        self.load(protocol).map(drop)
    }

    /// Reads the files. Blocks on the disk.
    pub(crate) fn load(&self, protocol: Protocol) -> Result<Rules, AccessError> {
        let mut remarks = Vec::new();
        let tokens = self.token_file.as_deref().map(|file| tokens(file, &mut remarks)).transpose()?;
        let tls = self.tls.as_ref().map(|files| tls::load(files, protocol, &mut remarks)).transpose()?;
        Ok(Rules { allow: self.allow.clone(), tokens, tls, remarks })
    }

    /// Reads the files again. What cannot be used stays as it was, each part by itself: a token is taken back although the
    /// certificate's new files do not fit. A file that holds no token any more lets nobody in if it `may_be_empty`; else it is as
    /// good as unreadable. Blocks on the disk.
    pub(crate) fn load_over(
        &self,
        protocol: Protocol,
        former: &Rules,
        may_be_empty: bool,
    ) -> (Rules, Vec<AccessError>) {
        let (mut remarks, mut errors) = (Vec::new(), Vec::new());
        let tokens = self.token_file.as_deref().and_then(|file| {
            tokens(file, &mut remarks).map_or_else(
                |error| {
                    let is_empty = may_be_empty && error.is_empty_file();
                    let kept = if is_empty { Some(Tokens::none()) } else { former.tokens.clone() };
                    errors.push(error);
                    kept
                },
                Some,
            )
        });
        let tls = self.tls.as_ref().and_then(|files| {
            tls::load(files, protocol, &mut remarks).map_or_else(
                |error| {
                    errors.push(error);
                    former.tls.clone()
                },
                Some,
            )
        });
        (Rules { allow: self.allow.clone(), tokens, tls, remarks }, errors)
    }
}

impl Rules {
    /// An empty list is for everybody: the configuration grants it only where something else is asked, or on loopback.
    pub(crate) fn allow(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.allow.is_empty() || self.allow.iter().any(|network| network.contains(&peer))
    }
}

fn tokens(file: &Path, remarks: &mut Vec<Remark>) -> Result<Tokens, AccessError> {
    const KEY: &str = "token_file";
    let bytes = read(KEY, file)?;
    let unusable = |problem| AccessError::Unusable { key: KEY, file: file.to_owned(), problem };
    let text = String::from_utf8(bytes).map_err(|_| unusable("it is not text".to_owned()))?;
    let tokens = Tokens::parse(&text).map_err(unusable)?;
    if tokens.is_empty() {
        return Err(AccessError::Empty { key: KEY, file: file.to_owned() });
    }
    if tokens.is_weak {
        remarks.push(Remark {
            file: file.to_owned(),
            what: "it holds a token of fewer than 16 characters, which can be guessed",
        });
    }
    remark_if_open(file, remarks);
    Ok(tokens)
}

/// A secret that others on the machine can read is none.
pub(crate) fn remark_if_open(file: &Path, remarks: &mut Vec<Remark>) {
    const OTHERS: u32 = 0o077;
    let mode = fs::metadata(file).map_or(0, |metadata| metadata.permissions().mode());
    if mode & OTHERS != 0 {
        remarks.push(Remark {
            file: file.to_owned(),
            what: "others on this machine can read it; `chmod 600` it",
        });
    }
}

pub(crate) fn read(key: &'static str, file: &Path) -> Result<Vec<u8>, AccessError> {
    let unreadable = |cause| AccessError::Unreadable { key, file: file.to_owned(), cause };
    let length = fs::metadata(file).map_err(unreadable)?.len();
    if length > MAX_FILE_BYTES {
        let problem = format!("it has {length} bytes, more than {MAX_FILE_BYTES}");
        return Err(AccessError::Unusable { key, file: file.to_owned(), problem });
    }
    fs::read(file).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A peer that comes in over a dual-stack socket is judged by its IPv4 address.
    #[test]
    fn a_list_is_matched_on_the_canonical_address() {
        let allow: Vec<IpNet> = vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        let rules = Access::of(allow).load(Protocol::Raw).unwrap();
        for (peer, expected) in [
            ("192.0.2.7", true),
            ("::ffff:192.0.2.7", true),
            ("198.51.100.7", false),
            ("2001:db8::1", true),
            ("127.0.0.1", false),
        ] {
            assert_eq!(rules.allow(peer.parse().unwrap()), expected, "{peer}");
        }
        assert!(Access::open().load(Protocol::Raw).unwrap().allow("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn a_token_file_is_told_when_it_is_missing_empty_or_open_to_others() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tokens");
        let access = Access { token_file: Some(file.clone()), ..Access::default() };
        let error = access.check(Protocol::Http1).unwrap_err();
        assert!(
            error.whole().starts_with(&format!("cannot read `{}`: ", file.display())),
            "{}",
            error.whole()
        );
        fs::write(&file, "\n").unwrap();
        let error = access.check(Protocol::Http1).unwrap_err();
        assert!(error.whole().ends_with("it holds no token; write one a line"), "{error}");
        assert_eq!(error.key(), "token_file");
        fs::write(&file, "the-token-of-july-2\n").unwrap();
        for mode in [0o640, 0o604] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(access.load(Protocol::Http1).unwrap().remarks.len(), 1, "{mode:o}");
        }
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(access.load(Protocol::Http1).unwrap().remarks, []);
    }

    #[test]
    fn a_list_a_token_or_a_clients_certificate_restricts() {
        let files = |client_ca: Option<&str>| TlsFiles {
            certificate: "c".into(),
            key: "k".into(),
            client_ca: client_ca.map(PathBuf::from),
            client_crl: None,
        };
        let with_tls = |tls| Access { tls: Some(tls), ..Access::default() };
        assert!(!Access::open().is_restricted());
        assert!(!with_tls(files(None)).is_restricted(), "TLS alone lets everybody in");
        assert!(with_tls(files(Some("ca"))).is_restricted());
        assert!(Access::of(vec!["192.0.2.0/24".parse().unwrap()]).is_restricted());
        assert!(Access { token_file: Some("t".into()), ..Access::default() }.is_restricted());
    }
}
