//! What a stand-in is told.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// A real app connector writes an `active` record every few minutes; nobody trying it out waits that long.
const ACTIVE_EVERY: Duration = Duration::from_secs(2);

/// What a stand-in does.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The app.
    pub upstream: SocketAddr,
    /// What people ask for, the record's `Host`: a name or an address.
    pub host: Arc<str>,
    /// The record's `Application`; `None` names the upstream's address.
    pub app: Option<Arc<str>>,
    /// Fanlight's LSS listener for User Activity.
    pub lss: SocketAddr,
    /// Who is stood in for, each behind an address of their own.
    pub users: Vec<User>,
    /// The app connector's own address, from which the upstream connections are opened. `None`: `127.0.1.1` towards a
    /// loopback upstream, else what the machine's routes say.
    pub connector_ip: Option<IpAddr>,
    /// Names whose connections are refused by policy.
    pub denied: BTreeSet<String>,
    /// How long the app connector takes to set up its data connection: a real sleep between real stamps.
    pub setup_delay: Duration,
    /// Which records are written.
    pub records: Records,
    /// How records are rendered.
    pub template: Template,
    /// How often a living connection writes an `active` record.
    pub active_every: Duration,
}

/// One person, and where their connections come in.
#[derive(Clone, Debug)]
pub struct User {
    /// ZPA `Username`.
    pub name: Arc<str>,
    /// The address to listen at; port 0 for any free one.
    pub listen: SocketAddr,
    /// ZPA `Hostname`, which only the superset template carries.
    pub device: Option<Arc<str>>,
}

/// Which of a connection's records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Records {
    /// One when the connection is through.
    pub open: bool,
    /// One every so often while it lives.
    pub active: bool,
    /// One when it has ended, or was refused, or failed.
    pub close: bool,
}

/// How records are rendered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Template {
    /// The vendor's default JSON template.
    #[default]
    Default,
    /// Fanlight's own: the default's keys, a marker first, stamps as epoch microseconds, and the four set-up timers.
    Superset,
}

/// A list of records that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseRecordsError(String);

impl fmt::Display for ParseRecordsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no record is called `{}`: give some of `open,active,close`", self.0)
    }
}

impl std::error::Error for ParseRecordsError {}

impl Settings {
    /// A stand-in for nobody yet, with everything else at its default.
    pub fn new(upstream: SocketAddr, lss: SocketAddr) -> Self {
        Self {
            upstream,
            host: upstream.ip().to_string().into(),
            app: None,
            lss,
            users: Vec::new(),
            connector_ip: None,
            denied: BTreeSet::new(),
            setup_delay: Duration::ZERO,
            records: Records::default(),
            template: Template::default(),
            active_every: ACTIVE_EVERY,
        }
    }

    /// The address to connect from; unspecified leaves it to the machine's routes.
    pub(super) fn connector_address(&self) -> IpAddr {
        self.connector_ip.unwrap_or_else(|| match self.upstream.ip() {
            // Not 127.0.0.1: the app connector must have an address that no other client has.
            IpAddr::V4(upstream) if upstream.is_loopback() => IpAddr::V4(Ipv4Addr::new(127, 0, 1, 1)),
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        })
    }
}

impl User {
    /// A person without a named device.
    pub fn new(name: &str, listen: SocketAddr) -> Self {
        Self { name: name.into(), listen, device: None }
    }
}

impl Default for Records {
    fn default() -> Self {
        Self { open: true, active: true, close: true }
    }
}

impl FromStr for Records {
    type Err = ParseRecordsError;

    fn from_str(text: &str) -> Result<Self, ParseRecordsError> {
        let mut records = Self { open: false, active: false, close: false };
        for name in text.split(',') {
            match name.trim() {
                "open" => records.open = true,
                "active" => records.active = true,
                "close" => records.close = true,
                other => return Err(ParseRecordsError(other.to_owned())),
            }
        }
        Ok(records)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_named_in_any_order() {
        assert_eq!("close, open,active".parse(), Ok(Records::default()));
        assert_eq!("close".parse(), Ok(Records { open: false, active: false, close: true }));
        let refused = "close,shut".parse::<Records>().expect_err("no such record");
        assert_eq!(refused.to_string(), "no record is called `shut`: give some of `open,active,close`");
    }
}
