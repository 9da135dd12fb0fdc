//! A person opens a page: a burst of requests to a main host and four others.

use fanlight_model::{SpanId, Timestamp};

use super::diurnal;
use super::queue::Happening;
use crate::clock::{HOUR, MILLI, SECOND};
use crate::company::Company;
use crate::edge::client::{Client, Target};
use crate::journey::Ask;
use crate::journey::private::Sent;
use crate::random::Random;
use crate::spans::browser::describe;
use crate::spans::exporter::Exporter;
use crate::spans::protobuf::Attributes;
use crate::spans::resource;
use crate::spans::scope::Scope;
use crate::spans::span::{Kind, Span};
use crate::topology::place;
use crate::transport::stream::OTLP_BROWSERS;

/// Requests of a page.
const REQUESTS: u32 = 40;
const GAP: i64 = 60 * MILLI;
/// Of the pages, the share whose main host is a private app.
const PRIVATE: f64 = 0.45;
/// Of beacons, the share that is never sent: the tab was closed.
const NEVER: f64 = 0.02;

const AGENTS: [&str; 3] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/145.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.2 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:148.0) Gecko/20100101 Firefox/148.0",
];

/// A page that is loading.
#[derive(Debug)]
pub(crate) struct Page {
    client: Client,
    main: Target,
    others: [Target; 4],
    left: u32,
    rum: bool,
    user_agent: &'static str,
    random: Random,
    /// What its script has measured so far.
    measured: Option<Exporter>,
    last: Timestamp,
}

impl Company {
    /// A person may open a page now, as busy as the hour is; when they may again is drawn anew.
    pub(crate) fn visit(&mut self, number: usize) {
        let now = self.now;
        let mean = (HOUR as f64 / self.settings.visits_per_hour.max(1e-6)) as i64;
        let person = self.topology.persons.get_mut(number);
        let (next, accept) = (person.random.nanos_exponential(mean), person.random.unit());
        let (zone, random) = (place::at(person.place).zone, person.random.fork());
        if now < self.end {
            self.queue.plan(now.shifted(next), Happening::Visit { person: number });
            if accept < diurnal::share(now, zone) {
                self.open_page(number, random);
            }
        }
    }

    /// The page itself.
    pub(crate) fn open_page(&mut self, number: usize, mut random: Random) {
        let client = self.person(number, self.now);
        let rum = self.topology.persons.get(number).rum;
        let main = self.target(PRIVATE, &mut random);
        let others = [0, 1, 2, 3].map(|_| self.target(PRIVATE * 0.7, &mut random));
        let user_agent = AGENTS.get(number % AGENTS.len()).copied().unwrap_or_default();
        let page = Page {
            client,
            main,
            others,
            left: REQUESTS,
            rum,
            user_agent,
            random,
            measured: None,
            last: self.now,
        };
        self.count("pages");
        self.queue.plan(self.now, Happening::Request { page: Box::new(page) });
    }

    fn target(&self, private: f64, random: &mut Random) -> Target {
        if random.chance(private) {
            Target::App(self.app_ranks.draw(random))
        } else {
            Target::Saas(self.saas_ranks.draw(random))
        }
    }

    /// One request of a page; then the next, or what the page's script sends at its end.
    pub(crate) fn request(&mut self, mut page: Box<Page>) {
        let mut random = page.random.fork();
        let target = if random.chance(0.5) { page.main } else { *random.pick(&page.others, &page.main) };
        let ask = self.ask(target, &page, &mut random);
        let sent = match target {
            Target::App(app) => self.private(&page.client, app, &ask, &mut random),
            Target::Saas(saas) => self.web(&page.client, saas, &ask, &mut random),
        };
        page.last = page.last.max(sent.end);
        if sent.span != SpanId::default() && sent.trace.is_sampled {
            self.measure(&mut page, target, &ask, sent);
        }
        page.left -= 1;
        if page.left > 0 {
            let gap = page.random.nanos_exponential(GAP);
            self.queue.plan(self.now.shifted(gap), Happening::Request { page });
        } else {
            self.send_beacon(*page);
        }
    }

    fn ask(&self, target: Target, page: &Page, random: &mut Random) -> Ask {
        let service = match target {
            Target::App(app) => Some(self.topology.apps.get(app).service),
            Target::Saas(saas) => self.topology.saas.get(saas).service,
        };
        let rank = self.path_ranks.draw(random);
        let routes = service.map_or(1, |service| self.topology.services.get(service).routes.len());
        // One in a dozen writes.
        let writes = random.chance(0.08);
        let route = if writes { rank - rank % 5 + 4 } else { rank } % routes;
        let rum = page.rum
            && match target {
                Target::App(app) => self.topology.apps.get(app).rum,
                Target::Saas(_) => true,
            };
        Ask {
            at: self.now,
            route,
            id: rank as u64,
            user_agent: page.user_agent,
            bytes_up: if writes { 5_000 + random.below(20_000) } else { 400 + random.below(600) },
            bytes_down: random.lognormal(8_192.0, 1.5).min(2e7) as u64 + 200,
            status: status(random),
            rum,
        }
    }

    /// A span of the page's script.
    fn measure(&mut self, page: &mut Page, target: Target, ask: &Ask, sent: Sent) {
        let (host, service) = match target {
            Target::App(app) => {
                let app = self.topology.apps.get(app);
                (app.host.as_str(), app.service)
            }
            Target::Saas(saas) => {
                let saas = self.topology.saas.get(saas);
                (saas.host.as_str(), saas.service.unwrap_or(0))
            }
        };
        let method = self.topology.services.get(service).routes.get(ask.route).method;
        let url = format!("https://{host}{}", self.path_of(service, ask.route, ask.id));
        let mut attributes = Attributes::of_span();
        describe(method, &url, host, 443, sent.status, &mut attributes);
        let span = Span {
            trace: sent.trace,
            id: sent.span,
            parent: SpanId::default(),
            name: format!("HTTP {method}"),
            kind: Kind::Client,
            start: page.client.clock.read(sent.start),
            end: page.client.clock.read(sent.end),
            scope: Scope::BrowserFetch,
            attributes,
            failed: None,
        };
        let platform = page.client.platform;
        let measured = page.measured.get_or_insert_with(|| Exporter::new(&resource::of_browser(platform), 0));
        measured.take(&span, sent.end);
        self.count("spans.browser");
    }

    /// 5 to 300 seconds later, or never.
    fn send_beacon(&mut self, page: Page) {
        let Page { measured: Some(mut measured), mut random, last, .. } = page else { return };
        let delay = random.nanos_lognormal(15 * SECOND, 0.9).clamp(5 * SECOND, 300 * SECOND);
        let never = random.chance(NEVER);
        for batch in measured.flush(Timestamp::MAX) {
            if never {
                self.truth.lost_spans(&batch.spans);
            } else {
                self.send_batch(OTLP_BROWSERS, last.shifted(delay), batch.bytes, &batch.spans, &mut random);
            }
        }
    }
}

/// 200/304/404/403/500 as 88/7/2/2/1.
pub(crate) fn status(random: &mut Random) -> u16 {
    match random.below(100) {
        0..88 => 200,
        88..95 => 304,
        95..97 => 404,
        97..99 => 403,
        _ => 500,
    }
}
