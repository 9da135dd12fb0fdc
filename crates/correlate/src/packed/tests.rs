use std::net::IpAddr;
use std::sync::Arc;

use fanlight_model::{Raw, RawAddress};
use proptest::prelude::*;

use super::*;

/// A close record of an everyday connection, with the lengths that names have.
fn everyday() -> AccessEvent {
    let at = |micros: i64| Timestamp::from_micros(1_772_612_442_230_117 + micros);
    let text = |text: &str| Some(Arc::from(text));
    AccessEvent {
        revision: 3,
        vendor_uid: text("8A3FRz6gZ01sUwnJxzJi,VUhZP0kYMoT8rvkMqlw5"),
        session_id: text("8A3FRz6gZ01sUwnJxzJi"),
        end_time: Some(at(27_871_105)),
        last_time: at(27_871_105),
        log_time: Some(at(28_270_006)),
        arrival_time: at(31_006_512).shifted(417),
        principal_id: Some(PrincipalId("fl:default:h:3f1c9a0b7d5e4c21".into())),
        user_name: text("ana.lindqvist@example.com"),
        device: text("LAPTOP-7Q2M"),
        client_address: text("198.51.100.73"),
        service_edge: text("EU-DE-Frankfurt-2"),
        app_connector: text("connector-fra-1"),
        connector: Endpoint::new("192.0.2.7".parse().unwrap(), 40_001),
        server_address: "192.0.2.80".parse().ok(),
        server_port: Some(8_443),
        ip_protocol: Some(6),
        host: text("shop.internal.example.com"),
        service_port: Some(443),
        app: text("shop"),
        app_segment: text("Web shops Frankfurt"),
        disposition: Some(Disposition::Allowed),
        rule: text("Allow staff to shops"),
        reason: text("BRK_MT_TERMINATED"),
        connection_status: text("close"),
        total_bytes: 184_233,
        stamps: stamps(std::array::from_fn(|place| Some(at(i64::try_from(place * 1_900_000).unwrap())))),
        phases: durations([Some(412), Some(15_300), None, Some(152_004), Some(192_397), Some(24_112)]),
        record_hash: u64::MAX / 3,
        parse_level: ParseLevel::Strict,
        raw: Raw::At(RawAddress([9; 16])),
        ..AccessEvent::empty(EventUid([7; 16]), Feed::ZpaUserActivity, at(0), "")
    }
}

/// The bar: 400 bytes, with id and handle and beside the names, which all events share.
#[test]
fn an_everyday_event_is_held_in_400_bytes() {
    let event = everyday();
    let mut names = Names::default();
    let packed = Packed::new(&event, &mut names);
    let held = size_of::<EventUid>() + size_of::<Packed>() + packed.heap_bytes();
    assert!(held <= 400, "{held} B");
    assert_eq!(packed.unpack(event.event_uid, &names), event);
}

fn text() -> impl Strategy<Value = Option<Arc<str>>> {
    prop::option::of(".{0,20}".prop_map(Arc::from))
}

fn time() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp::from_nanos)
}

prop_compose! {
    fn names()(texts in prop::collection::vec(text(), 17), after in any::<bool>()) -> AccessEvent {
        let mut texts = texts.into_iter();
        let mut next = || texts.next().flatten();
        let session_id = next();
        let vendor_uid = match (after, session_id.as_deref(), next()) {
            (true, Some(session), Some(uid)) => Some(Arc::from(format!("{session}{uid}"))),
            (_, _, uid) => uid,
        };
        AccessEvent {
            session_id,
            vendor_uid,
            connection_uid: next(),
            principal_id: next().map(PrincipalId),
            user_name: next(),
            device: next(),
            client_address: next(),
            service_edge: next(),
            app_connector: next(),
            host: next(),
            app: next(),
            app_segment: next(),
            method: next(),
            path: next(),
            rule: next(),
            reason: next(),
            connection_status: next(),
            ..AccessEvent::empty(EventUid([1; 16]), Feed::ZpaUserActivity, Timestamp::default(), "")
        }
    }
}

prop_compose! {
    fn numbers()(
        times in prop::collection::vec(prop::option::of(time()), 16),
        plain in prop::collection::vec(time(), 3),
        longs in prop::collection::vec(prop::option::of(any::<u64>()), 6),
        shorts in prop::collection::vec(prop::option::of(any::<u16>()), 4),
        protocol in any::<Option<u8>>(),
        sums in any::<(u64, u64, u64, [u8; 16])>(),
        sockets in any::<(Option<IpAddr>, Option<IpAddr>, Option<IpAddr>, u16)>(),
        picks in (prop::option::of(0..3_usize), 0..3_usize, prop::collection::vec(0..6_usize, 0..8), 0..Feed::ALL.len(), any::<bool>()),
        line in prop::option::of(".{0,20}"),
    ) -> AccessEvent {
        AccessEvent {
            event_uid: EventUid(sums.3),
            revision: sums.0,
            total_bytes: sums.1,
            record_hash: sums.2,
            feed: Feed::ALL[picks.3],
            start_time: plain[0],
            last_time: plain[1],
            arrival_time: plain[2],
            end_time: times[0],
            log_time: times[1],
            stamps: stamps(std::array::from_fn(|place| times[place + 2])),
            phases: durations(std::array::from_fn(|place| longs[place])),
            client_port: shorts[0],
            server_port: shorts[1],
            service_port: shorts[2],
            status: shorts[3],
            ip_protocol: protocol,
            connector: sockets.0.and_then(|address| Endpoint::new(address, sockets.3)),
            connector_address: sockets.1,
            server_address: sockets.2,
            disposition: picks.0.map(|at| DISPOSITIONS[at]),
            parse_level: LEVELS[picks.1],
            effects: picks.2.iter().map(|at| EFFECTS[*at]).collect(),
            retired: picks.4,
            request: picks.4.then(|| Box::new(RequestTimes { inspection_us: Some(sums.0), ..RequestTimes::default() })),
            bridge: picks.4.then(|| Box::new(Bridge { attempts: Some(sums.1), ..Bridge::default() })),
            raw: line.map_or(Raw::At(RawAddress(sums.3)), Raw::from),
            ..AccessEvent::empty(EventUid([1; 16]), Feed::ZpaUserActivity, Timestamp::default(), "")
        }
    }
}

proptest! {
    #[test]
    fn what_is_packed_comes_back(names in names(), numbers in numbers()) {
        let mut shared = Names::default();
        let [first, second, again] = [&names, &numbers, &names].map(|event| Packed::new(event, &mut shared));
        for (packed, event) in [(first, &names), (second, &numbers), (again, &names)] {
            prop_assert_eq!(&packed.unpack(event.event_uid, &shared), event);
        }
    }
}
