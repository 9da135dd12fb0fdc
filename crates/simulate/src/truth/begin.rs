//! What is known before the first request: incidents and clocks.

use super::{Truth, TruthFile};
use crate::clock::HostClock;
use crate::incident::{Fault, Incidents};
use crate::topology::Topology;

impl Truth {
    /// The incidents, one a line.
    pub(crate) fn incidents(&mut self, incidents: &Incidents, topology: &Topology) {
        for incident in &incidents.all {
            let (start, end) = (incident.start, incident.end);
            let (number, kind, label) = (incident.number, incident.fault.word(), incident.fault.label());
            let (scope, trap) = (scope(&incident.fault, topology), incident.trap);
            self.line(
                TruthFile::Incidents,
                format_args!(
                    "{{\"incident\":{number},\"kind\":\"{kind}\",\"label\":\"{label}\",\"start\":\"{start}\",\"end\":\"{end}\",\
                     \"scope\":\"{scope}\",\"intensity\":{:.3},\"trap\":\"{trap}\"}}",
                    incident.intensity
                ),
            );
        }
    }

    /// The clocks, one a line.
    pub(crate) fn clocks(&mut self, topology: &Topology) {
        for (at, site) in topology.sites.iter().enumerate() {
            for (number, edge) in site.edges.iter().enumerate() {
                self.clock("service_edge", &format!("{} {at}/{number}", edge.name), &edge.clock);
            }
        }
        for connector in topology.connectors.iter() {
            self.clock("app_connector", &connector.name, &connector.clock);
        }
        for proxy in topology.proxies.iter() {
            self.clock("proxy", &proxy.name, &proxy.clock);
        }
        for service in topology.services.iter() {
            for pod in service.pods.iter() {
                self.clock("pod", &pod.name, &pod.clock);
            }
        }
        for agent in topology.agents.iter() {
            self.clock("agent", &agent.service, &agent.clock);
        }
        for person in topology.persons.iter() {
            self.clock("device", &person.device, &person.clock);
        }
    }

    fn clock(&mut self, kind: &str, name: &str, clock: &HostClock) {
        let (offset, drift) = (clock.offset_ns, clock.drift_ppb);
        let step = clock
            .step
            .map_or_else(|| "null".to_owned(), |(at, by)| format!("{{\"at\":\"{at}\",\"by_ns\":{by}}}"));
        self.line(
            TruthFile::Clocks,
            format_args!(
                "{{\"kind\":\"{kind}\",\"host\":\"{name}\",\"offset_ns\":{offset},\"drift_ppb\":{drift},\"step\":{step}}}"
            ),
        );
    }
}

/// What an incident is about, in the words of paths.
fn scope(fault: &Fault, topology: &Topology) -> String {
    use crate::topology::names::DEPARTMENTS;
    match fault {
        Fault::Throttle { department } | Fault::FlashCrowd { department } => {
            format!("department:{}", DEPARTMENTS.get(*department).copied().unwrap_or_default())
        }
        Fault::RuleChange { app } => format!("app:{}", topology.apps.get(*app).name),
        Fault::Reroute { site, .. } => format!("site:{}", topology.sites.get(*site).code),
        Fault::ConnectorOverload { connector } => {
            format!("app_connector:{}", topology.connectors.get(*connector).name)
        }
        Fault::RetryStorm { service } | Fault::BadDeploy { service } => {
            format!("service:{}", topology.services.get(*service).name)
        }
        Fault::SlowDb { database, shard } => {
            format!("database:{}/{shard}", topology.databases.get(*database).name)
        }
        Fault::LastMile { provider } => format!("provider:{}", topology.providers.get(*provider).name),
        Fault::SaasSlow { saas } => format!("host:{}", topology.saas.get(*saas).host),
        Fault::AgentMisuse { agent } => format!("principal:{}", topology.agents.get(*agent).name),
        Fault::LssOutage { receiver } => format!("receiver:group-{}", receiver + 1),
        Fault::ClockStep { node, by_ns } => format!("node:node-{node:03}.example.com by {by_ns} ns"),
        Fault::NssOutage { repeats_ns } => format!("feed:zia repeats {} s", repeats_ns / 1_000_000_000),
        Fault::PolicySlow | Fault::Posture | Fault::Duplicates => "company".to_owned(),
    }
}
