//! How much of a listener one peer has: nobody alone fills it.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

/// Who counts as one: an address, or the /64 that an IPv6 address is of, which is as easily had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Peer(IpAddr);

impl Peer {
    fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into())
            }
            address => Self(address),
        }
    }
}

/// All peers that are in.
#[derive(Clone, Debug)]
pub(crate) struct Peers {
    connections: usize,
    handshakes: usize,
    inside: Arc<Mutex<HashMap<Peer, Share>>>,
}

#[derive(Debug)]
struct Share {
    connections: usize,
    handshakes: Arc<Semaphore>,
}

/// One connection's place, given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    peers: Peers,
    peer: Peer,
    /// Turns of this peer's handshakes.
    pub(crate) handshakes: Arc<Semaphore>,
}

impl Peers {
    pub(crate) fn new(connections: usize, handshakes: usize) -> Self {
        Self { connections, handshakes, inside: Arc::default() }
    }

    /// A place for one more connection of a peer; nothing where it has its share.
    pub(crate) fn enter(&self, address: IpAddr) -> Option<Place> {
        let peer = Peer::of(address);
        let mut inside = self.inside();
        let share = inside.entry(peer).or_insert_with(|| Share {
            connections: 0,
            handshakes: Arc::new(Semaphore::new(self.handshakes)),
        });
        if share.connections >= self.connections {
            return None;
        }
        share.connections += 1;
        let handshakes = Arc::clone(&share.handshakes);
        drop(inside);
        Some(Place { peers: self.clone(), peer, handshakes })
    }

    fn inside(&self) -> MutexGuard<'_, HashMap<Peer, Share>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inside = self.peers.inside();
        if let Some(share) = inside.get_mut(&self.peer) {
            share.connections -= 1;
            if share.connections == 0 {
                inside.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_has_its_share_and_no_more_and_is_forgotten_when_it_leaves() {
        let peers = Peers::new(2, 1);
        let enter = |address: &str| peers.enter(address.parse().unwrap());
        let (first, second) = (enter("192.0.2.7"), enter("::ffff:192.0.2.7"));
        assert!(first.is_some() && second.is_some());
        assert!(enter("192.0.2.7").is_none(), "by whichever way it comes");
        let other = enter("192.0.2.8");
        assert!(other.is_some(), "the others' shares are their own");
        drop(first);
        assert!(enter("192.0.2.7").is_some());
        let (six, same) = (enter("2001:db8::1"), enter("2001:db8::ffff"));
        assert!(six.is_some() && same.is_some() && enter("2001:db8::2").is_none());
        assert!(enter("2001:db8:0:1::1").is_some());
        drop((second, other, six, same));
        assert!(peers.inside().is_empty());
    }
}
