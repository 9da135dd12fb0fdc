//! The keys of the authorisation server whose tokens may push, as their file has them.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fanlight_identity::{JwksError, JwtVerifier};
use fanlight_listen::{AccessError, Tools, Watched};
use fanlight_runtime::Outcome;
use tokio::sync::watch;

use crate::receive::door::STAGE;
use crate::settings::OauthSettings;

const RELOAD: &str = "reload";

/// The keys in the ledger and in events.
const KEYS: &str = "push_keys";

/// The key under `[intake.push]` that names the file.
const KEY: &str = "oauth.jwks_file";

const FILE_GOOD: &str = "fanlight_intake_push_keys_successful";

/// Whose tokens may push; clones are the same. Without settings nobody's may.
#[derive(Clone, Debug)]
pub struct Oauth {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    tools: Tools,
    /// By itself, so that no request waits while a disk is looked at.
    verifier: watch::Sender<Option<Arc<JwtVerifier>>>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    settings: Option<OauthSettings>,
    watched: Watched,
    /// Why the file as it is now is not in force.
    trouble: Option<String>,
}

/// New settings, their file read and checked, and not in force yet.
#[derive(Debug)]
pub struct PreparedOauth {
    settings: Option<OauthSettings>,
    watched: Watched,
    verifier: Option<Arc<JwtVerifier>>,
}

impl OauthSettings {
    /// Reads the file and checks it, and forgets it again.
    ///
    /// # Errors
    /// [`AccessError`] with the file and what is wrong with it.
    pub fn check(&self) -> Result<(), AccessError> {
        self.load().map(drop).map_err(access_error)
    }

    fn load(&self) -> Result<JwtVerifier, JwksError> {
        JwtVerifier::load(&self.jwks_file, self.policy.clone())
    }
}

impl Oauth {
    /// Reads the file. Blocks on the disk.
    pub(crate) fn open(settings: Option<OauthSettings>, tools: &Tools) -> Result<Self, AccessError> {
        let PreparedOauth { settings, watched, verifier } = prepare(settings)?;
        let (verifier, _) = watch::channel(verifier);
        let state = Mutex::new(State { settings, watched, trouble: None });
        let oauth = Self { inner: Arc::new(Inner { tools: tools.clone(), verifier, state }) };
        oauth.show();
        Ok(oauth)
    }

    /// Reads and checks what new settings name, and changes nothing. Blocks on the disk.
    ///
    /// # Errors
    /// [`AccessError`] with the file.
    pub fn prepare(&self, settings: Option<OauthSettings>) -> Result<PreparedOauth, AccessError> {
        prepare(settings)
    }

    /// Puts new settings in force, for the next request.
    pub fn adopt(&self, prepared: PreparedOauth) {
        let PreparedOauth { settings, watched, verifier } = prepared;
        *self.state() = State { settings, watched, trouble: None };
        self.inner.verifier.send_replace(verifier);
        self.show();
    }

    /// Looks whether the file has changed, or reads it anyway. One that cannot be used leaves the keys that are in force; one that
    /// holds none any more lets nobody in. Blocks on the disk.
    pub fn refresh(&self, anyway: bool) {
        let mut state = self.state();
        let is_changed = state.watched.look();
        if (is_changed || anyway)
            && let Some(settings) = state.settings.clone()
        {
            drop(state);
            self.read_again(&settings);
        }
    }

    /// What a person should mend: a file that is not in force.
    pub fn trouble(&self) -> Option<String> {
        let state = self.state();
        state.trouble.as_ref().map(|why| {
            format!("`{KEY}` under `[intake.push]` is not in force as it is: {why}; pushes go by the keys that were read before, or by none where there is none any more")
        })
    }

    /// What tokens are judged by at this moment.
    pub(super) fn verifier(&self) -> Option<Arc<JwtVerifier>> {
        self.inner.verifier.borrow().clone()
    }

    fn read_again(&self, settings: &OauthSettings) {
        let (ledger, file) = (&self.inner.tools.ledger, settings.jwks_file.display());
        ledger.add(STAGE, RELOAD, Outcome::Received, KEYS, 1);
        let why = match settings.load() {
            Ok(verifier) => {
                let (keys, passed_over) = (verifier.keys(), verifier.keys_passed_over());
                self.inner.verifier.send_replace(Some(Arc::new(verifier)));
                self.state().trouble = None;
                ledger.add(STAGE, RELOAD, Outcome::Stored, KEYS, 1);
                tracing::info!(name: "intake.push_keys.adopted", %file, keys, passed_over, "the authorisation server's keys were read again and are in force");
                return;
            }
            Err(error) => {
                let is_empty = matches!(error, JwksError::Empty { .. });
                let why = access_error(error).whole();
                if is_empty {
                    let nobody = JwtVerifier::without_keys(settings.policy.clone());
                    self.inner.verifier.send_replace(Some(Arc::new(nobody)));
                }
                self.state().trouble = Some(why.clone());
                why
            }
        };
        ledger.add(STAGE, RELOAD, Outcome::Rejected, KEYS, 1);
        tracing::warn!(name: "intake.push_keys.kept", why, "the changed file of keys cannot be used; the former keys stay in force, but for those of a file without any");
    }

    /// Adds what there is to be seen of the file, where there is one.
    fn show(&self) {
        if self.state().settings.is_none() {
            return;
        }
        let of = Arc::downgrade(&self.inner);
        let help = "Whether the file with the authorisation server's keys is in force as it is now.";
        self.inner.tools.metrics.gauge(FILE_GOOD, help, &[], move || {
            let state = |inner| f64::from(u8::from(Self { inner }.state().trouble.is_none()));
            of.upgrade().map_or(f64::NAN, state)
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The file is looked at before it is read: what is written in between is then seen at the next look.
fn prepare(settings: Option<OauthSettings>) -> Result<PreparedOauth, AccessError> {
    let watched = Watched::new(settings.iter().map(|settings| settings.jwks_file.clone()));
    let loaded = settings.as_ref().map(OauthSettings::load).transpose().map_err(access_error)?;
    Ok(PreparedOauth { settings, watched, verifier: loaded.map(Arc::new) })
}

/// In the words that all files of listeners are told with.
fn access_error(error: JwksError) -> AccessError {
    let unusable = |file: &Path, problem: &str| AccessError::Unusable {
        key: KEY,
        file: file.to_owned(),
        problem: problem.to_owned(),
    };
    match error {
        JwksError::Unreadable { file, cause } => AccessError::Unreadable { key: KEY, file, cause },
        JwksError::Unusable { file, problem } => unusable(&file, &problem),
        JwksError::Empty { file } => unusable(
            &file,
            "it holds no key for RS256, PS256, ES256 or EdDSA; write what the server's `jwks_uri` gives",
        ),
    }
}
