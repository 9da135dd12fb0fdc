//! The rules of a running listener, which can change under it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fanlight_model::Timestamp;
use fanlight_runtime::Outcome;
use tokio::sync::watch;

use crate::STAGE;
use crate::access::{Access, AccessError, Rules};
use crate::doorway::Tools;
use crate::expiry::{Expiry, Horizon};
use crate::files::Watched;
use crate::guard::Guard;
use crate::settings::{Listener, Protocol};
use crate::tokens::Tokens;

const RELOAD: &str = "reload";

const FILES_GOOD: &str = "fanlight_listener_files_successful";
const EXPIRES: &str = "fanlight_tls_certificate_not_after_timestamp_seconds";

/// One listener's rules; clones are of the same listener.
#[derive(Clone, Debug)]
pub struct Admission {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    name: &'static str,
    protocol: Protocol,
    is_local: bool,
    tools: Tools,
    rules: watch::Sender<Arc<Rules>>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    access: Access,
    watched: Watched,
    expiry: Expiry,
    /// Why the files as they are now are not in force.
    trouble: Option<String>,
    /// The file of tokens was empty when last read.
    is_emptied: bool,
}

/// New rules, read and checked, and not in force yet.
#[derive(Debug)]
pub struct Prepared {
    access: Access,
    watched: Watched,
    rules: Rules,
}

impl Admission {
    /// Reads the files. Blocks on the disk.
    pub(crate) fn open(listener: &Listener, tools: &Tools) -> Result<Self, AccessError> {
        let is_local = listener.listen.ip().to_canonical().is_loopback();
        Self::start(listener.name, listener.protocol, is_local, listener.access.clone(), tools)
    }

    /// Rules of a part of a listener that has its own beside the listener's: its certificate is the listener's affair. Blocks on the
    /// disk.
    ///
    /// # Errors
    /// [`AccessError`] with the file.
    pub fn beside(name: &'static str, access: Access, tools: &Tools) -> Result<Self, AccessError> {
        Self::start(name, Protocol::Http1, true, access, tools)
    }

    fn start(
        name: &'static str,
        protocol: Protocol,
        is_local: bool,
        access: Access,
        tools: &Tools,
    ) -> Result<Self, AccessError> {
        let Prepared { access, watched, rules } = prepare(access, protocol)?;
        remark(name, is_local, &rules);
        let (sender, _) = watch::channel(Arc::new(rules));
        let state = Mutex::new(State {
            access,
            watched,
            expiry: Expiry::default(),
            trouble: None,
            is_emptied: false,
        });
        let inner = Inner { name, protocol, is_local, tools: tools.clone(), rules: sender, state };
        let admission = Self { inner: Arc::new(inner) };
        admission.show();
        admission.look_at_expiry();
        Ok(admission)
    }

