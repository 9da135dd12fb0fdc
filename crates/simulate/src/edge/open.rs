//! Finds an open connection for a request, or opens one.

use std::net::SocketAddrV4;

use fanlight_model::Timestamp;

use super::client::{Client, Target, Who};
use super::connection::{Connection, Traffic};
use super::refusal::Refusal;
use super::setup::SetUp;
use super::slab::Key;
use crate::clock::{HOUR, MICRO, MILLI, SECOND};
use crate::company::Company;
use crate::incident::Fault;
use crate::random::Random;
use crate::timeline::{Segment, Timeline};
use crate::topology::app::Fronting;
use crate::workload::queue::Happening;

/// An app connector takes no more at once.
const MAX_CONNECTIONS: u64 = 16_000;

impl Company {
    /// An open connection that a request at this time can use. One through a site that is drained is closed instead.
    pub(crate) fn reusable(&mut self, client: &Client, target: Target, now: Timestamp) -> Option<Key> {
        let code = target.code();
        let keys: Vec<Key> =
            self.open_of(client.who).iter().filter(|(to, _)| *to == code).map(|(_, key)| *key).collect();
        for key in keys {
            let Some(connection) = self.connections.get(key) else { continue };
            let (can_take, site) = (connection.can_take(now), connection.client.site);
            if self.incidents.drained(now, site).is_some() && matches!(target, Target::App(_)) {
                if connection.busy_until <= now {
                    self.close(key, now, "MT_CLOSED_TLS_CONN_GONE_MANUAL_DRAIN");
                }
                continue;
            }
            if can_take {
                return Some(key);
            }
        }
        None
    }

    /// A connection to a private app: rules, the central authority, an app connector with a port to spare, and the server.
    pub(crate) fn open_private(
        &mut self,
        client: &Client,
        app: usize,
        timeline: &mut Timeline,
        random: &mut Random,
    ) -> Result<Connection, Refused> {
        let started = timeline.now;
        if let Some(refusal) = self.refusal(client, app, started, &mut random.fork()) {
            let policy_us = (random.nanos_lognormal(60 * MICRO, 0.6) / MICRO).max(1);
            timeline.spend(Segment::EdgePolicy, policy_us * MICRO, 60 * MICRO);
            let mut connection = self.bare(client, Target::App(app), started, random.fork());
            connection.set_up = SetUp { policy_us, ..SetUp::default() };
            return Err(Refused { refusal, at: timeline.now, connection: Box::new(connection) });
        }
        let mut set_up = self.decide(timeline, random);
        let connector = self.choose_connector(app, random);
        let (server, pod, destination) = self.server_of(app, connector, random);
        let Some(connector_port) = self.take_port(connector, destination, started, random) else {
            let refusal = self.no_room(connector, started);
            timeline.spend(Segment::ConnectorSetup, random.nanos_lognormal(40 * MILLI, 0.4), 0);
            let mut connection = self.bare(client, Target::App(app), started, random.fork());
            (connection.set_up, connection.server, connection.connector) = (set_up, server, connector);
            return Err(Refused { refusal, at: timeline.now, connection: Box::new(connection) });
        };
        self.reach(&mut set_up, client, connector, timeline, random);
        let holder = self.topology.connectors.get_mut(connector);
        holder.created += 1;
        holder.busy += 1;
        let mut connection = self.bare(client, Target::App(app), started, random.fork());
        connection.set_up = set_up;
        (connection.connector, connection.connector_port) = (connector, connector_port);
        (connection.server, connection.pod, connection.destination) = (server, pod, destination);
        Ok(connection)
    }

    /// A port of an app connector, where it may have another connection and has one to spare.
    fn take_port(
        &mut self,
        number: usize,
        destination: usize,
        now: Timestamp,
        random: &mut Random,
    ) -> Option<u16> {
        let is_exhausted = self.incidents.is_exhausted(now, number);
        let connector = self.topology.connectors.get_mut(number);
        connector.ports.exhaust(is_exhausted);
        if connector.open() >= MAX_CONNECTIONS {
            return None;
        }
        connector.ports.take(destination, now, random)
    }

