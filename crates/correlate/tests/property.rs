//! The invariants, on small worlds in which everything collides: few ports, few servers, many records.

#![expect(clippy::expect_used, reason = "a test that cannot build its world fails")]

use std::collections::{BTreeMap, BTreeSet};

use fanlight_correlate::{Correlator, Decision, Record, Settings};
use fanlight_model::{
    AccessEvent, Endpoint, EventUid, Feed, LinkState, LocalEndpoint, Probe, ServiceId, SpanId, SpanKind,
    Timestamp, TraceId,
};
use proptest::prelude::*;

#[derive(Clone)]
enum Input {
    Probe(Probe),
    Event(Box<AccessEvent>),
}

/// In a line, so that a failure can be read.
impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tenths = |time: Timestamp| time.nanos_since(seconds(0)) / 100_000_000;
        match self {
            Self::Probe(it) => write!(
                f,
                "probe {} :{} at {} {:?} {:?}",
                it.span_id,
                it.peer.port,
                tenths(it.start),
                it.local,
                it.service
            ),
            Self::Event(it) => write!(
                f,
                "event {} {} {:?} -> {:?} {:?} from {} to {:?}",
                it.event_uid,
                it.raw,
                it.connector,
                it.server_address,
                it.server_port,
                tenths(it.start_time),
                it.end_time.map(tenths)
            ),
        }
    }
}

fn seconds(tenths: i64) -> Timestamp {
    Timestamp::from_seconds(1_000_000).shifted(tenths * 100_000_000)
}

fn endpoint(address: [u8; 4], port: u16) -> Endpoint {
    Endpoint::new(address.into(), port).expect("a real endpoint")
}

fn connector(number: u16) -> Endpoint {
    endpoint([198, 51, 100, 7], 40_000 + number)
}

fn server(number: u16) -> Endpoint {
    endpoint([192, 0, 2, 7 + (number / 2) as u8], 443 + number % 2)
}

/// A connection with one to three records; some lack their ports, some never close.
fn connection() -> impl Strategy<Value = Vec<AccessEvent>> {
    (
        0_u16..2,
        0_u16..4,
        0_i64..300,
        1_i64..200,
        prop::sample::subsequence(vec!["open", "active", "close"], 1..=3),
        any::<(bool, bool)>(),
    )
        .prop_map(|(peer, target, start, life, statuses, (open_has_ports, has_server))| {
            let record = |status: &'static str| {
                let uid = EventUid([0; 16]);
                let mut event = AccessEvent::empty(uid, Feed::ZpaUserActivity, seconds(start), status);
                event.connection_status = Some(status.into());
                event.last_time = seconds(start);
                if status != "open" || open_has_ports {
                    event.connector = Some(connector(peer));
                    if has_server || status == "close" {
                        event.server_address = Some(server(target).address);
                        event.server_port = Some(server(target).port);
                    }
                }
                match status {
                    "active" => {
                        event.last_time = seconds(start + life / 2);
                        event.total_bytes = 5;
                    }
                    "close" => {
                        event.last_time = seconds(start + life);
                        event.end_time = Some(event.last_time);
                        event.total_bytes = 9;
                    }
                    _ => {}
                }
                event
            };
            statuses.into_iter().map(record).collect()
        })
}

fn probe(services: u64) -> impl Strategy<Value = Probe> {
    // Most tell their address and no port: those teach, and wait for what others teach.
    let halves = prop_oneof![3 => Just((true, false)), 2 => any::<(bool, bool)>()];
    (0_u16..2, 0_u16..4, halves, 0..=services, -20_i64..520).prop_map(
        |(peer, target, (has_address, has_port), service, start)| Probe {
            trace_id: TraceId::default(),
            span_id: SpanId::default(),
            parent_span_id: SpanId::default(),
            start: seconds(start),
            end: seconds(start + 1),
            kind: SpanKind::Server,
            service: ServiceId(service),
            peer: connector(peer),
            local: LocalEndpoint {
                address: has_address.then_some(server(target).address),
                port: has_port.then_some(server(target).port),
            },
            index: 0,
        },
    )
}

fn world(services: u64) -> impl Strategy<Value = Vec<Input>> {
    let connections = prop::collection::vec(connection(), 0..7);
    let probes = prop::collection::vec(probe(services), 0..12);
    (connections, probes).prop_map(|(connections, probes)| {
        let numbered = (0..).zip(connections).flat_map(|(id, records)| {
            records.into_iter().map(move |mut record| {
                record.event_uid = EventUid::of_vendor_uid("zpa", "zpa_user_activity", &format!("c{id}"));
                record.raw = format!("c{id} {}", record.raw).into();
                Input::Event(Box::new(record))
            })
        });
        let probes = (1_u64..).zip(probes).map(|(id, probe)| {
            Input::Probe(Probe {
                trace_id: TraceId(u128::from(id).to_be_bytes()),
                span_id: SpanId(id.to_be_bytes()),
                ..probe
            })
        });
        numbered.chain(probes).collect()
    })
}

type Pair = (SpanId, EventUid);

