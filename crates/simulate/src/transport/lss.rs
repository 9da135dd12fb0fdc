//! ZPA's Log Streaming Service: raw TCP without an acknowledgement, the same record to each group of app connectors.

use fanlight_model::Timestamp;

use crate::clock::{MILLI, MINUTE, SECOND};
use crate::incident::{Fault, Incidents};
use crate::random::Random;

/// 0.05 % are lost.
const LOSS: f64 = 0.000_5;
/// What is older than this when an outage ends is not sent again.
const KEPT: i64 = 15 * MINUTE;
/// After an outage a receiver catches up this much faster than time passes.
const CATCH_UP: i64 = 20;

/// When a record arrives that was logged at `logged`; `None` where it is lost.
pub(crate) fn arrival(
    logged: Timestamp,
    receiver: usize,
    incidents: &Incidents,
    random: &mut Random,
) -> Option<Timestamp> {
    let delay = SECOND + random.nanos_lognormal(2_500 * MILLI, 0.9);
    let lost = random.chance(LOSS);
    let arrival = logged.shifted(delay);
    let held = incidents
        .outage(|fault| *fault == Fault::LssOutage { receiver })
        .find(|outage| outage.start <= arrival && arrival < outage.end);
    match held {
        _ if lost => None,
        None => Some(arrival),
        Some(outage) if outage.end.nanos_since(arrival) > KEPT => None,
        Some(outage) => Some(outage.end.shifted(arrival.nanos_since(outage.start) / CATCH_UP)),
    }
}

/// When the second copy arrives, while a storm of duplicates goes on.
pub(crate) fn duplicate(logged: Timestamp, incidents: &Incidents, random: &mut Random) -> Option<Timestamp> {
    incidents.of(logged, &Fault::Duplicates)?;
    Some(logged.shifted(SECOND + random.nanos_lognormal(2_500 * MILLI, 0.9)))
}
