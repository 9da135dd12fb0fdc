//! Whether the server can do its work yet.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

/// What `/readyz` tells; clones share it.
#[derive(Clone, Debug)]
pub struct Readiness {
    waits_for: Arc<Mutex<Option<Cow<'static, str>>>>,
}

impl Readiness {
    /// Not ready: it waits for something, as in `the log to be replayed`.
    pub fn waiting_for(what: impl Into<Cow<'static, str>>) -> Self {
        Self { waits_for: Arc::new(Mutex::new(Some(what.into()))) }
    }

    /// Ready from now on.
    pub fn reached(&self) {
        self.set(None);
    }

    /// Not ready any more.
    pub fn wait_for(&self, what: impl Into<Cow<'static, str>>) {
        self.set(Some(what.into()));
    }

    /// What it waits for; `None` when it is ready.
    pub fn waits_for(&self) -> Option<Cow<'static, str>> {
        self.waits_for.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, what: Option<Cow<'static, str>>) {
        *self.waits_for.lock().unwrap_or_else(PoisonError::into_inner) = what;
    }
}
