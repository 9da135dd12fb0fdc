//! ZIA's Nanolog Streaming Service: it keeps what an outage holds back, and sends again what came before it, as it is set to.

use fanlight_model::Timestamp;

use crate::clock::SECOND;
use crate::incident::{Fault, Incidents};
use crate::random::Random;

/// After an outage it catches up this much faster than time passes.
const CATCH_UP: i64 = 20;

/// When a record arrives that was logged at `logged`, and when once more.
pub(crate) fn arrivals(
    logged: Timestamp,
    incidents: &Incidents,
    random: &mut Random,
) -> (Timestamp, Option<Timestamp>) {
    let arrival = logged.shifted(random.nanos_lognormal(8 * SECOND, 0.8));
    for outage in incidents.outage(|fault| matches!(fault, Fault::NssOutage { .. })) {
        let Fault::NssOutage { repeats_ns } = outage.fault else { continue };
        let since = arrival.nanos_since(outage.start);
        if since >= 0 && arrival < outage.end {
            return (outage.end.shifted(since / CATCH_UP), None);
        }
        if since < 0 && -since <= repeats_ns {
            return (arrival, Some(outage.end.shifted((repeats_ns + since) / CATCH_UP)));
        }
    }
    (arrival, None)
}
