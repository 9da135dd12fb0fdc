//! The attributes that the join looks at, found in the scan and read from their bytes when asked for.

use fanlight_model::attribute as key;

use crate::value::{Value, key_value};

/// The resource attributes that the scan notes.
pub(crate) const RESOURCE_KEYS: [&str; 6] = [
    key::SERVICE_NAME,
    key::SERVICE_NAMESPACE,
    key::DEPLOYMENT_ENVIRONMENT_NAME,
    key::DEPLOYMENT_ENVIRONMENT,
    key::HOST_IP,
    key::K8S_POD_IP,
];

/// The place of a key among the fields of [`JoinAttributes`]; `None` for any other key, which nearly every key of a span is: most
/// of them fall at their first byte.
#[inline]
pub(crate) fn place_of(name: &[u8]) -> Option<u8> {
    match name.first()? {
        b'n' | b'c' | b's' => {}
        _ => return None,
    }
    let place = match name {
        b"network.peer.address" => 0,
        b"network.peer.port" => 1,
        b"net.sock.peer.addr" => 2,
        b"net.sock.peer.port" => 3,
        b"net.peer.ip" => 4,
        b"net.peer.port" => 5,
        b"network.local.address" => 6,
        b"network.local.port" => 7,
        b"net.host.port" => 8,
        b"client.address" => 9,
        b"client.port" => 10,
        b"server.address" => 11,
        b"server.port" => 12,
        _ => return None,
    };
    Some(place)
}

/// What a span says of its socket, under the names of all conventions that are in use. Ports are read from numbers and from
/// text. Of equal keys the last on the wire is in force; a value of another type than expected is as good as absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JoinAttributes<'a> {
    /// `network.peer.address`
    pub network_peer_address: Option<&'a str>,
    /// `network.peer.port`
    pub network_peer_port: Option<u16>,
    /// `net.sock.peer.addr`
    pub net_sock_peer_addr: Option<&'a str>,
    /// `net.sock.peer.port`
    pub net_sock_peer_port: Option<u16>,
    /// `net.peer.ip`
    pub net_peer_ip: Option<&'a str>,
    /// `net.peer.port`
    pub net_peer_port: Option<u16>,
    /// `network.local.address`
    pub network_local_address: Option<&'a str>,
    /// `network.local.port`
    pub network_local_port: Option<u16>,
    /// `net.host.port`
    pub net_host_port: Option<u16>,
    /// `client.address`
    pub client_address: Option<&'a str>,
    /// `client.port`
    pub client_port: Option<u16>,
    /// `server.address`
    pub server_address: Option<&'a str>,
    /// `server.port`
    pub server_port: Option<u16>,
}

impl<'a> JoinAttributes<'a> {
    /// Takes the attribute whose key has this place from its `KeyValue`.
    pub(crate) fn take(&mut self, place: u32, pair: &'a [u8]) {
        let (_, value) = key_value(pair);
        let address = value.as_str();
        let port = port_of(value);
        match place {
            0 => self.network_peer_address = address,
            1 => self.network_peer_port = port,
            2 => self.net_sock_peer_addr = address,
            3 => self.net_sock_peer_port = port,
            4 => self.net_peer_ip = address,
            5 => self.net_peer_port = port,
            6 => self.network_local_address = address,
            7 => self.network_local_port = port,
            8 => self.net_host_port = port,
            9 => self.client_address = address,
            10 => self.client_port = port,
            11 => self.server_address = address,
            12 => self.server_port = port,
            _ => {}
        }
    }
}

/// A port, from a number or from text that spells one, as some instrumentations send it.
fn port_of(value: Value<'_>) -> Option<u16> {
    match value {
        Value::Int(number) => u16::try_from(number).ok(),
        Value::Str(text) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fields of [`JoinAttributes`] in order, by the names that the rest of the tree uses.
    const KEYS: [&str; 13] = [
        key::NETWORK_PEER_ADDRESS,
        key::NETWORK_PEER_PORT,
        key::NET_SOCK_PEER_ADDR,
        key::NET_SOCK_PEER_PORT,
        key::NET_PEER_IP,
        key::NET_PEER_PORT,
        key::NETWORK_LOCAL_ADDRESS,
        key::NETWORK_LOCAL_PORT,
        key::NET_HOST_PORT,
        key::CLIENT_ADDRESS,
        key::CLIENT_PORT,
        key::SERVER_ADDRESS,
        key::SERVER_PORT,
    ];

    #[test]
    fn every_key_is_found_at_its_place() {
        for (place, name) in KEYS.iter().enumerate() {
            assert_eq!(place_of(name.as_bytes()).map(usize::from), Some(place), "{name}");
        }
        assert_eq!(place_of(b"network.peer.addresses"), None);
        assert_eq!(place_of(b""), None);
    }
}
