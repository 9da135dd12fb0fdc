//! An AI agent's next step: a call to a private app, or to a model on the internet.

use fanlight_model::{SpanId, Timestamp};

use super::queue::Happening;
use super::visit::status;
use crate::company::Company;
use crate::edge::client::Target;
use crate::incident::Fault;
use crate::journey::Ask;
use crate::journey::private::Sent;
use crate::random::Random;
use crate::spans::client::Outbound;
use crate::spans::protobuf::Attributes;
use crate::spans::python;
use crate::spans::span::{Kind, Span};

/// The host that answers models' calls.
pub(crate) const MODEL_HOST: usize = 3;
const MODEL_SHARE: f64 = 0.4;
const USER_AGENT: &str = "python-requests/2.34.2";

impl Company {
    /// One step. An agent that is misused calls fifty times as often, and what it was not declared for.
    pub(crate) fn agent_step(&mut self, number: usize) {
        if self.now >= self.end {
            return;
        }
        let misuse = self.incidents.of(self.now, &Fault::AgentMisuse { agent: number });
        let apps = self.topology.apps.len();
        let agent = self.topology.agents.get_mut(number);
        let mean = misuse.map_or(agent.interval_ns, |(_, factor)| (agent.interval_ns as f64 / factor) as i64);
        let (next, mut random) = (agent.random.nanos_exponential(mean), agent.random.fork());
        self.queue.plan(self.now.shifted(next), Happening::Agent { agent: number });
        let declared = &self.topology.agents.get(number).apps;
        let target = match misuse {
            Some(_) if random.chance(0.9) => Target::App(random.index(apps)),
            _ if random.chance(MODEL_SHARE) => Target::Saas(MODEL_HOST),
            _ => Target::App(*random.pick(declared, &0)),
        };
        let client = self.agent(number, self.now);
        let ask = self.agent_ask(target, &mut random);
        let sent = match target {
            Target::App(app) => self.private(&client, app, &ask, &mut random),
            Target::Saas(saas) => self.web(&client, saas, &ask, &mut random),
        };
        if sent.trace.is_sampled && sent.span != SpanId::default() {
            self.agent_span(number, target, &ask, sent);
        }
    }

    fn agent_ask(&self, target: Target, random: &mut Random) -> Ask {
        let rank = self.path_ranks.draw(random);
        let routes = match target {
            Target::App(app) => self.topology.services.get(self.topology.apps.get(app).service).routes.len(),
            Target::Saas(_) => 1,
        };
        let is_model = matches!(target, Target::Saas(_));
        Ask {
            at: self.now,
            route: rank % routes,
            id: rank as u64,
            user_agent: USER_AGENT,
            bytes_up: if is_model { 6_000 + random.below(40_000) } else { 500 },
            bytes_down: random.lognormal(6_000.0, 1.0) as u64 + 200,
            status: status(random),
            rum: false,
        }
    }

    fn agent_span(&mut self, number: usize, target: Target, ask: &Ask, sent: Sent) {
        let agent = self.topology.agents.get(number);
        let (host, path, method) = match target {
            Target::App(app) => {
                let app = self.topology.apps.get(app);
                let method = self.topology.services.get(app.service).routes.get(ask.route).method;
                (app.host.as_str(), self.path_of(app.service, ask.route, ask.id), method)
            }
            Target::Saas(saas) => {
                (self.topology.saas.get(saas).host.as_str(), format!("/p/{}", ask.id % 200), "POST")
            }
        };
        let peer = std::net::SocketAddrV4::new(std::net::Ipv4Addr::UNSPECIFIED, 443);
        let (scheme, port, status) = ("https", 443, sent.status);
        let outbound = Outbound { method, scheme, host, port, path: &path, status, peer, service: "" };
        let mut attributes = Attributes::of_span();
        let (name, scope) = python::client(&outbound, &mut attributes);
        let end: Timestamp = sent.end;
        let span = Span {
            trace: sent.trace,
            id: sent.span,
            parent: SpanId::default(),
            name,
            kind: Kind::Client,
            start: agent.clock.read(sent.start),
            end: agent.clock.read(end),
            scope,
            attributes,
            failed: (status == 0).then_some("ConnectionError"),
        };
        let exporter = self.topology.sizes.pods + self.topology.proxies.len() + number;
        self.export(exporter, &span, end);
    }
}
