//! One signal that the process shall end.

use tokio_util::sync::CancellationToken;

/// The signal to stop; clones share it. Once begun it stays begun.
#[derive(Clone, Debug, Default)]
pub struct Shutdown(CancellationToken);

impl Shutdown {
    /// A signal that has not been given.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives the signal.
    pub fn begin(&self) {
        self.0.cancel();
    }

    /// True once the signal was given.
    pub fn is_begun(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Waits for the signal; returns at once when it was given before.
    pub async fn begun(&self) {
        self.0.cancelled().await;
    }
}
