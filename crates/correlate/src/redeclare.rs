//! Other endpoints are declared while the join runs.

use crate::association::Associations;
use crate::correlator::{Correlator, Declared};

impl Correlator {
    /// Puts other declarations in the place of the ones that were given. They hold for the spans that come from now on, and for
    /// older ones when a record of their connection comes. What spans of a service taught that is declared now is forgotten.
    pub fn redeclare(&mut self, declared: Vec<Declared>) {
        let mut next = Associations::default();
        for one in &declared {
            next.declare(one.service, one.server);
        }
        for (peer, block) in &mut self.blocks {
            for held in &mut block.held {
                let before = held.question(None).subject(&self.associations);
                let after = held.question(None).subject(&next);
                let Some(subject) = before.filter(|_| after.is_none()) else { continue };
                if let Some(lesson) = held.lesson.take() {
                    self.associations.unlearn(subject, lesson);
                }
                if std::mem::take(&mut held.waits) {
                    self.associations.wait(subject, *peer, false);
                }
            }
        }
        self.associations.declared = next.declared;
        self.settings.declared = declared;
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use fanlight_model::{
        AccessEvent, Endpoint, EventUid, Feed, LinkState, LocalEndpoint, Probe, ServiceId, SpanId, SpanKind,
        Timestamp, TraceId,
    };

    use super::*;
    use crate::correlator::{Record, Settings};
    use crate::decision::Decision;

    const SERVICE: ServiceId = ServiceId(7);

    fn endpoint(address: &str, port: u16) -> Endpoint {
        Endpoint { address: address.parse::<IpAddr>().expect("an address"), port }
    }

    fn seconds(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    /// One connection from `192.0.2.9:40000` to `192.0.2.10:443`.
    fn joined() -> Correlator {
        let mut correlator = Correlator::new(Settings::default());
        let uid = EventUid([1; 16]);
        let mut event = AccessEvent::empty(uid, Feed::ZpaUserActivity, seconds(10), "{}");
        event.connector = Some(endpoint("192.0.2.9", 40_000));
        event.server_address = Some(endpoint("192.0.2.10", 443).address);
        event.server_port = Some(443);
        event.start_time = seconds(10);
        event.end_time = Some(seconds(60));
        event.last_time = seconds(60);
        correlator.apply(Record::AccessEvent(event), seconds(61), &mut Vec::new());
        correlator
    }

    /// How many links a span of the service is asserted with, that does not tell its own side.
    fn links(correlator: &mut Correlator, span: u8) -> usize {
        let probe = Probe {
            trace_id: TraceId([span; 16]),
            span_id: SpanId([span; 8]),
            parent_span_id: SpanId::default(),
            start: seconds(20),
            end: seconds(21),
            kind: SpanKind::Server,
            service: SERVICE,
            peer: endpoint("192.0.2.9", 40_000),
            local: LocalEndpoint { address: Some(endpoint("192.0.2.10", 443).address), port: None },
            index: 0,
        };
        let mut decisions = Vec::new();
        correlator.apply(Record::Probe(&probe), seconds(62), &mut decisions);
        let is_asserted = |decision: &&Decision| matches!(decision, Decision::Link(linked) if linked.link.state == LinkState::Asserted);
        decisions.iter().filter(is_asserted).count()
    }

    /// A service is declared elsewhere, and then nowhere again: each holds from then on, and what its spans taught is let go.
    #[test]
    fn declarations_that_change_hold_from_then_on() {
        let mut correlator = joined();
        assert_eq!(links(&mut correlator, 1), 1);
        assert_eq!(correlator.associations.len(), 1, "the span taught where its service listens");
        let elsewhere = Declared { service: SERVICE, server: endpoint("192.0.2.77", 8_443) };
        correlator.redeclare(vec![elsewhere]);
        assert_eq!(correlator.associations.len(), 0);
        assert_eq!(links(&mut correlator, 2), 0, "the connection is to another server");
        correlator.redeclare(vec![Declared { service: SERVICE, server: endpoint("192.0.2.10", 443) }]);
        assert_eq!(links(&mut correlator, 3), 1);
        correlator.redeclare(Vec::new());
        assert_eq!(links(&mut correlator, 4), 1);
        assert_eq!(correlator.associations.len(), 1, "it is learned again");
    }
}
