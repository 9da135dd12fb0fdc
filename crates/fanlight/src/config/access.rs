//! Who may connect to a listener, and how, as typed.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use fanlight_listen::{Access, Protocol, TlsFiles};
use ipnet::IpNet;

use super::check::ConfigError;
use super::file;
use super::settings::{Listener, Reader};

/// A listener's place in the file, and what is spoken there.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) section: &'a str,
    /// The port on loopback where no address is typed; without one it is off until one is.
    pub(super) default_port: Option<u16>,
    pub(super) protocol: Protocol,
    /// Whether a `token_file` can be named.
    pub(super) takes_tokens: bool,
}

impl Reader<'_> {
    /// `None` is off. Files are read relative to `folder`, checked, and read again when the listener starts.
    pub(super) fn listener(
        &self,
        place: Place<'_>,
        typed: &file::Listener,
        folder: &Path,
    ) -> Result<Option<Listener>, ConfigError> {
        if typed.listen.as_deref() == Some("off") {
            return Ok(None);
        }
        let Place { section, default_port, protocol, .. } = place;
        let path = format!("{section}.listen");
        let listen = match (typed.listen.as_deref(), default_port) {
            (Some(text), _) => text.parse().map_err(|_| {
                self.source.error(
                    &path,
                    format!("`{text}` is not an address and port"),
                    Some("write it like `\"127.0.0.1:4317\"` or `\"[::1]:4317\"`, or `\"off\"`".to_owned()),
                )
            })?,
            (None, Some(port)) => SocketAddr::from(([127, 0, 0, 1], port)),
            (None, None) if typed.allow.is_empty() && typed.tls.certificate.is_none() => return Ok(None),
            (None, None) => {
                let hint = "this listener is off until it has an address: write it like `\"127.0.0.1:9030\"`, or `\"off\"`";
                return Err(self.source.error(&path, "is missing", Some(hint.to_owned())));
            }
        };
        let access = self.access(section, typed, folder)?;
        if !listen.ip().to_canonical().is_loopback() && !access.is_restricted() {
            return Err(self.source.error(
                &path,
                format!("`{listen}` is reachable from other machines, and nothing says who may connect"),
                Some(ways_out(place)),
            ));
        }
        access
            .check(protocol)
            .map_err(|error| self.source.error(&format!("{section}.{}", error.key()), error.whole(), None))?;
        Ok(Some(Listener { listen, access }))
    }

    /// Who may use a part of a listener that has rules of its own.
    pub(super) fn access_beside(
        &self,
        section: &str,
        typed: &file::Listener,
        folder: &Path,
    ) -> Result<Access, ConfigError> {
        let access = self.access(section, typed, folder)?;
        let checked = access.check(Protocol::Http1);
        checked
            .map_err(|error| self.source.error(&format!("{section}.{}", error.key()), error.whole(), None))?;
        Ok(access)
    }

    fn access(&self, section: &str, typed: &file::Listener, folder: &Path) -> Result<Access, ConfigError> {
        let allow = typed
            .allow
            .iter()
            .enumerate()
            .map(|(index, text)| self.network(&format!("{section}.allow.{index}"), text))
            .collect::<Result<Vec<_>, _>>()?;
        let at = |file: &String| folder.join(file);
        let token_file = typed.token_file.as_ref().map(at);
        let file::Tls { certificate, key, client_ca, client_crl } = &typed.tls;
        let tls = match (certificate, key) {
            (Some(certificate), Some(key)) => Some(TlsFiles {
                certificate: at(certificate),
                key: at(key),
                client_ca: client_ca.as_ref().map(at),
                client_crl: client_crl.as_ref().map(at),
            }),
            (None, None) if client_ca.is_none() && client_crl.is_none() => None,
            (found, _) => {
                let missing = if found.is_none() { "certificate" } else { "key" };
                return Err(self.source.error(
                    &format!("{section}.tls.{missing}"),
                    "is missing",
                    Some(
                        "TLS needs `certificate` and `key`, two PEM files; without TLS leave all of it out"
                            .to_owned(),
                    ),
                ));
            }
        };
        Ok(Access { allow, token_file, tls })
    }

    fn network(&self, path: &str, text: &str) -> Result<IpNet, ConfigError> {
        text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| {
            self.source.error(
                path,
                format!("`{text}` is not a network"),
                Some("write it like `\"192.0.2.0/24\"` or `\"192.0.2.7\"`".to_owned()),
            )
        })
    }
}

fn ways_out(place: Place<'_>) -> String {
    let Place { section, takes_tokens, .. } = place;
    let token = if takes_tokens { "name a `token_file`, " } else { "" };
    format!(
        "list the senders' networks: `allow = [\"192.0.2.0/24\"]` under `[{section}]`, {token}want client certificates: \
         `client_ca` under `[{section}.tls]`, or listen on `127.0.0.1`"
    )
}
