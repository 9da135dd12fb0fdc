//! What Fanlight tells of itself: events with fixed names on standard error, and spans about its own work into its own store.

mod api;
mod collect;
mod record;

pub(crate) use api::api_request;
pub(crate) use collect::Made;

use fanlight_runtime::{Clock, OWN_SPANS};
use tracing::Subscriber;
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use record::Recorder;

/// Prints events of level info and above; `quiet` prints warnings and errors only.
pub(crate) fn start(quiet: bool) {
    install(tracing_subscriber::registry().with(printer(quiet)));
}

/// The same for a server. With `own_spans` some of what it does is recorded, too, for [`Made::keep`].
pub(crate) fn start_server(quiet: bool, own_spans: bool) -> Option<Made> {
    if !own_spans {
        start(quiet);
        return None;
    }
    let (recorder, made) = Recorder::new(Clock::system());
    let recording = recorder.with_filter(filter_fn(|metadata| metadata.target() == OWN_SPANS));
    install(tracing_subscriber::registry().with(printer(quiet)).with(recording));
    Some(made)
}

fn printer<S>(quiet: bool) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let filter = EnvFilter::new(if quiet { "warn" } else { "info" });
    tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false).with_filter(filter)
}

fn install(subscriber: impl Subscriber + Send + Sync + 'static) {
    if tracing::subscriber::set_global_default(subscriber).is_err() {
        // Only a second call fails, and then the first one's printer serves.
        tracing::debug!(name: "fanlight.telemetry.started", "telemetry was started before");
    }
}

#[cfg(test)]
mod tests;
