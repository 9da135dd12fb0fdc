//! The configuration, read again at SIGHUP and when its file or a secret that it names has changed: all that can change while the
//! server runs does, at once; what cannot is named; a file that cannot be used changes nothing.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fanlight_api::ConfigReport;
use fanlight_correlate::Declared;
use fanlight_intake::Oauth;
use fanlight_listen::{Admission, Hosts, Watched};
use fanlight_runtime::{Clock, Ledger, Metrics, Outcome, Shutdown};
use fanlight_store::Store;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use super::exports::Exports;
use super::recover::declared;
use crate::config::{Listener, Origin, Settings};

/// How often files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Declarations on their way to the pipeline, which takes them between two frames.
pub(super) type Declaring = Arc<Mutex<Option<Vec<Declared>>>>;

/// What a reload changes.
pub(super) struct Parts {
    pub(super) origin: Origin,
    /// What is in force.
    pub(super) running: Settings,
    pub(super) doors: Vec<Admission>,
    /// Whose tokens may push.
    pub(super) oauth: Oauth,
    pub(super) hosts: Hosts,
    /// The API's own address, which is one of its names.
    pub(super) own_host: Option<String>,
    pub(super) exports: Exports,
    pub(super) declaring: Declaring,
    pub(super) store: Store,
    pub(super) report: ConfigReport,
    pub(super) clock: Clock,
    pub(super) ledger: Ledger,
}

struct Reloader {
    parts: Parts,
    watched: Watched,
    is_good: Arc<AtomicBool>,
}

/// Looks at the files until the shutdown.
pub(super) fn start(parts: Parts, metrics: &Metrics, shutdown: Shutdown) -> std::io::Result<JoinHandle<()>> {
    let mut hangup = signal(SignalKind::hangup())?;
    let is_good = Arc::new(AtomicBool::new(true));
    let shown = Arc::clone(&is_good);
    metrics.gauge(
        "fanlight_config_last_reload_successful",
        "Whether the configuration's file is in force as it is now.",
        &[],
        move || f64::from(u8::from(shown.load(Ordering::Relaxed))),
    );
    let watched = Watched::new(files(&parts.origin, &parts.running));
    let reloader = Arc::new(Mutex::new(Reloader { parts, watched, is_good }));
    Ok(fanlight_runtime::spawn("reload", async move {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let anyway = tokio::select! {
                _ = looks.tick() => false,
                _ = hangup.recv() => true,
                () = shutdown.begun() => return,
            };
            let reloader = Arc::clone(&reloader);
            let look = move || reloader.lock().unwrap_or_else(PoisonError::into_inner).look(anyway);
            if fanlight_runtime::spawn_blocking("reload", look).await.is_err() {
                tracing::error!(name: "fanlight.reload.panicked", "a reload panicked; what was in force stays");
            }
        }
    }))
}

impl Reloader {
    fn look(&mut self, anyway: bool) {
        let is_changed = self.watched.look();
        if is_changed || (anyway && self.parts.origin.file.is_some()) {
            self.reload();
        }
        for door in &self.parts.doors {
            door.refresh(anyway);
        }
        self.parts.oauth.refresh(anyway);
        let troubles = self.parts.doors.iter().flat_map(Admission::trouble);
        self.parts.report.remark(troubles.chain(self.parts.oauth.trouble()).collect());
    }

    fn reload(&mut self) {
        let Parts { ledger, report, clock, .. } = &self.parts;
        let (ledger, report, now) = (ledger.clone(), report.clone(), clock.now());
        ledger.add("fanlight", "reload", Outcome::Received, "", 1);
        let file = self.parts.origin.file.as_ref().map(|file| file.display().to_string()).unwrap_or_default();
        match self.apply() {
            Ok(wants_restart) => {
                ledger.add("fanlight", "reload", Outcome::Stored, "", 1);
                if wants_restart.is_empty() {
                    tracing::info!(name: "fanlight.config.applied", file, "the configuration was read again and is in force");
                } else {
                    let keys = wants_restart.join(", ");
                    tracing::warn!(name: "fanlight.config.partly_applied", file, wants_restart = keys, "the configuration was read again and is in force, but for keys that want a restart");
                }
                report.applied(now, wants_restart);
                self.is_good.store(true, Ordering::Relaxed);
            }
            Err(why) => {
                ledger.add("fanlight", "reload", Outcome::Rejected, "config", 1);
                tracing::warn!(name: "fanlight.config.kept", file, why, "the configuration cannot be used; the former one stays in force");
                report.refused(why);
                self.is_good.store(false, Ordering::Relaxed);
            }
        }
    }

