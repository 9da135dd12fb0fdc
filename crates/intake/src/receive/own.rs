//! The way in for Fanlight's own spans: the same door, without a socket.

use std::sync::Arc;

use bytes::Bytes;
use fanlight_log::Appender;
use fanlight_otlp::Limits;
use fanlight_runtime::{Budget, Clock, Ledger, Metrics, SECONDS, Shutdown};

use super::door::{Door, Names, Tally};
use crate::settings::Payload;

const NAME: &str = "own";

/// Own spans in flight, beside everybody else's: a backlog of them must not take a sender's place.
const IN_FLIGHT_BYTES: u64 = 4 << 20;
const MAX_BODY_BYTES: usize = 1 << 20;

/// Takes Fanlight's own spans. They become durable as anybody's do, and stay apart in the log, so that nothing downstream exports
/// them or makes spans about them.
#[derive(Clone, Debug)]
pub struct OwnSpans {
    door: Arc<Door>,
}

impl OwnSpans {
    /// A door of its own to the same log.
    pub fn new(appender: Appender<Payload>, clock: Clock, ledger: Ledger, shutdown: Shutdown) -> Self {
        let door = Door {
            appender,
            clock,
            ledger,
            shutdown,
            lightstep: false,
            names: Names::default(),
            limits: Limits::default(),
            budget: Budget::new(IN_FLIGHT_BYTES),
            max_body_bytes: MAX_BODY_BYTES,
            // Senders wait for an acknowledgement, we do not: it is no part of what `/metrics` tells of them.
            acknowledged: Metrics::default().histogram(NAME, "", &[], SECONDS),
        };
        Self { door: Arc::new(door) }
    }

    /// Takes one request; returns once it is durable.
    ///
    /// # Errors
    /// Where it is not taken, with the word that counters have for why.
    pub async fn take(&self, request: Bytes) -> Result<(), &'static str> {
        let tally = Tally::received(&self.door.ledger, NAME);
        let result = match self.door.admit(Some(request.len() as u64)) {
            Ok(share) => self.door.take_own(request, share).await,
            Err(refusal) => Err(refusal),
        };
        tally.close(&result);
        result.map(drop).map_err(|refusal| refusal.word())
    }
}
