//! `fanlight demo`: two real apps, two people behind a stand-in edge, a real server, a joined trace.

mod apps;
mod traffic;

use std::time::Duration;

use fanlight_model::Timestamp;
use fanlight_runtime::{Clock, Shutdown};
use fanlight_simulate::stand_in::{Settings as StandInSettings, StandIn, User};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::client::Client;
use super::serve::{StopSignal, opening};
use super::terminal::print;
use super::trace;
use crate::command_line::{Demo, Reach};
use crate::config;
use crate::folder::DataFolder;
use crate::outcome::{Exit, Failure};
use crate::telemetry;
use crate::wiring::Server;
use apps::{App, AppKind};
use traffic::Visit;

/// Who the demo is about.
const ANA: &str = "ana@example.com";
const BEN: &str = "ben@example.com";
/// What the app connector's set-up before the shop really takes: the slow part of the story.
const SLOW_SETUP: Duration = Duration::from_millis(180);
/// How long the first joined trace may take before the demo says that it failed.
const PATIENCE: Duration = Duration::from_secs(60);
/// A trace of this run, not of an earlier one in the same folder, that shows the slow set-up.
fn slow_trace(began: Timestamp) -> String {
    format!(
        "select l.trace_id from links l join access_events e on l.event_uid = e.event_uid \
         where l.state = 'asserted' and l.decided_time >= timestamp '{began}' \
         and e.user_name = '{ANA}' and e.setup_us > 150000 order by l.decided_time limit 1"
    )
}

