//! How the configuration came in, and what of it is not in force.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fanlight_model::Timestamp;
use serde_json::{Value, json};

/// What `GET /api/v1/status` says of the configuration; clones share it.
#[derive(Clone, Debug)]
pub struct ConfigReport {
    told: Arc<Mutex<Told>>,
}

#[derive(Debug)]
struct Told {
    loaded_at: Timestamp,
    file: Option<String>,
    last_error: Option<String>,
    wants_restart: Vec<String>,
    remarks: Vec<String>,
}

impl ConfigReport {
    /// The configuration was read from a file, or made of the defaults.
    pub fn loaded(at: Timestamp, file: Option<String>) -> Self {
        let (wants_restart, remarks) = (Vec::new(), Vec::new());
        let told = Told { loaded_at: at, file, last_error: None, wants_restart, remarks };
        Self { told: Arc::new(Mutex::new(told)) }
    }

    /// It was read again and is in force, but for these keys.
    pub fn applied(&self, at: Timestamp, wants_restart: Vec<String>) {
        let mut told = self.told();
        (told.loaded_at, told.last_error, told.wants_restart) = (at, None, wants_restart);
    }

    /// It was read again and cannot be used; the former one is in force.
    pub fn refused(&self, why: String) {
        self.told().last_error = Some(why);
    }

    /// What a person should mend though the server does its work: an expired certificate, a file that is not in force.
    pub fn remark(&self, remarks: Vec<String>) {
        self.told().remarks = remarks;
    }

    /// What a person should mend.
    pub fn remarks(&self) -> Vec<String> {
        self.told().remarks.clone()
    }

    /// As the status shows it.
    pub(crate) fn to_json(&self) -> Value {
        let told = self.told();
        json!({
            "loaded_at": told.loaded_at.to_rfc3339(),
            "file": told.file,
            "last_error": told.last_error,
            "wants_restart": told.wants_restart,
            "remarks": told.remarks,
        })
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
