//! ZIA's tunnel log: four kinds of record in one feed.

#![allow(non_camel_case_types, reason = "the vendor's words")]

use crate::decode::feed_table::Kind::{Address, Hex, Integer, Name, Obfuscated, Port, Text};
use crate::decode::feed_table::{EPOCH_SECONDS, EXTRA, ISO, KEPT, WANTED, WRITTEN, feed_table, to};
use crate::decode::table::nulls::{ABSENT, ADDRESSES, NUMBERS, OPAQUE, PORTS, STAMPS};

feed_table! {
    /// Phases of the key exchange, events, and samples of GRE and IPSec tunnels.
    ZIA_TUNNEL = ZiaTunnel, "TUNNEL", "zia.tunnel/",
    signs [tunnelactionname tunneltype vpncredentialname destvip dpdrec spi_in spi_out srcipstart destipstart policydirection];
    epochtime: EPOCH_SECONDS, to("log_time"), WANTED, "seconds since 1970: the one stamp that needs no zone" nulls STAMPS;
    time: WRITTEN, to("log_time"), EXTRA, "when it was logged, in the feed's zone" nulls STAMPS;
    datetime: ISO, to("log_time"), EXTRA, "the same, put together by the template from its parts" ["TimeGenerated"] nulls STAMPS;
    tz: Name, KEPT, EXTRA, "the zone of the stamps, an abbreviation" ["dtz", "timezone"] nulls ABSENT;
    syslog_time: WRITTEN, to("log_time"), EXTRA, "the syslog header's own time, without a year or a zone" nulls STAMPS;
    tunnelactionname: Name, KEPT, WANTED, "the kind of record: IPSec Phase1, IPSec Phase2, Tunnel Event, Tunnel Samples" ["Recordtype"] nulls ABSENT;
    tunneltype: Name, KEPT, WANTED, "GRE, IPSec IKEv1, IPSec IKEv2" nulls ABSENT;
    vpncredentialname: Name, KEPT, EXTRA, "the tunnel's credential: a name, or the tunnel's public address" nulls ABSENT;
    locationname: Text, KEPT, WANTED, "the location" ["location"] nulls ABSENT;
    sourceip: Address, KEPT, WANTED, "the customer's end of the tunnel" nulls ADDRESSES;
    destvip: Address, KEPT, WANTED, "the service edge's end of the tunnel" nulls ADDRESSES;
    srcport: Port, KEPT, EXTRA, "the customer's port" nulls PORTS;
    dstport: Port, KEPT, EXTRA, "the service edge's port" nulls PORTS;
    event: Text, KEPT, EXTRA, "Tunnel Event: what happened" nulls ABSENT;
    eventreason: Text, KEPT, EXTRA, "Tunnel Event: why" nulls ABSENT;
    txbytes: Integer, KEPT, EXTRA, "Tunnel Samples: bytes sent" nulls NUMBERS;
    rxbytes: Integer, KEPT, EXTRA, "Tunnel Samples: bytes received" nulls NUMBERS;
    txpackets: Integer, KEPT, EXTRA, "Tunnel Samples: packets sent" nulls NUMBERS;
    rxpackets: Integer, KEPT, EXTRA, "Tunnel Samples: packets received" nulls NUMBERS;
    dpdrec: Integer, KEPT, EXTRA, "Tunnel Samples: probes for a dead peer that were received" nulls NUMBERS;
    ikeversion: Name, KEPT, EXTRA, "IPSec: the version of IKE" nulls ABSENT;
    lifetime: Integer, KEPT, EXTRA, "IPSec: how long the keys live, in seconds" nulls NUMBERS;
    lifebytes: Integer, KEPT, EXTRA, "IPSec: how many bytes the keys live" nulls NUMBERS;
    spi_in: Name, KEPT, EXTRA, "IPSec Phase1: the index inwards, 20 digits" nulls ABSENT;
    spi_out: Name, KEPT, EXTRA, "IPSec Phase1: the index outwards, 20 digits" nulls ABSENT;
    spi: Name, KEPT, EXTRA, "IPSec Phase2: the index" nulls ABSENT;
    algo: Name, KEPT, EXTRA, "IPSec: the cipher" nulls ABSENT;
    authentication: Name, KEPT, EXTRA, "IPSec: the authentication of packets" nulls ABSENT;
    authtype: Name, KEPT, EXTRA, "IPSec: the authentication of the peer" nulls ABSENT;
    protocol: Name, KEPT, EXTRA, "IPSec Phase2: the protocol that it carries" nulls ABSENT;
    tunnelprotocol: Name, KEPT, EXTRA, "IPSec Phase2: ESP or AH" nulls ABSENT;
    policydirection: Name, KEPT, EXTRA, "IPSec Phase2: inbound or outbound" nulls ABSENT;
    srcipstart: Address, KEPT, EXTRA, "IPSec Phase2: the first source address" nulls ADDRESSES;
    srcipend: Address, KEPT, EXTRA, "IPSec Phase2: the last source address" nulls ADDRESSES;
    destipstart: Address, KEPT, EXTRA, "IPSec Phase2: the first destination address" nulls ADDRESSES;
    destipend: Address, KEPT, EXTRA, "IPSec Phase2: the last destination address" nulls ADDRESSES;
    srcportstart: Port, KEPT, EXTRA, "IPSec Phase2: the source port" nulls PORTS;
    destportstart: Port, KEPT, EXTRA, "IPSec Phase2: the destination port" nulls PORTS;
    vendorname: Name, KEPT, EXTRA, "the maker of the customer's device" nulls ABSENT;
    olocationname: Obfuscated("locationname"), KEPT, EXTRA, "the location, as an opaque number" nulls OPAQUE;
    ovpncredentialname: Obfuscated("vpncredentialname"), KEPT, EXTRA, "the credential, as an opaque number" nulls OPAQUE;
    recordid: Name, to("vendor_uid"), WANTED, "the record's id, a 64-bit number" nulls OPAQUE;
    elocation: Hex("locationname"), KEPT, EXTRA, "the same, bytes escaped as %HH" nulls ABSENT;
}
