//! What is under way when a company begins.

use super::queue::Happening;
use crate::clock::{HOUR, MILLI, MINUTE, SECOND};
use crate::company::Company;
use crate::edge::client::{Target, is_updated};
use crate::incident::Fault;
use crate::random::{Kind, Random};

impl Company {
    /// Plans the first of everything.
    pub(crate) fn begin(&mut self) {
        self.begin_clients();
        self.begin_reports();
        self.begin_incidents();
        for number in (0..self.topology.identities.len()).step_by(10) {
            self.long_connection(number);
        }
    }

    fn begin_clients(&mut self) {
        let start = self.now;
        let mean = (HOUR as f64 / self.settings.visits_per_hour.max(1e-6)) as i64;
        for number in 0..self.topology.persons.len() {
            let random = &mut self.topology.persons.get_mut(number).random;
            let (visit, session) = (random.nanos_exponential(mean), random.nanos_between(0, 5 * MINUTE));
            self.queue.plan(start.shifted(visit), Happening::Visit { person: number });
            self.queue.plan(
                start.shifted(session),
                Happening::Session { person: number, again: true, moves: false },
            );
        }
        for number in 0..self.topology.agents.len() {
            let first = self.topology.agents.get_mut(number).random.nanos_between(0, 4 * SECOND);
            self.queue.plan(start.shifted(first), Happening::Agent { agent: number });
        }
        for number in 0..self.topology.identities.len() {
            let first = self.topology.identities.get_mut(number).random.nanos_between(0, 10 * SECOND);
            self.queue.plan(start.shifted(first), Happening::Identity { identity: number });
        }
    }

    fn begin_reports(&mut self) {
        let start = self.now;
        for number in 0..self.topology.connectors.len() {
            let first = self.topology.connectors.get_mut(number).random.nanos_between(0, 30 * SECOND);
            self.queue.plan(start.shifted(first), Happening::Report { connector: number });
        }
        // A change that means nothing.
        self.queue.plan(start.shifted(12 * SECOND), Happening::Audit { incident: usize::MAX });
    }

    fn begin_incidents(&mut self) {
        for at in 0..self.incidents.all.len() {
            let Some(incident) = self.incidents.all.get(at).cloned() else { continue };
            let mut random = Random::of(self.settings.seed, Kind::Crowd, at as u64);
            match incident.fault {
                Fault::RuleChange { .. } => {
                    let before = random.nanos_between(5 * SECOND, 60 * SECOND);
                    let when = incident.start.shifted(-before).max(self.now.shifted(SECOND));
                    self.queue.plan(when, Happening::Audit { incident: at });
                }
                Fault::Posture => {
                    for number in (0..self.topology.persons.len()).filter(|number| is_updated(*number)) {
                        let told = incident.start.shifted(random.nanos_between(0, 20 * SECOND));
                        self.queue
                            .plan(told, Happening::Session { person: number, again: false, moves: false });
                    }
                }
                Fault::Reroute { site, .. } => {
                    // Who came in there says so from another site, and goes back when it is over.
                    for number in 0..self.topology.persons.len() {
                        if self
                            .topology
                            .persons
                            .get(number)
                            .sites
                            .first()
                            .is_some_and(|(usual, _)| *usual == site)
                        {
                            for from in [incident.start, incident.end] {
                                let told = from.shifted(random.nanos_between(SECOND, 20 * SECOND));
                                self.queue.plan(
                                    told,
                                    Happening::Session { person: number, again: false, moves: true },
                                );
                            }
                        }
                    }
                }
                Fault::ConnectorOverload { connector } => {
                    // Its state is told when it is worst, too.
                    let told = incident.end.shifted(-2 * SECOND);
                    self.queue.plan(told, Happening::Report { connector });
                }
                Fault::FlashCrowd { department } => self.crowd(department, &incident, &mut random),
                _ => {}
            }
        }
    }

    /// The visits that a crowd adds.
    fn crowd(&mut self, department: usize, incident: &crate::incident::Incident, random: &mut Random) {
        let length = incident.end.nanos_since(incident.start);
        let mean = (HOUR as f64 / self.settings.visits_per_hour.max(1e-6) / incident.intensity) as i64;
        for number in 0..self.topology.persons.len() {
            if self.topology.persons.get(number).department != department {
                continue;
            }
            let mut at = random.nanos_exponential(mean);
            while at < length {
                self.queue.plan(incident.start.shifted(at), Happening::Extra { person: number });
                at += random.nanos_exponential(mean);
            }
        }
    }

    /// A connection that a machine opened hours ago and keeps.
    fn long_connection(&mut self, number: usize) {
        let client = self.identity(number, self.now);
        let app = self.topology.identities.get(number).app;
        let mut random = self.topology.identities.get_mut(number).random.fork();
        let opened = self.now.shifted(-random.nanos_between(HOUR, 8 * HOUR));
        let mut timeline = crate::timeline::Timeline::new(opened);
        let Ok(mut connection) = self.open_private(&client, app, &mut timeline, &mut random) else { return };
        connection.dies = self.now.shifted(8 * HOUR);
        connection.idle_ns = 24 * HOUR;
        let first = timeline.now.shifted(20 * MILLI);
        let last = self.now.shifted(-random.nanos_between(SECOND, MINUTE));
        let total = 50_000 + random.below(2_000_000);
        let traffic = &mut connection.traffic;
        traffic.client_rx.pass(first, last, total / 10);
        traffic.connector_tx.pass(first, last, total / 10);
        traffic.connector_rx.pass(first.shifted(5 * MILLI), last, total);
        traffic.client_tx.pass(first.shifted(5 * MILLI), last, total);
        connection.requests = 100;
        debug_assert_eq!(connection.target, Target::App(app));
        let key = self.keep(connection);
        // Its periodic record is due at any time of the period.
        let due = self.now.shifted(random.nanos_between(0, 5 * MINUTE));
        self.queue.plan(due, Happening::Active { connection: key });
    }
}