    /// The listener's name.
    pub fn name(&self) -> &'static str {
        self.inner.name
    }

    /// Judges what comes from a peer by these rules.
    pub fn guard(&self, peer: SocketAddr) -> Guard {
        Guard::new(self.rules(), peer)
    }

    pub(crate) fn rules(&self) -> watch::Receiver<Arc<Rules>> {
        self.inner.rules.subscribe()
    }

    /// Reads and checks what new rules name, and changes nothing. Blocks on the disk.
    ///
    /// # Errors
    /// [`AccessError`] with the file.
    pub fn prepare(&self, access: Access) -> Result<Prepared, AccessError> {
        prepare(access, self.inner.protocol)
    }

    /// Puts new rules in force, for new handshakes and for the next request of connections that stand; none is dropped.
    pub fn adopt(&self, prepared: Prepared) {
        let Prepared { access, watched, rules } = prepared;
        let mut state = self.state();
        if state.access != access {
            remark(self.inner.name, self.inner.is_local, &rules);
        }
        (state.access, state.watched, state.trouble, state.is_emptied) = (access, watched, None, false);
        self.inner.rules.send_replace(Arc::new(rules));
        drop(state);
        self.show();
        self.look_at_expiry();
    }

    /// Looks whether files have changed, or reads them anyway; and at how long the certificate lasts. Files that cannot be used
    /// leave what is in force, and are read again at their next change. Blocks on the disk.
    pub fn refresh(&self, anyway: bool) {
        let access = {
            let mut state = self.state();
            let is_changed = state.watched.look();
            (is_changed || anyway || state.is_emptied).then(|| state.access.clone())
        };
        if let Some(access) = access.filter(|access| !access.files().is_empty()) {
            self.read_again(access);
        }
        self.look_at_expiry();
    }

    /// What a person should mend: files that are not in force, a certificate that has ended or is about to.
    pub fn trouble(&self) -> Vec<String> {
        let state = self.state();
        let name = self.inner.name;
        let files = state
            .trouble
            .as_ref()
            .map(|why| format!("listener `{name}` has files that are not in force as they are: {why}"));
        files.into_iter().chain(state.expiry.trouble(name)).collect()
    }

    /// What of the files can be used is in force at once, whatever is wrong with the rest. A list of tokens that is empty twice in a
    /// row was emptied; once, it may be half written.
    fn read_again(&self, access: Access) {
        let Inner { name, tools, protocol, .. } = &*self.inner;
        let watched = Watched::new(access.files());
        let former = Arc::clone(&self.inner.rules.borrow());
        let was_empty = self.state().is_emptied;
        let (rules, errors) = access.load_over(*protocol, &former, was_empty);
        let is_empty = errors.iter().any(AccessError::is_empty_file);
        let is_news = !(is_empty && was_empty && former.tokens.as_ref().is_some_and(Tokens::is_empty));
        self.adopt(Prepared { access, watched, rules });
        let whys: Vec<String> = errors.iter().map(AccessError::whole).collect();
        {
            let mut state = self.state();
            state.is_emptied = is_empty;
            state.trouble = (!whys.is_empty()).then(|| whys.join("; "));
        }
        if !is_news {
            return;
        }
        tools.ledger.add(STAGE, RELOAD, Outcome::Received, name, 1);
        if whys.is_empty() {
            tools.ledger.add(STAGE, RELOAD, Outcome::Stored, name, 1);
            tracing::info!(name: "listen.files.adopted", listener = name, "changed files are in force for new connections");
            return;
        }
        tools.ledger.add(STAGE, RELOAD, Outcome::Rejected, name, 1);
        for why in whys {
            tracing::warn!(name: "listen.files.kept", listener = name, why, "a changed file cannot be used; the former stays in force, but for tokens that are gone");
        }
    }

    /// Adds what there is to be seen of the files, where there are any.
    fn show(&self) {
        let Inner { name, tools, .. } = &*self.inner;
        let labels = &[("listener", *name)];
        if !self.state().access.files().is_empty() {
            let of = Arc::downgrade(&self.inner);
            let help =
                "Whether the listener's certificate, key and token files are in force as they are now.";
            tools.metrics.gauge(FILES_GOOD, help, labels, move || {
                of.upgrade()
                    .map_or(f64::NAN, |inner| f64::from(u8::from(Self { inner }.state().trouble.is_none())))
            });
        }
        if self.not_after().is_some() {
            let of = Arc::downgrade(&self.inner);
            tools.metrics.gauge(EXPIRES, "When the listener's certificate expires.", labels, move || {
                of.upgrade().and_then(|inner| Self { inner }.not_after()).map_or(f64::NAN, seconds)
            });
        }
    }

    fn look_at_expiry(&self) {
        let not_after = self.not_after();
        let now = self.inner.tools.clock.now();
        let Some(horizon) = self.state().expiry.look(not_after, now) else { return };
        let (listener, file) = (self.inner.name, self.certificate());
        let file = file.as_deref().map(Path::display).map(|file| file.to_string()).unwrap_or_default();
        let not_after = not_after.unwrap_or(Timestamp::MAX).to_rfc3339();
        match horizon {
            Horizon::Over => {
                tracing::error!(name: "listen.certificate.expired", listener, file, not_after, "the certificate has expired and is served all the same: peers that check it will not connect")
            }
            Horizon::Days(days) => {
                tracing::warn!(name: "listen.certificate.expires", listener, file, not_after, within_days = days, "the certificate expires soon; put a new one in its place")
            }
        }
    }

    fn not_after(&self) -> Option<Timestamp> {
        self.inner.rules.borrow().tls.as_ref().map(|tls| tls.own.not_after)
    }

    fn certificate(&self) -> Option<PathBuf> {
        self.state().access.tls.as_ref().map(|tls| tls.certificate.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn prepare(access: Access, protocol: Protocol) -> Result<Prepared, AccessError> {
    let watched = Watched::new(access.files());
    let rules = access.load(protocol)?;
    Ok(Prepared { access, watched, rules })
}

fn remark(listener: &'static str, is_local: bool, rules: &Rules) {
    for remark in &rules.remarks {
        let file = remark.file.display().to_string();
        tracing::warn!(name: "listen.file.odd", listener, file, what = remark.what, "a file works but should be mended");
    }
    if rules.tokens.is_some() && rules.tls.is_none() && !is_local {
        tracing::warn!(name: "listen.token.readable", listener, "tokens come in plain text; `tls` hides them from whoever is on the way");
    }
}

#[expect(clippy::cast_precision_loss, reason = "whole seconds")]
fn seconds(time: Timestamp) -> f64 {
    (time.as_nanos() / 1_000_000_000) as f64
}
