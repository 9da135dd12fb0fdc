//! Waiting for a state, never for a time.

use std::time::Duration;

use anyhow::{Result, anyhow};
use fanlight_runtime::Clock;

/// Longer than anything takes on a busy machine: whoever waits longer waits in vain.
pub const PATIENCE: Duration = Duration::from_secs(30);

const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Looks until there is something to see.
///
/// # Errors
/// When it is not seen in time, with what the last look said.
pub async fn until<T, F>(what: &str, patience: Duration, mut look: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<Option<T>>>,
{
    let clock = Clock::system();
    let mut last = None;
    loop {
        match look().await {
            Ok(Some(seen)) => return Ok(seen),
            Ok(None) => {}
            Err(error) => last = Some(error),
        }
        if clock.elapsed() > patience {
            let failure = anyhow!("waited {} s in vain: {what}", patience.as_secs_f32());
            return Err(match last {
                Some(last) => last.context(failure),
                None => failure,
            });
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}