pub(super) fn run(typed: &Demo) -> Result<(), Failure> {
    let own_spans = telemetry::start_server(true, true);
    let mut settings = config::load(None).map_err(|error| Failure::new(Exit::Config, error))?;
    settings.shift_ports(typed.listen_offset).map_err(|problem| Failure::text(Exit::Usage, problem))?;
    super::runtime()?.block_on(async {
        let mut stop = StopSignal::listen()?;
        let folder = DataFolder::new(&typed.data);
        let server = Server::start(&settings, folder.clone(), config::Origin::default(), own_spans).await?;
        print(&server.greeting());
        if let Some(url) = server.pane_url("/")? {
            print(&opening(&url));
        }
        let mut company = Company::start(typed, &server).await?;
        let told = tokio::select! {
            told = company.tell(typed, &folder, &server) => told,
            () = stop.given() => Ok(()),
        };
        if told.is_ok() {
            let lasting = async {
                match typed.lasting {
                    Some(lasting) => tokio::time::sleep(lasting).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = lasting => {}
                () = stop.given() => {}
                () = company.app_ended() => {}
            }
        }
        company.stop().await;
        server.stop().await?;
        told
    })
}

/// The apps, the edge before them, and the people.
struct Company {
    apps: Vec<App>,
    edge: Vec<JoinHandle<()>>,
    people: JoinHandle<()>,
    shutdown: Shutdown,
    began: Timestamp,
}

impl Company {
    async fn start(typed: &Demo, server: &Server) -> Result<Self, Failure> {
        let listener =
            |name: &str| {
                server.listeners().get(name).cloned().ok_or_else(|| {
                    Failure::text(Exit::Config, format!("the demo needs the listener `{name}`"))
                })
            };
        let began = Clock::system().now();
        let (otlp, lss) = (listener("otlp_http")?, listener("zpa_user_activity")?);
        let shop = App::start(AppKind::Flask, "shop", &otlp, typed).await?;
        let stock = App::start(AppKind::Express, "stock", &otlp, typed).await?;
        let shutdown = Shutdown::new();
        let mut edge = Vec::new();
        let mut visits = Vec::new();
        for (app, connector_ip, delay, denied) in
            [(&shop, "127.0.1.1", SLOW_SETUP, Some(BEN)), (&stock, "127.0.1.2", Duration::ZERO, None)]
        {
            let mut settings = StandInSettings::new(app.address, lss.parse()?);
            settings.host = format!("{}.example.com", app.name).into();
            settings.app = Some(app.name.into());
            settings.users = [ANA, BEN]
                .into_iter()
                .map(|name| Ok::<_, Failure>(User::new(name, "127.0.0.1:0".parse()?)))
                .collect::<Result<_, _>>()?;
            settings.connector_ip = Some(connector_ip.parse()?);
            settings.setup_delay = delay;
            settings.denied = denied.into_iter().map(str::to_owned).collect();
            let stand_in = StandIn::bind(settings, Clock::system()).await?;
            visits.extend(stand_in.addresses().into_iter().map(|(person, address)| Visit {
                person: person.to_string(),
                app: app.name,
                address,
            }));
            edge.push(fanlight_runtime::spawn("demo.edge", stand_in.run(shutdown.clone())));
        }
        print(&format!(
            "\n{ANA} and {BEN} use the apps `shop` (Flask) and `stock` (Express), each behind a stand-in for ZPA:"
        ));
        print(&format!(
            "  the connection set-up before `shop` takes {} ms, and {BEN} may not use `shop` at all",
            SLOW_SETUP.as_millis()
        ));
        let people =
            fanlight_runtime::spawn("demo.people", traffic::drive(visits, typed.seed, shutdown.clone()));
        Ok(Self { apps: vec![shop, stock], edge, people, shutdown, began })
    }

    /// Waits for the first joined trace, draws it, and says how to ask for more.
    async fn tell(&mut self, typed: &Demo, folder: &DataFolder, server: &Server) -> Result<(), Failure> {
        let client =
            Client::find(&Reach { server: None, token_file: None, data: Some(folder.path().to_owned()) })?;
        let found = tokio::time::timeout(PATIENCE, first_trace(&client, self.began)).await;
        let Ok(found) = found else {
            return Err(Failure::text(
                Exit::Failed,
                format!("no joined trace within {} s", PATIENCE.as_secs()),
            )
            .with_hint("`fanlight query \"select * from links\"` shows what was joined"));
        };
        let trace_id = found?;
        let path = format!("/api/v1/traces/{trace_id}");
        print(&format!("\n{}", trace::drawn(client.get(&path).await?, None)?));
        let rows = sql(&client, "select user_name, app, disposition, coalesce(reason, '') as reason, count(*) as connections from access_events group by 1, 2, 3, 4 order by 1, 2, 3").await?;
        print("\nwhat the edge did so far");
        for row in rows.iter().filter_map(Value::as_array) {
            let cells: Vec<&str> = row.iter().map(|cell| cell.as_str().unwrap_or("-")).collect();
            print(&format!("  {}", cells.join("  ")));
        }
        if let Some(url) = server.pane_url(&format!("/traces/{trace_id}"))? {
            print(&format!("\njoined trace: {url}"));
        }
        let data = match folder.path().to_str() {
            Some("fanlight-demo") | None => String::new(),
            Some(other) => format!(" --data {other}"),
        };
        print(&format!(
            "ask for more while this runs, in another terminal:\n  fanlight trace {trace_id}{data}\n  fanlight search{data} '{{ access.user = \"{ANA}\" }}'\n  fanlight query{data} \"select rung, count(*) from links group by rung\"\n  fanlight query{data} \"select user_name, disposition, rule, reason from access_events\""
        ));
        print(&match typed.lasting {
            Some(lasting) => format!("runs for {} s more", lasting.as_secs()),
            None => "runs until Ctrl-C".to_owned(),
        });
        Ok(())
    }

    /// Ends when an app does: the rest would only wait.
    async fn app_ended(&mut self) {
        let mut waits: Vec<_> = self.apps.iter_mut().map(|app| Box::pin(app.ended())).collect();
        std::future::poll_fn(|context| {
            match waits.iter_mut().any(|wait| wait.as_mut().poll(context).is_ready()) {
                true => std::task::Poll::Ready(()),
                false => std::task::Poll::Pending,
            }
        })
        .await;
    }

    async fn stop(self) {
        self.shutdown.begin();
        for task in std::iter::once(self.people).chain(self.edge) {
            if task.await.is_err() {
                tracing::warn!(name: "fanlight.demo.panicked", "a part of the demo had panicked");
            }
        }
        for app in self.apps {
            app.stop().await;
        }
    }
}

/// Asks again until there is one.
async fn first_trace(client: &Client, began: Timestamp) -> Result<String, Failure> {
    let query = slow_trace(began);
    let mut turns = tokio::time::interval(Duration::from_millis(250));
    loop {
        turns.tick().await;
        let rows = sql(client, &query).await?;
        if let Some(id) = rows.first().and_then(|row| row.get(0)).and_then(Value::as_str) {
            return Ok(id.to_owned());
        }
    }
}

async fn sql(client: &Client, sql: &str) -> Result<Vec<Value>, Failure> {
    let answer = client.post("/api/v1/sql", &json!({ "sql": sql })).await?;
    Ok(answer.get("rows").and_then(Value::as_array).cloned().unwrap_or_default())
}
