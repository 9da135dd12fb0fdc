//! Fanlight's own log: events with fixed names, to standard error.

use tracing_subscriber::EnvFilter;

/// Prints events of level info and above; `quiet` prints warnings and errors only.
pub(crate) fn start(quiet: bool) {
    let filter = EnvFilter::new(if quiet { "warn" } else { "info" });
    let printer = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .finish();
    if tracing::subscriber::set_global_default(printer).is_err() {
        // Only a second call fails, and then the first one's printer serves.
        tracing::debug!(name: "fanlight.telemetry.started", "telemetry was started before");
    }
}
