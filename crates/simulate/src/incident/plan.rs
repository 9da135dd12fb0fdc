//! Which incidents a scenario has, and when.

use fanlight_model::Timestamp;

use super::{Fault, Incident, Incidents};
use crate::clock::{MILLI, MINUTE, SECOND};
use crate::random::{Kind, Random};
use crate::scenario::Scenario;
use crate::settings::Settings;
use crate::topology::Topology;
use crate::topology::service::Call;
use crate::workload::agent::MODEL_HOST;

/// The incidents of a run.
pub(crate) fn plan(settings: &Settings, topology: &Topology) -> Incidents {
    let mut planner = Planner {
        random: Random::of(settings.seed, Kind::Incident, 0),
        start: settings.start,
        length: i64::from(settings.minutes) * MINUTE,
        topology,
        incidents: Incidents::default(),
    };
    match settings.scenario {
        Scenario::Quiet => {}
        Scenario::Mix => planner.mix(),
        Scenario::Drawn => planner.drawn(),
        Scenario::FeedFaults => planner.feed_faults(),
        one => planner.alone(one),
    }
    if settings.scenario != Scenario::Quiet {
        planner.crowd();
    }
    planner.incidents
}

/// What `mix` goes through, and what `drawn` draws from.
const TOUR: [Scenario; 12] = [
    Scenario::SlowDb,
    Scenario::Throttle,
    Scenario::RuleChange,
    Scenario::ConnectorOverload,
    Scenario::BadDeploy,
    Scenario::Reroute,
    Scenario::LastMile,
    Scenario::SaasSlow,
    Scenario::Posture,
    Scenario::AgentMisuse,
    Scenario::PolicySlow,
    Scenario::RetryStorm,
];

struct Planner<'a> {
    random: Random,
    start: Timestamp,
    length: i64,
    topology: &'a Topology,
    incidents: Incidents,
}

