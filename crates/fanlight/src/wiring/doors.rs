//! Everything that listens, and what changes it while it does.

use std::collections::BTreeMap;

use fanlight_api::{AdminToken, ConfigReport, Readiness, SignIn};
use fanlight_intake::health::SharedHealth;
use fanlight_intake::{ListenerSettings, Payload, PushSettings, TailSettings};
use fanlight_listen::{Doorway, Hosts, Tools};
use fanlight_log::Appender;
use fanlight_model::Feed;
use fanlight_store::Store;
use tokio::task::JoinHandle;

use super::api;
use super::exports::Exports;
use super::feeds;
use super::reload::{self, Declaring};
use crate::config::{Listener, Origin, Settings};
use crate::folder::DataFolder;
use crate::outcome::Failure;

/// What stands behind the doors.
pub(super) struct Behind {
    pub(super) appender: Appender<Payload>,
    pub(super) store: Store,
    pub(super) exports: Exports,
    pub(super) declaring: Declaring,
    pub(super) ready: Readiness,
    pub(super) health: SharedHealth,
}

/// How a browser gets in.
pub(super) struct Pane {
    /// How one on this machine reaches the server: `http://127.0.0.1:8080`.
    pub(super) origin: String,
    /// Makes the codes that sign it in.
    pub(super) sign_in: SignIn,
}

/// What listens.
pub(super) struct Doors {
    /// `{listener: address}`.
    pub(super) listeners: BTreeMap<String, String>,
    pub(super) intake: Vec<JoinHandle<()>>,
    pub(super) api: Option<JoinHandle<()>>,
    /// `None` where the API is off.
    pub(super) pane: Option<Pane>,
    pub(super) reload: JoinHandle<()>,
}

/// Binds all addresses before the first connection is taken, then serves.
pub(super) async fn open(
    settings: &Settings,
    folder: &DataFolder,
    origin: Origin,
    behind: Behind,
    tools: Tools,
) -> Result<Doors, Failure> {
    let Behind { appender, store, exports, declaring, ready, health } = behind;
    let Tools { clock, ledger, metrics, shutdown, .. } = tools.clone();
    // Made even where the API is off.
    let token = AdminToken::load_or_create(&folder.admin_token())?;
    let door = api::open(settings, &tools).await?;
    let own_host = door.as_ref().map(|door| door.address().ip().to_string());
    let hosts = Hosts::new(settings.api_hosts.iter().chain(&own_host).cloned().collect());
    let intake = fanlight_intake::Settings { hosts: hosts.clone(), ..intake_settings(settings, folder) };
    let listening = fanlight_intake::listen(intake, appender, tools).await?;
    let mut listeners: BTreeMap<String, String> =
        listening.addresses.iter().map(|(name, address)| ((*name).to_owned(), address.to_string())).collect();
    listeners.extend(door.iter().map(|door| (door.name().to_owned(), door.address().to_string())));
    let config = ConfigReport::loaded(clock.now(), origin.shown());
    let parts = reload::Parts {
        origin,
        running: settings.clone(),
        doors: listening.admissions.into_iter().chain(door.as_ref().map(Doorway::admission)).collect(),
        oauth: listening.oauth,
        hosts: hosts.clone(),
        own_host,
        exports,
        declaring,
        store: store.clone(),
        report: config.clone(),
        clock: clock.clone(),
        ledger: ledger.clone(),
    };
    let reload = reload::start(parts, &metrics, shutdown)?;
    let sign_in = SignIn::new(clock.clone());
    let has_tls = settings.api.as_ref().is_some_and(|listener| listener.access.tls.is_some());
    let pane = door.as_ref().map(|door| Pane {
        origin: api::origin(door.address(), &settings.api_hosts, has_tls),
        sign_in: sign_in.clone(),
    });
    feeds::measure(&metrics, &health, &clock);
    let feeds = feeds::answers(health, feeds::expected(settings));
    let push = listening.push;
    let served =
        api::Served { store, clock, ledger, metrics, token, ready, sign_in, hosts, config, feeds, push };
    let api = door.map(|door| api::start(door, served));
    Ok(Doors { listeners, intake: listening.tasks, api, pane, reload })
}

fn intake_settings(settings: &Settings, folder: &DataFolder) -> fanlight_intake::Settings {
    let given =
        |listener: &Listener| ListenerSettings { listen: listener.listen, access: listener.access.clone() };
    let on = |(feed, listener): &(Feed, Option<Listener>)| Some((*feed, given(listener.as_ref()?)));
    fanlight_intake::Settings {
        otlp_grpc: settings.otlp_grpc.as_ref().map(given),
        otlp_http: settings.otlp_http.as_ref().map(given),
        streams: settings.streams.iter().filter_map(on).collect(),
        push: PushSettings {
            access: settings.push_access.clone(),
            header: settings.push_header.clone(),
            oauth: settings.push_oauth.clone(),
        },
        tail: TailSettings {
            files: settings.tail.clone(),
            folder: Some(folder.tail()),
            ..TailSettings::default()
        },
        in_flight_bytes: settings.in_flight_bytes,
        lightstep: settings.lightstep,
        ..fanlight_intake::Settings::default()
    }
}