/// Applies one input, a tenth of a second after the last, and keeps what is in force of each link.
fn step(
    correlator: &mut Correlator,
    number: i64,
    input: &Input,
    links: &mut BTreeMap<Pair, (u64, LinkState)>,
    events: &mut BTreeMap<EventUid, AccessEvent>,
) -> Vec<Pair> {
    let now = seconds(10_000 + number);
    let mut out = Vec::new();
    match input {
        Input::Probe(probe) => correlator.apply(Record::Probe(probe), now, &mut out),
        Input::Event(event) => correlator.apply(Record::AccessEvent((**event).clone()), now, &mut out),
    }
    let mut asserted = Vec::new();
    for decision in out {
        match decision {
            Decision::Event(event) => {
                let earlier = events.insert(event.event_uid, (*event).clone());
                assert!(earlier.is_none_or(|earlier| earlier.revision < event.revision));
            }
            Decision::Link(linked) => {
                let (link, event, probe) = (linked.link, linked.event, linked.probe);
                // INV-2: one span and one event, and the app connector's endpoint is the evidence at the least.
                assert_eq!((link.span_id, link.event_uid), (probe.span_id, event.event_uid));
                assert_eq!(event.connector, Some(probe.peer));
                assert!((0.0..=1.0).contains(&link.confidence) && (0.0..=1.0).contains(&link.runner_up));
                let pair = (link.span_id, link.event_uid);
                let earlier = links.insert(pair, (link.revision, link.state));
                assert!(earlier.is_none_or(|(revision, _)| revision <= link.revision));
                if link.state == LinkState::Asserted {
                    asserted.push(pair);
                }
            }
        }
    }
    asserted
}

#[derive(Debug, PartialEq)]
struct End {
    asserted: BTreeSet<Pair>,
    events: BTreeMap<EventUid, AccessEvent>,
}

fn play(inputs: &[Input]) -> End {
    let mut correlator = Correlator::new(Settings::default());
    let (mut links, mut events) = (BTreeMap::new(), BTreeMap::new());
    for (number, input) in (0..).zip(inputs) {
        step(&mut correlator, number, input, &mut links, &mut events);
    }
    End { asserted: in_force(&links), events }
}

fn in_force(links: &BTreeMap<Pair, (u64, LinkState)>) -> BTreeSet<Pair> {
    links.iter().filter(|(_, (_, state))| *state == LinkState::Asserted).map(|(pair, _)| *pair).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// INV-3 and INV-4: any order within the window, any doubling, the same events and the same asserted links.
    #[test]
    fn order_and_duplicates_change_neither_events_nor_asserted_links(
        (inputs, shuffled) in world(2).prop_flat_map(|inputs| {
            let doubled: Vec<_> = inputs.iter().chain(inputs.iter().step_by(2)).cloned().collect();
            (Just(inputs), Just(doubled).prop_shuffle())
        })
    ) {
        prop_assert_eq!(play(&inputs), play(&shuffled));
    }

    /// No span is ever said to be two connections'.
    #[test]
    fn a_span_has_one_asserted_event_at_most(inputs in world(2)) {
        let end = play(&inputs);
        let spans: BTreeSet<_> = end.asserted.iter().map(|(span, _)| span).collect();
        prop_assert_eq!(spans.len(), end.asserted.len());
    }

    /// A join that is short of memory asserts nothing at any moment that one with enough of it would not assert then.
    /// Services that teach are left out: with fewer lessons less is known, and less is known to be disputed.
    #[test]
    fn eviction_only_ever_turns_a_link_into_no_link(
        inputs in world(0).prop_shuffle(),
        budget_bytes in 1_000_u64..20_000,
    ) {
        let mut ample = Correlator::new(Settings::default());
        let mut scarce = Correlator::new(Settings { budget_bytes, ..Settings::default() });
        let (mut ample_links, mut scarce_links) = (BTreeMap::new(), BTreeMap::new());
        for (number, input) in (0..).zip(&inputs) {
            step(&mut ample, number, input, &mut ample_links, &mut BTreeMap::new());
            let said = step(&mut scarce, number, input, &mut scarce_links, &mut BTreeMap::new());
            let in_force = in_force(&ample_links);
            prop_assert!(said.iter().all(|pair| in_force.contains(pair)), "{:?} at {}", said, number);
            prop_assert!(scarce.counts().bytes <= budget_bytes);
        }
    }

    /// The hash seeds of two joins differ, their answers do not.
    #[test]
    fn the_same_calls_give_the_same_decisions(inputs in world(2).prop_shuffle()) {
        let all = |inputs: &[Input]| {
            let mut correlator = Correlator::new(Settings::default());
            let mut out = Vec::new();
            for (number, input) in (0..).zip(inputs) {
                let now = seconds(number);
                match input {
                    Input::Probe(probe) => correlator.apply(Record::Probe(probe), now, &mut out),
                    Input::Event(event) => correlator.apply(Record::AccessEvent((**event).clone()), now, &mut out),
                }
            }
            format!("{out:?}")
        };
        prop_assert_eq!(all(&inputs), all(&inputs));
    }
}
