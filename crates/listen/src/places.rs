//! Places for connections of all listeners together: a connection is an open file, and the log and the store need some, too.

use std::sync::Arc;

use rustix::process::{Resource, getrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Where the system sets no bound, or an absurd one.
const MOST: usize = 65_536;

/// What the process may have open beside what it needs for itself; clones share it.
#[derive(Clone, Debug)]
pub struct Places(Arc<Semaphore>);

impl Places {
    /// This many.
    pub fn new(connections: usize) -> Self {
        Self(Arc::new(Semaphore::new(connections.min(MOST))))
    }

    /// Half of the files that this process may have open as of now.
    pub fn of_descriptors() -> Self {
        let limit = getrlimit(Resource::Nofile).current;
        Self::new(limit.and_then(|files| usize::try_from(files / 2).ok()).unwrap_or(MOST))
    }

    pub(crate) fn take(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0).try_acquire_owned().ok()
    }
}

impl Default for Places {
    fn default() -> Self {
        Self::of_descriptors()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_half_of_the_files_to_the_log_and_the_store() {
        let files = getrlimit(Resource::Nofile).current.map_or(usize::MAX, |files| files as usize);
        let Places(places) = Places::of_descriptors();
        assert!((1..=files / 2).contains(&places.available_permits()), "{places:?} of {files}");
    }
}
