//! Names of this server, which can change while it runs.

use std::sync::{Arc, PoisonError, RwLock};

/// Names and addresses, without a port, by which the server is known besides those of loopback; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Hosts {
    names: Arc<RwLock<Arc<[String]>>>,
}

impl Hosts {
    /// These names.
    pub fn new(names: Vec<String>) -> Self {
        Self { names: Arc::new(RwLock::new(names.into())) }
    }

    /// Puts other names in their place.
    pub fn set(&self, names: Vec<String>) {
        *self.names.write().unwrap_or_else(PoisonError::into_inner) = names.into();
    }

    /// The names of the moment.
    pub(crate) fn names(&self) -> Arc<[String]> {
        Arc::clone(&self.names.read().unwrap_or_else(PoisonError::into_inner))
    }
}