    /// Everything that can fail comes before the first change. The keys that want a restart.
    fn apply(&mut self) -> Result<Vec<String>, String> {
        let parts = &mut self.parts;
        let mut new = parts.origin.load().map_err(|error| error.to_string())?;
        self.watched.watch(files(&parts.origin, &new));
        let mut wants_restart: Vec<String> =
            restart_keys(&parts.running, &new).into_iter().map(str::to_owned).collect();
        keep_what_is_bound(&parts.running, &mut new, &mut wants_restart);
        let mut prepared = Vec::new();
        for door in &parts.doors {
            let Some(access) = new.access(door.name()) else { continue };
            prepared.push((door, door.prepare(access.clone()).map_err(|error| error.whole())?));
        }
        let oauth = parts.oauth.prepare(new.push_oauth.clone()).map_err(|error| error.whole())?;
        let left = parts.exports.change(&new.export);
        wants_restart.extend(left.into_iter().map(|target| format!("export.{target}")));
        for (door, prepared) in prepared {
            door.adopt(prepared);
        }
        parts.oauth.adopt(oauth);
        parts.hosts.set(new.api_hosts.iter().chain(&parts.own_host).cloned().collect());
        if new.associations != parts.running.associations {
            let declared = new.associations.iter().map(declared).collect();
            *parts.declaring.lock().unwrap_or_else(PoisonError::into_inner) = Some(declared);
        }
        parts.store.set_seal_after(new.seal_after);
        // What wants a restart stays as it is in force, to be compared with what is read next.
        new.push_header.clone_from(&parts.running.push_header);
        new.tail.clone_from(&parts.running.tail);
        new.feed_output.clone_from(&parts.running.feed_output);
        let Settings { in_flight_bytes, correlate_bytes, seal_rows, hot_bytes, log_kept_bytes, .. } =
            parts.running;
        parts.running =
            Settings { in_flight_bytes, correlate_bytes, seal_rows, hot_bytes, log_kept_bytes, ..new };
        Ok(wants_restart)
    }
}

/// The configuration and the secrets that it names, but for those of listeners, which watch their own.
fn files(origin: &Origin, settings: &Settings) -> Vec<PathBuf> {
    let headers = settings.export.iter().flat_map(|target| target.files.iter().cloned());
    origin.file.iter().cloned().chain(headers).collect()
}

/// Keys that were changed and cannot be while the server runs.
fn restart_keys(running: &Settings, new: &Settings) -> Vec<&'static str> {
    let changed = [
        ("intake.in_flight", running.in_flight_bytes != new.in_flight_bytes),
        ("intake.push.header", running.push_header != new.push_header),
        ("intake.tail.files", running.tail != new.tail),
        ("intake.feed_output", running.feed_output != new.feed_output),
        ("correlate.memory", running.correlate_bytes != new.correlate_bytes),
        ("store.seal_rows", running.seal_rows != new.seal_rows),
        ("store.hot_memory", running.hot_bytes != new.hot_bytes),
        ("store.log_kept", running.log_kept_bytes != new.log_kept_bytes),
    ];
    changed.into_iter().filter(|(_, changed)| *changed).map(|(key, _)| key).collect()
}

/// A listener keeps its address, and whether there is one; the API's pages know from the start whether they come over TLS.
fn keep_what_is_bound(running: &Settings, new: &mut Settings, wants_restart: &mut Vec<String>) {
    let old = running.listeners();
    for ((name, held), (_, wanted)) in old.into_iter().zip(new.listeners_mut()) {
        let section = if name == "api" { "api".to_owned() } else { format!("intake.{name}") };
        let address = |listener: &Option<Listener>| listener.as_ref().map(|listener| listener.listen);
        if address(&held.cloned()) != address(wanted) {
            wants_restart.push(format!("{section}.listen"));
            match (held, wanted.as_mut()) {
                (Some(held), Some(wanted)) => wanted.listen = held.listen,
                (held, _) => *wanted = held.cloned(),
            }
        }
        let (Some(held), Some(wanted)) = (held, wanted) else { continue };
        if name == "api" && held.access.tls.is_some() != wanted.access.tls.is_some() {
            wants_restart.push(format!("{section}.tls"));
            wanted.access.tls.clone_from(&held.access.tls);
        }
    }
}
