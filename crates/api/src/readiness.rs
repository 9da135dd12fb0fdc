//! Whether the server can do its work, part by part.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Reason = Cow<'static, str>;
type Probe = Arc<dyn Fn() -> Option<Reason> + Send + Sync>;

/// What `/readyz` tells; clones share it. A part of the server reports by a [`ReadinessPart`], or is asked by a probe.
#[derive(Clone, Default)]
pub struct Readiness {
    parts: Arc<Mutex<Vec<(&'static str, Probe)>>>,
}

/// One part's own report; clones share it.
#[derive(Clone, Debug)]
pub struct ReadinessPart {
    waits_for: Arc<Mutex<Option<Reason>>>,
}

/// How one part is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartState {
    /// Which part.
    pub name: &'static str,
    /// What it waits for; `None` when it is ready.
    pub waits_for: Option<Cow<'static, str>>,
}

impl Readiness {
    /// A part that reports by itself. It waits for something from the start, as in `the log to be replayed`.
    pub fn part(&self, name: &'static str, waits_for: impl Into<Reason>) -> ReadinessPart {
        let part = ReadinessPart { waits_for: Arc::new(Mutex::new(Some(waits_for.into()))) };
        let read = part.clone();
        self.probe(name, move || read.waits_for());
        part
    }

    /// A part that is asked each time; the probe says what it waits for, and must not wait itself.
    pub fn probe(&self, name: &'static str, probe: impl Fn() -> Option<Reason> + Send + Sync + 'static) {
        self.parts().push((name, Arc::new(probe)));
    }

    /// How each part is.
    pub fn states(&self) -> Vec<PartState> {
        let parts = self.parts().clone();
        parts.into_iter().map(|(name, probe)| PartState { name, waits_for: probe() }).collect()
    }

    /// What the first part that is not ready waits for; `None` when all are ready.
    pub fn waits_for(&self) -> Option<Cow<'static, str>> {
        self.states().into_iter().find_map(|state| state.waits_for)
    }

    fn parts(&self) -> MutexGuard<'_, Vec<(&'static str, Probe)>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.states()).finish()
    }
}

impl ReadinessPart {
    /// Ready from now on.
    pub fn reached(&self) {
        self.set(None);
    }

    /// Not ready any more.
    pub fn wait_for(&self, what: impl Into<Reason>) {
        self.set(Some(what.into()));
    }

    fn waits_for(&self) -> Option<Reason> {
        self.waits_for.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, what: Option<Reason>) {
        *self.waits_for.lock().unwrap_or_else(PoisonError::into_inner) = what;
    }
}
