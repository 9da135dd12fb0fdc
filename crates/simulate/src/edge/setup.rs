//! What setting up a connection through ZPA takes, in whole microseconds as the record tells it.

use fanlight_model::Timestamp;

use crate::clock::MICRO;
use crate::company::Company;
use crate::edge::client::Client;
use crate::incident::Fault;
use crate::random::Random;
use crate::timeline::{Segment, Timeline};
use crate::topology::place;

/// A connection's set-up.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SetUp {
    pub(crate) policy_us: i64,
    pub(crate) ca_us: i64,
    pub(crate) connector_us: i64,
    pub(crate) server_us: i64,
    pub(crate) total_us: i64,
    /// When the central authority was asked and when it answered, and when all was done.
    pub(crate) ca_tx: Option<Timestamp>,
    pub(crate) ca_rx: Option<Timestamp>,
    pub(crate) complete: Option<Timestamp>,
}

const POLICY_NS: i64 = 28_000;
const CA_NS: i64 = 1_300_000;
const TUNNEL_NS: i64 = 60_000_000;
const LAN_NS: i64 = 450_000;

impl Company {
    /// Policy and the central authority; the timeline moves on by both.
    pub(crate) fn decide(&self, timeline: &mut Timeline, random: &mut Random) -> SetUp {
        let policy_us = whole_us(random.nanos_lognormal(POLICY_NS, 0.6));
        let mut ca_us = whole_us(random.nanos_lognormal(CA_NS, 0.4));
        let slow = self.incidents.of(timeline.now, &Fault::PolicySlow);
        let usual_us = ca_us;
        if let Some((_, factor)) = slow {
            ca_us *= factor as i64;
        }
        // Two published samples fit both readings: policy time beside the authority's time, and inside it.
        let beside_us = if self.settings.policy_inside_ca { 0 } else { policy_us };
        let ca_tx = timeline.now.shifted(beside_us * MICRO);
        timeline.spend(Segment::EdgePolicy, (beside_us + usual_us) * MICRO, POLICY_NS + CA_NS);
        if let Some((incident, _)) = slow {
            timeline.inject(Segment::EdgePolicy, (ca_us - usual_us) * MICRO, incident);
        }
        SetUp {
            policy_us,
            ca_us,
            total_us: beside_us + ca_us,
            ca_tx: Some(ca_tx),
            ca_rx: Some(ca_tx.shifted(ca_us * MICRO)),
            ..SetUp::default()
        }
    }

    /// The way from the service edge to the server; the first use of a service edge by an app connector opens their tunnel.
    pub(crate) fn reach(
        &mut self,
        set_up: &mut SetUp,
        client: &Client,
        connector: usize,
        timeline: &mut Timeline,
        random: &mut Random,
    ) {
        let (trip, tunnel) = (self.tunnel_ns(client.site, connector), (client.site, client.edge));
        let tunnels = &mut self.topology.connectors.get_mut(connector).tunnels;
        let is_first = !tunnels.contains(&tunnel);
        if is_first {
            tunnels.push(tunnel);
        }
        let median = if is_first { TUNNEL_NS } else { trip + 2_000_000 };
        let usual_us = whole_us(random.nanos_lognormal(median, if is_first { 0.7 } else { 0.3 }));
        let server_us = whole_us(random.nanos_lognormal(LAN_NS, 0.5));
        let overload = self.incidents.of(timeline.now, &Fault::ConnectorOverload { connector });
        let more_us = overload.map_or(0, |(_, factor)| usual_us * (factor as i64 - 1));
        let rest_us = 22 + random.below(4) as i64;
        timeline.spend(Segment::ConnectorSetup, usual_us * MICRO, median);
        if let Some((incident, _)) = overload {
            timeline.inject(Segment::ConnectorSetup, more_us * MICRO, incident);
        }
        timeline.spend(Segment::ServerConnect, server_us * MICRO, LAN_NS);
        timeline.spend(Segment::EdgePolicy, rest_us * MICRO, 23_000);
        set_up.connector_us = usual_us + more_us + server_us;
        set_up.server_us = server_us;
        set_up.total_us += set_up.connector_us + rest_us;
        set_up.complete = Some(timeline.now);
    }

    /// The round trip between a site and an app connector.
    pub(crate) fn tunnel_ns(&self, site: usize, connector: usize) -> i64 {
        place::round_trip_ns(self.topology.sites.get(site).at, self.topology.connectors.get(connector).at)
    }
}

/// At least one: 0 stands for "not measured".
fn whole_us(nanos: i64) -> i64 {
    (nanos / MICRO).max(1)
}
