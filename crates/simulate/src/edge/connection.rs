//! One connection of a client, to a private app or to the internet.

use std::net::{Ipv4Addr, SocketAddrV4};

use fanlight_model::Timestamp;

use super::client::{Client, Target};
use super::setup::SetUp;
use crate::random::Random;

/// One connection.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) client: Client,
    pub(crate) target: Target,
    /// ZPA's `ConnectionID`, or ZIA's record id of the connection as text.
    pub(crate) id: String,
    pub(crate) record_id: u64,
    pub(crate) client_port: u16,
    /// The app connector and its port; for the internet the edge's egress port.
    pub(crate) connector: usize,
    pub(crate) connector_port: u16,
    pub(crate) server: SocketAddrV4,
    /// Which pod of the service is behind it, where one socket reaches one pod.
    pub(crate) pod: usize,
    /// Its number among what app connectors connect to.
    pub(crate) destination: usize,
    pub(crate) started: Timestamp,
    pub(crate) set_up: SetUp,
    pub(crate) traffic: Traffic,
    pub(crate) told: [u64; 4],
    pub(crate) requests: u32,
    /// It ends at this time, or after it has been idle for so long.
    pub(crate) dies: Timestamp,
    pub(crate) idle_ns: i64,
    /// Until when a request is under way.
    pub(crate) busy_until: Timestamp,
    pub(crate) random: Random,
}

/// What has passed a service edge, and when.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Traffic {
    pub(crate) client_rx: Side,
    pub(crate) client_tx: Side,
    pub(crate) connector_rx: Side,
    pub(crate) connector_tx: Side,
}

/// One direction on one side.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Side {
    pub(crate) first: Option<Timestamp>,
    pub(crate) last: Option<Timestamp>,
    pub(crate) bytes: u64,
}

impl Side {
    /// Bytes pass from one moment to another.
    pub(crate) fn pass(&mut self, from: Timestamp, to: Timestamp, bytes: u64) {
        self.first = Some(self.first.map_or(from, |first| first.min(from)));
        self.last = Some(self.last.map_or(to, |last| last.max(to)));
        self.bytes += bytes;
    }

    /// What of it was known at a moment: requests are worked out to their end when they begin.
    pub(crate) fn until(self, now: Timestamp) -> Self {
        match (self.first, self.last) {
            (Some(first), Some(last)) if first <= now => Self { last: Some(last.min(now)), ..self },
            _ => Self::default(),
        }
    }
}

impl Connection {
    /// When it is over as things stand.
    pub(crate) fn ends(&self) -> Timestamp {
        let idle = self.busy_until.shifted(self.idle_ns);
        idle.min(self.dies).max(self.busy_until)
    }

    /// Whether a request at that time can use it.
    pub(crate) fn can_take(&self, now: Timestamp) -> bool {
        let is_free = self.client.multiplexes || self.busy_until <= now;
        is_free && now < self.ends().max(self.busy_until) && self.started <= now
    }

    /// The socket that the app's side sees at its other end.
    pub(crate) const fn peer(&self, address: Ipv4Addr) -> SocketAddrV4 {
        SocketAddrV4::new(address, self.connector_port)
    }
}
