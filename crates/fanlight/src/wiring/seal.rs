//! Turns the hot tail into parts, beside the flow.

use std::time::Duration;

use fanlight_runtime::Shutdown;
use fanlight_store::Store;
use tokio::task::JoinHandle;

/// How often the store is asked whether a seal is due. The question costs nothing.
const ASK_EVERY: Duration = Duration::from_millis(500);

/// Seals whenever it is due, until the shutdown. A seal that fails is tried again at the next turn: its rows stay hot, and in the log.
pub(super) fn start(store: Store, shutdown: Shutdown) -> JoinHandle<()> {
    fanlight_runtime::spawn("seal", async move {
        let mut turns = tokio::time::interval(ASK_EVERY);
        turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = turns.tick() => {}
                () = shutdown.begun() => return,
            }
            let store = store.clone();
            match fanlight_runtime::spawn_blocking("seal", move || store.seal_if_due()).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => {
                    tracing::warn!(name: "fanlight.seal.failed", %error, "rows stay in memory and in the log until a seal succeeds")
                }
                Err(error) => {
                    tracing::error!(name: "fanlight.seal.panicked", %error, "a seal panicked; its rows stay in memory and in the log")
                }
            }
        }
    })
}
