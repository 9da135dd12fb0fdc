//! The company: everything that there is, everything that happens, and what of it is on its way.

use std::collections::BTreeMap;

use fanlight_model::Timestamp;

use crate::clock::SECOND;
use crate::edge::bandwidth::Bandwidth;
use crate::edge::slab::Slab;
use crate::feeds::{
    template::Template, zia_dns, zia_firewall, zia_web, zpa_appprotection, zpa_audit, zpa_browser_access,
    zpa_connector_metrics, zpa_connector_status, zpa_user_activity, zpa_user_status,
};
use crate::incident::{Fault, Incidents, plan};
use crate::journey::hops::Hops;
use crate::random::{Kind, Random, Zipf};
use crate::settings::Settings;
use crate::spans::exporter::Exporter;
use crate::spans::resource;
use crate::spans::span::Span;
use crate::topology::Topology;
use crate::transport::pending::Pending;
use crate::transport::spool::{Spool, SpoolError};
use crate::transport::stream::{OTLP_AGENTS, OTLP_SERVICES, Piece, Stream, streams};
use crate::truth::{Truth, TruthFile};
use crate::workload::queue::{Happening, Queue};

/// After the last minute the ends of connections are told for so long.
const TAIL: i64 = 150 * SECOND;

/// An invented company, told piece by piece in the order in which its pieces arrive.
///
/// As an iterator it keeps its truth until [`Company::take_truth`] fetches it.
#[derive(Debug)]
pub struct Company {
    pub(crate) settings: Settings,
    pub(crate) now: Timestamp,
    pub(crate) end: Timestamp,
    pub(crate) topology: Topology,
    pub(crate) incidents: Incidents,
    pub(crate) templates: Templates,
    pub(crate) queue: Queue,
    pub(crate) connections: Slab,
    pub(crate) bandwidth: Bandwidth,
    pub(crate) hops: Hops,
    pub(crate) exporters: Vec<Exporter>,
    pub(crate) pending: Pending,
    pub(crate) truth: Truth,
    pub(crate) random: Random,
    pub(crate) app_ranks: Zipf,
    pub(crate) saas_ranks: Zipf,
    pub(crate) path_ranks: Zipf,
    pub(crate) people_of: Vec<usize>,
    streams: Vec<Stream>,
    counts: BTreeMap<&'static str, u64>,
    is_over: bool,
}

/// The templates of the settings' dialects.
#[derive(Debug)]
pub(crate) struct Templates {
    pub(crate) user_activity: Template,
    pub(crate) user_status: Template,
    pub(crate) browser_access: Template,
    pub(crate) appprotection: Template,
    pub(crate) connector_status: Template,
    pub(crate) connector_metrics: Template,
    pub(crate) audit: Template,
    pub(crate) web: Template,
    pub(crate) firewall: Template,
    pub(crate) dns: Template,
}

impl Templates {
    pub(crate) fn new(settings: &Settings) -> Self {
        let (zpa, pad) = (settings.zpa, settings.pad_days);
        Self {
            user_activity: zpa_user_activity::template(zpa, pad),
            user_status: zpa_user_status::template(settings),
            browser_access: zpa_browser_access::template(zpa, pad),
            appprotection: zpa_appprotection::template(zpa, pad),
            connector_status: zpa_connector_status::template(zpa, pad),
            connector_metrics: zpa_connector_metrics::template(zpa, pad),
            audit: zpa_audit::template(zpa, pad),
            web: zia_web::template(settings),
            firewall: zia_firewall::template(settings),
            dns: zia_dns::template(settings),
        }
    }
}

impl Company {
    /// A company at its beginning.
    pub fn new(settings: Settings) -> Self {
        let mut topology = Topology::new(&settings);
        let incidents = plan(&settings, &topology);
        step_clocks(&mut topology, &incidents);
        let exporters = exporters(&topology);
        let mut people_of = vec![0; topology.sizes.departments];
        for person in topology.persons.iter() {
            if let Some(count) = people_of.get_mut(person.department) {
                *count += 1;
            }
        }
        let mut company = Self {
            now: settings.start,
            end: settings.start.shifted(i64::from(settings.minutes) * 60 * SECOND),
            templates: Templates::new(&settings),
            queue: Queue::default(),
            connections: Slab::default(),
            bandwidth: Bandwidth::new(settings.visits_per_hour),
            hops: Hops::default(),
            exporters,
            pending: Pending::default(),
            truth: Truth::default(),
            random: Random::of(settings.seed, Kind::Transport, 0),
            app_ranks: Zipf::new(topology.apps.len(), 0.8),
            saas_ranks: Zipf::new(topology.saas.len(), 1.1),
            path_ranks: Zipf::new(200, 0.9),
            people_of,
            streams: streams(if settings.two_receivers { 2 } else { 1 }),
            counts: BTreeMap::new(),
            is_over: false,
            topology,
            incidents,
            settings,
        };
        company.truth.incidents(&company.incidents, &company.topology);
        company.truth.clocks(&company.topology);
        company.begin();
        company
    }

    /// What it was made from.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The streams that its pieces arrive in.
    pub fn streams(&self) -> &[Stream] {
        &self.streams
    }

