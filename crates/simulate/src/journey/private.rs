//! A request to a private app, through ZPA.

use fanlight_model::{SpanId, Timestamp};

use super::front::{Fronted, Sight};
use super::{Ask, Journey};
use crate::company::Company;
use crate::edge::client::{Client, Target, Who};
use crate::edge::connection::Connection;
use crate::edge::open::Refused;
use crate::feeds::exchange::Exchange;
use crate::random::Random;
use crate::settings::ActivityRecords;
use crate::spans::span::Trace;
use crate::timeline::Segment;
use crate::topology::app::Access;
use crate::truth::request::Observed;

/// What a sender's own span of a request tells.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub(crate) trace: Trace,
    pub(crate) span: SpanId,
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
    /// 0 where the request never came through.
    pub(crate) status: u16,
}

/// Through a service edge without a wait.
const EDGE_NS: i64 = 150_000;
const INSPECTION_NS: i64 = 1_500_000;

impl Company {
    /// The whole of it, told to feeds, spans and truth. What the sender's own span should say, where it makes one.
    pub(crate) fn private(&mut self, client: &Client, app: usize, ask: &Ask, random: &mut Random) -> Sent {
        let trace = Trace::begin(random.id(), self.topology.apps.get(app).sampling);
        let mut journey = Journey::new(ask.at, trace);
        let makes_span = ask.rum || matches!(client.who, Who::Agent(_));
        let own = if makes_span { journey.span_id(random) } else { SpanId::default() };
        let (key, mut connection, is_first) = match self.reusable(client, Target::App(app), ask.at) {
            Some(key) => match self.connections.take(key) {
                Some(connection) => (Some(key), connection, false),
                None => return sent(&journey, own, 0),
            },
            None => {
                // Browser Access ends TLS itself and has the request before it sets up the connection.
                let trips = if self.is_browser(app) { 5 } else { 1 };
                self.last_mile(&mut journey, client, client.half_trip(random) * trips, ask.bytes_up, random);
                match self.open_private(client, app, &mut journey.timeline, random) {
                    Ok(connection) => (None, Box::new(connection), true),
                    Err(refused) => return self.refused(journey, client, app, refused, own, random),
                }
            }
        };
        if is_first {
            self.tell_open(&mut connection);
            if !self.is_browser(app) {
                // The client hears that the way is open, and only then sends.
                self.last_mile(&mut journey, client, client.rtt_ns, 0, random);
            }
        } else {
            self.last_mile(&mut journey, client, client.half_trip(random), ask.bytes_up, random);
        }
        let (exchange, fronted) = self.exchange(&mut journey, &mut connection, app, ask, own, random);
        self.tell_exchange(&journey, &mut connection, app, ask, &exchange, &fronted, is_first, own, random);
        connection.requests += 1;
        connection.busy_until = connection.busy_until.max(journey.timeline.now);
        match key {
            Some(key) => self.connections.put(key, connection),
            None => {
                self.keep(*connection);
            }
        }
        sent(&journey, own, fronted.status)
    }

    /// Time on the client's access network: distance, the day's jitter, lost packets, and the way round of a drained site.
    pub(crate) fn last_mile(
        &self,
        journey: &mut Journey,
        client: &Client,
        trip: i64,
        bytes: u64,
        random: &mut Random,
    ) {
        journey.timeline.spend(Segment::LastMile, trip + client.transfer_ns(bytes), client.rtt_ns / 2);
        let lossy = client.provider.and_then(|provider| {
            self.incidents.of(journey.timeline.now, &crate::incident::Fault::LastMile { provider })
        });
        if let Some((incident, loss)) = lossy {
            let lost = client.retransmission_ns(bytes.max(2_000), loss, random);
            if lost > 0 {
                journey.timeline.inject(Segment::LastMile, lost, incident);
            }
        }
        if let Some((incident, penalty)) = client.detour {
            journey.timeline.inject(Segment::Reroute, random.nanos_lognormal(penalty / 2, 0.1), incident);
        }
    }

    /// From the service edge to the app and back, and what the edge saw of it.
    fn exchange(
        &mut self,
        journey: &mut Journey,
        connection: &mut Connection,
        app: usize,
        ask: &Ask,
        parent: SpanId,
        random: &mut Random,
    ) -> (Exchange, Fronted) {
        let inspects = self.topology.apps.get(app).access == Access::Inspected;
        let tunnel = self.tunnel_ns(connection.client.site, connection.connector) / 2;
        journey.pass(|| format!("service_edge:{}/{}", connection.client.site, connection.client.edge));
        let is_set_up_for_it = connection.requests == 0 && self.is_browser(app);
        let received = if is_set_up_for_it { connection.started } else { journey.timeline.now };
        self.pass_edge(journey, inspects, random);
        let sent = journey.timeline.now;
        let transit = |random: &mut Random| random.nanos_lognormal(tunnel + 200_000, 0.15);
        journey.timeline.spend(Segment::ConnectorTransit, transit(random), tunnel + 200_000);
        let connector = connection.connector;
        let connectors = &self.topology.connectors;
        journey.pass(|| format!("app_connector:{}", connectors.get(connector).name));
        let fronted = self.front(journey, connection, app, ask, parent, random);
        journey.timeline.spend(Segment::ConnectorTransit, transit(random), tunnel + 200_000);
        let answered = journey.timeline.now;
        self.pass_edge(journey, inspects, random);
        let passed_on = journey.timeline.now;
        let client = connection.client.clone();
        self.last_mile(journey, &client, client.half_trip(random), ask.bytes_down, random);
        let traffic = &mut connection.traffic;
        traffic.client_rx.pass(received, received, ask.bytes_up);
        traffic.connector_tx.pass(sent, sent, ask.bytes_up);
        traffic.connector_rx.pass(answered, answered, ask.bytes_down);
        traffic.client_tx.pass(passed_on, passed_on, ask.bytes_down);
        (Exchange { received, sent, answered, passed_on, done: journey.timeline.now }, fronted)
    }