    fn no_room(&self, number: usize, now: Timestamp) -> Refusal {
        let incident = self.incidents.of(now, &Fault::ConnectorOverload { connector: number });
        let is_full = self.topology.connectors.get(number).open() >= MAX_CONNECTIONS;
        let code = if is_full {
            "AST_MT_SETUP_ERR_MAX_SESSIONS_REACHED"
        } else {
            "AST_MT_SETUP_ERR_NO_EPHEMERAL_PORT"
        };
        Refusal { code, rule: None, incident: incident.map(|(number, _)| number), cause: "connector" }
    }

    /// A connection of which nothing is known yet but whose it is, where to, and how long it may live.
    pub(crate) fn bare(
        &self,
        client: &Client,
        target: Target,
        started: Timestamp,
        mut random: Random,
    ) -> Connection {
        let (median, sigma) = match client.who {
            Who::Person(_) => (15 * SECOND, 1.3),
            _ => (120 * SECOND, 1.2),
        };
        let life = match random.unit() {
            share if share < 0.001 => 8 * HOUR + random.nanos_between(0, HOUR),
            // One request and no more.
            share if share < 0.05 => MILLI,
            _ => random.nanos_lognormal(median, sigma),
        };
        let token = random.token();
        Connection {
            id: format!("{},{token}", client.session),
            record_id: 7_500_000_000_000_000_000 + random.below(1 << 60),
            client_port: 49_152 + random.below(16_384) as u16,
            connector: 0,
            connector_port: 0,
            server: SocketAddrV4::new(std::net::Ipv4Addr::UNSPECIFIED, 0),
            pod: 0,
            destination: 0,
            started,
            set_up: SetUp::default(),
            traffic: Traffic::default(),
            told: [0; 4],
            requests: 0,
            dies: started.shifted(life),
            idle_ns: if random.chance(0.5) { 60 * SECOND } else { 75 * SECOND },
            busy_until: started,
            random,
            client: client.clone(),
            target,
        }
    }

    /// Enters a connection into the company's and its client's lists, and plans its end and its periodic record.
    pub(crate) fn keep(&mut self, connection: Connection) -> Key {
        let (who, code, ends) = (connection.client.who, connection.target.code(), connection.ends());
        let active = connection.started.max(self.now).shifted(self.active_interval(&connection));
        let is_private = matches!(connection.target, Target::App(_));
        let key = self.connections.insert(connection);
        self.open_of(who).push((code, key));
        self.queue.plan(ends, Happening::Close { connection: key });
        if is_private {
            self.queue.plan(active, Happening::Active { connection: key });
        }
        key
    }

    /// 300 seconds, give or take 30.
    pub(crate) fn active_interval(&self, connection: &Connection) -> i64 {
        connection.random.clone().nanos_between(270 * SECOND, 330 * SECOND)
    }

    fn choose_connector(&self, app: usize, random: &mut Random) -> usize {
        let group = self.topology.apps.get(app).connector_group;
        let each = self.topology.connectors.len() / self.topology.sizes.connector_groups;
        group + self.topology.sizes.connector_groups * random.index(each.max(1))
    }

    /// The socket that an app connector connects to, the pod behind it, and its number among destinations.
    fn server_of(&self, app: usize, connector: usize, random: &mut Random) -> (SocketAddrV4, usize, usize) {
        let app_at = app;
        let app = self.topology.apps.get(app);
        let service = self.topology.services.get(app.service);
        let zone = self.topology.connectors.get(connector).zone;
        let mut pod = random.index(service.pods.len());
        if service.pods.get(pod).zone != zone && random.chance(0.5) {
            pod += 1;
        }
        let pod = pod % service.pods.len();
        let proxy = |at: usize| SocketAddrV4::new(self.topology.proxies.get(at).virtual_address, app.port);
        match app.fronting {
            Fronting::Direct | Fronting::Sidecar => {
                let behind = service.pods.get(pod);
                (SocketAddrV4::new(behind.address, service.port), pod, behind.number)
            }
            Fronting::BalancerKeeps | Fronting::BalancerTranslates => {
                (proxy(app_at % self.topology.sizes.balancers), pod, 1_000_000 + app_at)
            }
            Fronting::Ingress(at) => (proxy(at), pod, 2_000_000 + at),
        }
    }
}

/// A connection that was refused, as far as it came.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) refusal: Refusal,
    pub(crate) at: Timestamp,
    pub(crate) connection: Box<Connection>,
}