impl Planner<'_> {
    /// The first after 15 seconds, then another every 40 for a minute each: at most two at once.
    fn mix(&mut self) {
        let mut at = 15 * SECOND;
        for scenario in TOUR.into_iter().cycle() {
            if at >= self.length {
                return;
            }
            self.one(scenario, at, at + MINUTE);
            at += if at < MINUTE { 30 * SECOND } else { 70 * SECOND };
        }
    }

    /// From 20 seconds on for two thirds of the run, and not less than half a minute.
    fn alone(&mut self, scenario: Scenario) {
        let from = 20 * SECOND;
        self.one(scenario, from, from + (self.length * 2 / 3).max(30 * SECOND));
    }

    fn drawn(&mut self) {
        let share = self.random.unit();
        let begin = self.length / 6;
        let end = self.length * 2 / 3;
        if share < 0.6 {
            let one = self.random.index(TOUR.len());
            self.nth(one, begin, end);
            if share >= 0.4 {
                self.nth(
                    one + 1 + self.random.clone().index(TOUR.len() - 1),
                    self.length / 3,
                    self.length * 5 / 6,
                );
            }
        } else if share >= 0.8 {
            self.feed_faults();
        }
    }

    /// After four minutes a department comes ten times as often, for a minute.
    fn crowd(&mut self) {
        if self.length >= 5 * MINUTE {
            self.add(Fault::FlashCrowd { department: 1 }, 4 * MINUTE, 5 * MINUTE, 10.0, "load is no cause");
        }
    }

    fn nth(&mut self, which: usize, from: i64, to: i64) {
        if let Some(scenario) = TOUR.get(which % TOUR.len()) {
            self.one(*scenario, from, to);
        }
    }

    /// A feed is silent and sends later, everything comes twice, a clock is set. Outages are 1 to 15 minutes for LSS and up to 65 for
    /// NSS; a short run has short ones.
    fn feed_faults(&mut self) {
        let most = (self.length / 2).max(30 * SECOND);
        let lss = self.random.nanos_between(MINUTE, 15 * MINUTE).min(most);
        let nss = self.random.nanos_between(MINUTE, 65 * MINUTE).min(most);
        let repeats = [0, 5 * MINUTE, 15 * MINUTE].get(self.random.index(3)).copied().unwrap_or(0);
        let by_ns = if self.random.chance(0.5) { 800 * MILLI } else { -800 * MILLI };
        let node = self.random.index(self.topology.sizes.pods / 4);
        self.add(
            Fault::LssOutage { receiver: 0 },
            20 * SECOND,
            20 * SECOND + lss,
            1.0,
            "silence is no cause",
        );
        self.add(
            Fault::NssOutage { repeats_ns: repeats },
            30 * SECOND,
            30 * SECOND + nss,
            1.0,
            "what came before is sent again",
        );
        self.add(Fault::Duplicates, 40 * SECOND, 40 * SECOND + most, 1.0, "each record comes twice");
        self.add(
            Fault::ClockStep { node, by_ns },
            50 * SECOND,
            self.length + MINUTE,
            1.0,
            "a clock is set while nothing is slow",
        );
    }

    fn one(&mut self, scenario: Scenario, from: i64, to: i64) {
        let (fault, intensity, trap) = self.fault(scenario);
        self.add(fault, from, to, intensity, trap);
        if scenario == Scenario::ConnectorOverload && self.random.chance(0.2) {
            let fault = self.slow_database();
            self.add(fault, from, to, 10.0, "several services use it");
        }
    }

    fn fault(&mut self, scenario: Scenario) -> (Fault, f64, &'static str) {
        let apps = self.topology.apps.len();
        match scenario {
            Scenario::Throttle => {
                (Fault::Throttle { department: 0 }, 0.1, "the flag is set on 1 % of fast requests too")
            }
            Scenario::RuleChange => {
                (Fault::RuleChange { app: 1 % apps }, 1.0, "an administrator says so 5 to 60 seconds before")
            }
            Scenario::Reroute => {
                let penalty_ns = self.random.nanos_between(60 * MILLI, 150 * MILLI);
                (
                    Fault::Reroute { site: 0, penalty_ns },
                    penalty_ns as f64 / 1e6,
                    "travellers change their site too",
                )
            }
            Scenario::ConnectorOverload => (
                Fault::ConnectorOverload { connector: 0 },
                20.0,
                "the app behind it is slow at the same time in a fifth of the runs",
            ),
            Scenario::PolicySlow => {
                (Fault::PolicySlow, 100.0, "only the first request of a connection shows it")
            }
            Scenario::RetryStorm => (self.storm(), 4.0, "a dependency's error is the trigger: two labels"),
            Scenario::BadDeploy => (
                Fault::BadDeploy { service: 0 },
                200.0,
                "the version runs in one zone, as one app connector does",
            ),
            Scenario::LastMile => (
                Fault::LastMile { provider: self.busiest_provider() },
                0.03,
                "only what measures a request shows it",
            ),
            Scenario::SaasSlow => {
                (Fault::SaasSlow { saas: MODEL_HOST }, 8.0, "it is slow past the edge as well")
            }
            Scenario::Posture => (Fault::Posture, 0.3, "only a part of the devices is updated"),
            Scenario::AgentMisuse => (Fault::AgentMisuse { agent: 0 }, 50.0, "it looks like a load test"),
            _ => (self.slow_database(), 10.0, "several services use it"),
        }
    }

    /// The database that the first app's first route asks.
    fn slow_database(&self) -> Fault {
        let route = self.topology.services.get(0).routes.get(0);
        let found = route.calls.iter().find_map(|call| match call {
            Call::Database { database, shard, .. } => {
                Some(Fault::SlowDb { database: *database, shard: *shard })
            }
            Call::Service { .. } => None,
        });
        found.unwrap_or(Fault::SlowDb { database: 0, shard: 0 })
    }

    /// The service that the first apps' routes call most.
    fn storm(&self) -> Fault {
        let called =
            self.topology.services.get(0).routes.iter().flat_map(|route| &route.calls).find_map(|call| {
                match call {
                    Call::Service { service, .. } => Some(*service),
                    Call::Database { .. } => None,
                }
            });
        Fault::RetryStorm { service: called.unwrap_or(1) }
    }

    fn busiest_provider(&self) -> usize {
        let mut customers = vec![0_u32; self.topology.providers.len()];
        for person in self.topology.persons.iter().filter(|person| person.office.is_none()) {
            if let Some(count) = customers.get_mut(person.provider) {
                *count += 1;
            }
        }
        customers
            .iter()
            .enumerate()
            .max_by_key(|(at, count)| (**count, usize::MAX - at))
            .map_or(0, |(at, _)| at)
    }

    fn add(&mut self, fault: Fault, from: i64, to: i64, intensity: f64, trap: &'static str) {
        let number = self.incidents.all.len() as u32 + 1;
        let (start, end) = (self.start.shifted(from), self.start.shifted(to));
        self.incidents.all.push(Incident { number, fault, start, end, intensity, trap });
    }
}
