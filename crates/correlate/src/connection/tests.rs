use std::hash::RandomState;

use fanlight_model::{Disposition, EventUid, Feed};
use proptest::prelude::*;

use super::*;

fn record(status: &str, total_bytes: u64, log_seconds: i64) -> AccessEvent {
    let uid = EventUid::of_vendor_uid("zpa", "zpa_user_activity", "a,1");
    let arrival = Timestamp::from_seconds(1_000);
    let raw = format!("{status} {total_bytes} {log_seconds}");
    let mut event = AccessEvent::empty(uid, Feed::ZpaUserActivity, arrival, raw);
    event.connection_status = Some(status.into());
    event.total_bytes = total_bytes;
    event.log_time = Some(Timestamp::from_seconds(log_seconds));
    event.last_time = Timestamp::from_seconds(log_seconds);
    event.start_time = Timestamp::from_seconds(10);
    event
}

fn merged(records: impl IntoIterator<Item = AccessEvent>) -> (AccessEvent, u64, u64) {
    let hasher = RandomState::new();
    let now = Timestamp::from_seconds(1_000);
    let (mut duplicates, mut near_duplicates) = (0, 0);
    let mut records = records.into_iter();
    let mut names = Names::default();
    let mut connection = Connection::new(records.next().expect("at least one"), now, &hasher, &mut names);
    for record in records {
        match connection.merge(record, &hasher, &mut names) {
            Merged::Duplicate => duplicates += 1,
            Merged::Anew { near_duplicate } => near_duplicates += u64::from(near_duplicate),
        }
    }
    (connection.event(&names), duplicates, near_duplicates)
}

/// The close record has no rule and no ports, the open record has both: nothing known is lost.
#[test]
fn a_record_that_lacks_a_field_never_erases_it() {
    let mut open = record("open", 0, 11);
    open.rule = Some("allow staff".into());
    open.server_port = Some(443);
    let mut close = record("close", 900, 40);
    close.end_time = Some(Timestamp::from_seconds(40));
    let (event, ..) = merged([close, open]);
    assert_eq!(event.rule.as_deref(), Some("allow staff"));
    assert_eq!(event.server_port, Some(443));
    assert_eq!(event.connection_status.as_deref(), Some("close"));
    assert_eq!(event.end_time, Some(Timestamp::from_seconds(40)));
    assert_eq!((event.total_bytes, event.revision), (900, 2));
    assert_eq!(event.raw.line().map(|line| &**line), Some("close 900 40"));
}

/// The rule of the middle record must win over the first's although the last, which has none, came between them.
#[test]
fn a_field_comes_from_the_highest_record_that_has_it() {
    let mut first = record("open", 1, 1);
    first.rule = Some("first".into());
    let mut middle = record("active", 2, 2);
    middle.rule = Some("middle".into());
    let last = record("close", 3, 3);
    let (event, ..) = merged([first, last, middle]);
    assert_eq!(event.rule.as_deref(), Some("middle"));
    assert_eq!(event.connection_status.as_deref(), Some("close"));
}

#[test]
fn a_duplicate_changes_nothing_but_the_earliest_arrival() {
    let mut again = record("close", 5, 5);
    again.arrival_time = Timestamp::from_seconds(900);
    again.raw = "<14>close 5 5".into();
    let (event, duplicates, near_duplicates) = merged([record("close", 5, 5), again]);
    assert_eq!((event.revision, duplicates, near_duplicates), (1, 1, 0));
    assert_eq!(event.arrival_time, Timestamp::from_seconds(900));
}

/// Two app connectors tell of the same moment in different words.
#[test]
fn a_near_duplicate_is_merged_and_counted() {
    let mut other = record("close", 5, 5);
    other.disposition = Some(Disposition::Allowed);
    let (event, duplicates, near_duplicates) = merged([record("close", 5, 5), other]);
    assert_eq!((event.revision, duplicates, near_duplicates), (2, 0, 1));
    assert_eq!(event.disposition, Some(Disposition::Allowed));
}

#[test]
fn only_tcp_connections_with_an_endpoint_can_be_joined() {
    let key = |event: &AccessEvent| {
        Connection::new(event.clone(), Timestamp::from_seconds(1), &RandomState::new(), &mut Names::default())
            .join_key()
    };
    let mut event = record("close", 5, 5);
    assert_eq!(key(&event), None);
    event.connector = Endpoint::new("198.51.100.7".parse().expect("an address"), 40_001);
    assert_eq!(key(&event), event.connector);
    event.ip_protocol = Some(17);
    assert_eq!(key(&event), None);
}

/// A port is pending in the first record and there in the second, whichever comes first: the address alone joins nothing.
#[test]
fn a_pending_port_is_filled_in_and_its_address_is_not_lost() {
    let address = "198.51.100.7".parse().ok();
    let mut open = record("open", 0, 1);
    open.set_connector(address, None);
    let mut active = record("active", 5, 2);
    active.set_connector(address, Some(40_001));
    let mut names = Names::default();
    let alone = Connection::new(open.clone(), Timestamp::from_seconds(1), &RandomState::new(), &mut names);
    assert_eq!((alone.join_key(), alone.event(&names).app_connector_address()), (None, address));
    for records in [[open.clone(), active.clone()], [active, open]] {
        let (event, ..) = merged(records);
        assert_eq!(event.connector, address.and_then(|address| Endpoint::new(address, 40_001)));
        assert_eq!(event.app_connector_address(), address);
    }
}

fn maybe<T: Clone + std::fmt::Debug + 'static>(values: Vec<T>) -> impl Strategy<Value = Option<T>> {
    prop_oneof![Just(None), prop::sample::select(values).prop_map(Some)]
}

fn any_record() -> impl Strategy<Value = AccessEvent> {
    (
        prop::sample::select(vec!["open", "active", "close"]),
        0_u64..4,
        maybe(vec![1, 2, 3]),
        maybe(vec!["allow", "deny"]),
        maybe(vec!["ana@example.com", "ben@example.com"]),
        maybe(vec![443_u16, 8_443]),
        maybe(vec![20, 30]),
        (0_i64..3, maybe(vec![100_u64, 200])),
    )
        .prop_map(|(status, total, log, rule, user, port, end, (start, policy_us))| {
            let mut event = record(status, total, 0);
            event.log_time = log.map(Timestamp::from_seconds);
            event.rule = rule.map(Into::into);
            event.user_name = user.map(Into::into);
            event.server_port = port;
            event.end_time = end.map(Timestamp::from_seconds);
            event.stamps.first_tx_connector = (start > 0).then(|| Timestamp::from_seconds(start));
            event.start_time = Timestamp::from_seconds(start);
            event.phases.policy_us = policy_us;
            event.raw = format!("{status} {total} {log:?} {rule:?} {user:?} {port:?} {end:?} {start}").into();
            event
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// INV-3 and INV-4 for one connection: any order, any doubling, the same event.
    #[test]
    fn merging_forgets_order_and_duplicates(
        (records, shuffled) in prop::collection::vec(any_record(), 1..8).prop_flat_map(|records| {
            let doubled: Vec<_> = records.iter().chain(&records).cloned().collect();
            (Just(records), Just(doubled).prop_shuffle())
        })
    ) {
        let (straight, ..) = merged(records.clone());
        let (other, ..) = merged(shuffled);
        prop_assert_eq!(straight, other);
    }
}