    /// The company's time.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// How many there were of each kind of thing: pages, requests, records, spans.
    pub const fn counts(&self) -> &BTreeMap<&'static str, u64> {
        &self.counts
    }

    /// Lines of the truth that nobody has fetched yet.
    pub fn take_truth(&mut self, file: TruthFile) -> String {
        self.truth.take(file)
    }

    /// How many lines of the truth there have been.
    pub fn truth_lines(&self, file: TruthFile) -> u64 {
        self.truth.count(file)
    }

    /// The next piece to arrive; `None` when all has. An error is the spool's: without one there is none.
    pub fn next_piece(&mut self) -> Result<Option<Piece>, SpoolError> {
        loop {
            let happens = self.queue.next_time().filter(|_| !self.is_over);
            match (self.pending.next_arrival(), happens) {
                (Some(arrives), Some(happens)) if arrives > happens => self.step(),
                (Some(_), _) => return self.pending.next(),
                (None, Some(_)) => self.step(),
                (None, None) if self.is_over => return Ok(None),
                (None, None) => self.finish(),
            }
        }
    }

    /// Keeps what arrives much later in a file.
    pub(crate) fn spool_into(&mut self, file: std::fs::File) {
        self.pending.spool = Some(Spool::new(file));
    }

    pub(crate) const fn receivers(&self) -> usize {
        if self.settings.two_receivers { 2 } else { 1 }
    }

    pub(crate) fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// The path of a route, with the id where it has one.
    pub(crate) fn path_of(&self, service: usize, route: usize, id: u64) -> String {
        let route = self.topology.services.get(service).routes.get(route);
        if route.has_id { format!("{}/{id}", route.stem) } else { route.stem.clone() }
    }

    /// Gives a span that ends at a true time to its process's exporter.
    pub(crate) fn export(&mut self, exporter: usize, span: &Span, ends: Timestamp) {
        let Some(process) = self.exporters.get_mut(exporter) else { return };
        process.take(span, ends);
        if !process.is_due {
            process.is_due = true;
            let due = self.now.shifted(process.batch_ns);
            self.queue.plan(due, Happening::Flush { exporter });
        }
        self.count("spans");
    }

    fn step(&mut self) {
        let Some((at, what)) = self.queue.next() else { return };
        if at.nanos_since(self.end) > TAIL {
            self.finish();
            return;
        }
        self.now = self.now.max(at);
        match what {
            Happening::Visit { person } => self.visit(person),
            Happening::Extra { person } => {
                let random = self.topology.persons.get_mut(person).random.fork();
                self.open_page(person, random);
            }
            Happening::Request { page } => self.request(page),
            Happening::Agent { agent } => self.agent_step(agent),
            Happening::Identity { identity } => self.identity_step(identity),
            Happening::Close { connection } => self.may_close(connection),
            Happening::Active { connection } => self.tell_active(connection),
            Happening::Session { person, again, moves } => self.tell_session(person, again, moves),
            Happening::Report { connector } => self.report(connector),
            Happening::Flush { exporter } => self.flush(exporter, self.now),
            Happening::Audit { incident } => self.audit(incident),
        }
    }

    fn flush(&mut self, number: usize, until: Timestamp) {
        let Some(exporter) = self.exporters.get_mut(number) else { return };
        let batches = exporter.flush(until);
        exporter.is_due = !exporter.is_empty();
        let (is_due, batch_ns) = (exporter.is_due, exporter.batch_ns);
        if is_due {
            self.queue.plan(self.now.shifted(batch_ns), Happening::Flush { exporter: number });
        }
        let services = self.topology.sizes.pods + self.topology.proxies.len();
        let stream = if number < services { OTLP_SERVICES } else { OTLP_AGENTS };
        let mut random = self.random.fork();
        for batch in batches {
            self.send_batch(stream, self.now, batch.bytes, &batch.spans, &mut random);
        }
    }

    /// All that processes still hold is sent; nothing happens any more.
    fn finish(&mut self) {
        self.is_over = true;
        for exporter in 0..self.exporters.len() {
            self.flush(exporter, Timestamp::MAX);
        }
    }
}

impl Iterator for Company {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        // Only a spool can fail, and one that is iterated over has none.
        self.next_piece().ok().flatten()
    }
}

/// Pods, then proxies, then agents.
fn exporters(topology: &Topology) -> Vec<Exporter> {
    let pods = topology.services.iter().flat_map(|service| {
        service.pods.iter().map(|pod| Exporter::new(&resource::of_pod(service, pod), pod.batch_ns))
    });
    let proxies = topology.proxies.iter().map(|proxy| Exporter::new(&resource::of_proxy(proxy), 2 * SECOND));
    let agents = topology.agents.iter().map(|agent| Exporter::new(&resource::of_agent(agent), 5 * SECOND));
    pods.chain(proxies).chain(agents).collect()
}

fn step_clocks(topology: &mut Topology, incidents: &Incidents) {
    for incident in &incidents.all {
        let Fault::ClockStep { node, by_ns } = incident.fault else { continue };
        for service in topology.services.iter_mut() {
            for pod in service.pods.iter_mut().filter(|pod| pod.number / 4 == node) {
                pod.clock.step = Some((incident.start, by_ns));
            }
        }
    }
}