    fn is_browser(&self, app: usize) -> bool {
        self.topology.apps.get(app).access == Access::Browser
    }

    fn pass_edge(&self, journey: &mut Journey, inspects: bool, random: &mut Random) {
        let median = if inspects { INSPECTION_NS } else { EDGE_NS };
        journey.timeline.spend(Segment::EdgeInspection, random.nanos_lognormal(median, 0.4), median);
    }

    /// Records of the request, spans of its sender, and the truth of it.
    #[expect(clippy::too_many_arguments, reason = "all that there is to tell of one request")]
    fn tell_exchange(
        &mut self,
        journey: &Journey,
        connection: &mut Connection,
        app: usize,
        ask: &Ask,
        exchange: &Exchange,
        fronted: &Fronted,
        is_first: bool,
        own: SpanId,
        random: &mut Random,
    ) {
        let access = self.topology.apps.get(app).access;
        let request = self.tell_request(connection, app, ask, exchange, fronted.status, is_first, random);
        self.count("requests.private");
        if !journey.trace.is_sampled {
            self.count("requests.unsampled");
            return;
        }
        let observed = match access {
            Access::Browser | Access::Inspected => Observed::PerRequest,
            Access::Tunnel if is_first => Observed::FirstOfConnection,
            Access::Tunnel if own.is_zero() => Observed::SpansOnly,
            Access::Tunnel => Observed::LaterOfConnection,
        };
        let told = fronted.served.told;
        let pod = self.topology.services.get(self.topology.apps.get(app).service).pods.get(connection.pod);
        let rungs = rungs(fronted.sight, told, pod.tells_address);
        self.truth.private_links(journey, connection, (own, fronted), rungs, request);
        self.truth.request(
            journey,
            Some(&connection.id),
            &connection.client,
            (own, fronted.status),
            observed,
        );
    }

    fn tell_open(&mut self, connection: &mut Connection) {
        if self.settings.activity_records == ActivityRecords::OpenActiveClose {
            let at = connection.set_up.complete.unwrap_or(connection.started);
            self.tell_activity(connection, "open", "", at);
        }
    }

    /// A refusal: one record, no server span.
    fn refused(
        &mut self,
        mut journey: Journey,
        client: &Client,
        app: usize,
        mut refused: Refused,
        own: SpanId,
        random: &mut Random,
    ) -> Sent {
        let connection = &mut refused.connection;
        let line = self.refusal_line(connection, app, &refused.refusal, refused.at);
        if !self.send_lss(fanlight_model::Feed::ZpaUserActivity, refused.at, &line, random) {
            self.truth.lost_record(fanlight_model::Feed::ZpaUserActivity, &connection.id, "close");
        }
        self.count("records.zpa_user_activity");
        self.count("requests.refused");
        if let Some(incident) = refused.refusal.incident {
            journey.timeline.blame(refused.refusal.cause, journey.timeline.total_ns(), incident);
        }
        self.last_mile(&mut journey, client, client.half_trip(random), 0, random);
        if !own.is_zero() && journey.trace.is_sampled {
            self.truth.blocked_link(&journey, own, &connection.id);
        }
        self.truth.request(
            &journey,
            Some(&connection.id),
            client,
            (own, 0),
            Observed::Refused(refused.refusal.cause),
        );
        sent(&journey, own, 0)
    }
}

/// The rungs that could join the server span to its connection, by what the span really tells.
fn rungs(sight: Sight, told: crate::spans::server::Told, resource_tells: bool) -> &'static [&'static str] {
    let local_address = told.local_address || resource_tells;
    match sight {
        Sight::Bridged(_) if told.peer => &["R1"],
        Sight::Whole if told.peer && told.local_port && local_address => &["R2", "R3", "R3b"],
        Sight::Whole | Sight::Peer if told.peer => &["R3", "R3b"],
        _ => &[],
    }
}

fn sent(journey: &Journey, span: SpanId, status: u16) -> Sent {
    Sent { trace: journey.trace, span, start: journey.timeline.start, end: journey.timeline.now, status }
}
