mod faults;
mod fixture;
mod lines;
mod records;
mod recovery;

use std::sync::Arc;
use std::time::Duration;

use fanlight_log::StdDisk;
use fanlight_model::attribute as key;
use fanlight_otlp::{Attributes, Limits, scan};
use fanlight_runtime::{Clock, Ledger, Outcome};

use crate::{Append, Pressure, Settings, SpanRows, Store, Table};
use fixture::{
    Bench, START, batch, check_all, check_one, draft, event, frame, link, position, rows, span, trace, uid,
};

/// What was appended is read back the same from memory, from a part, and after a restart, to the last column.
#[test]
fn every_column_survives_memory_part_and_restart() {
    let bench = Bench::default();
    let (store, _) = bench.open();
    store.append(frame(1, 3)).expect("appended");
    check_all(&store, 1..2, 3);
    let hot = store.trace(trace(1)).expect("reads");
    let first = &hot.spans[0];
    assert_eq!((first.parent_span_id, first.start_time, first.duration_ns), (None, START, 250_000));
    assert_eq!((first.kind.as_str(), first.status_code.as_str()), ("server", "unset"));
    assert_eq!((first.service_name.as_deref(), first.http_status), (Some("shop"), Some(200)));
    assert_eq!(
        (first.http_route.as_deref(), first.scope_name.as_deref()),
        (Some("/orders/{id}"), Some("scope"))
    );
    assert_eq!(first.resource[1], ("host.name".to_owned(), "app.example.com".to_owned()));
    assert_eq!(hot.spans[1].parent_span_id, Some(span(0)));

    assert_eq!(store.seal().expect("sealed"), Some(position(1)));
    assert_eq!(store.trace(trace(1)).expect("reads"), hot);
    drop(store);
    let (store, report) = bench.open();
    assert_eq!((report.committed, report.parts, report.rows), (position(1), 3, 5));
    assert_eq!(store.trace(trace(1)).expect("reads"), hot);
    assert_eq!(store.trace(trace(2)).expect("reads"), crate::TraceRows::default());
}

/// Of both conventions the stable one counts whatever the order on the wire; of equal keys the last; additions come last.
#[test]
fn derived_columns_follow_the_stable_convention_first() {
    let bench = Bench::default();
    let (store, _) = bench.open();
    let mut old = draft(1, 0);
    old.attributes = Attributes::default();
    old.attributes.push_str(key::HTTP_STATUS_CODE, "503");
    old.attributes.push_str(key::NET_HOST_NAME, "old.example.com");
    old.attributes.push_str(key::NET_SOCK_PEER_ADDR, "192.0.2.1");
    old.attributes.push_str(key::NET_PEER_PORT, "4001");
    let mut both = draft(1, 1);
    both.attributes = Attributes::default();
    both.attributes.push_int(key::HTTP_RESPONSE_STATUS_CODE, 404);
    both.attributes.push_int(key::HTTP_STATUS_CODE, 500);
    both.attributes.push_str(key::NET_HOST_NAME, "old.example.com");
    both.attributes.push_str(key::SERVER_ADDRESS, "new.example.com");
    both.attributes.push_str(key::NET_PEER_IP, "192.0.2.2");
    both.attributes.push_str(key::NETWORK_PEER_ADDRESS, "192.0.2.3");
    both.attributes.push_int(key::NETWORK_PEER_PORT, 4_002);
    both.attributes.push_str("twice", "first");
    both.attributes.push_double("ratio", 0.5);
    both.attributes.push_str_list("list", &["a", "b"]);
    both.attributes.push_str("twice", "second");
    let mut additions = Attributes::default();
    additions.push_str(key::USER_ID, "fl:default:h:abc");
    let spans =
        vec![SpanRows { batch: batch(&[old, both]), additions: vec![(1, additions)], synthetic: false }];
    store.append(Append { position: position(1), spans, ..Append::default() }).expect("appended");

    let found = store.trace(trace(1)).expect("reads").spans;
    let told = |row: &crate::SpanRow| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        (row.http_status, text(&row.server_address), text(&row.peer_address), row.peer_port)
    };
    let text = str::to_owned;
    assert_eq!(told(&found[0]), (Some(503), text("old.example.com"), text("192.0.2.1"), Some(4_001)));
    assert_eq!(told(&found[1]), (Some(404), text("new.example.com"), text("192.0.2.3"), Some(4_002)));
    let tail: Vec<_> = found[1].attributes.iter().rev().take(4).rev().collect();
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let expected = [
        pair("ratio", "0.5"),
        pair("list", "[\"a\",\"b\"]"),
        pair("twice", "second"),
        pair(key::USER_ID, "fl:default:h:abc"),
    ];
    assert_eq!(tail, expected.iter().collect::<Vec<_>>());
}

/// A status comes from the wire's numbers, and of sixty attributes with one key fifty-nine are gone.
#[test]
fn status_and_many_equal_keys_are_read_from_the_wire() {
    let field = |tag: u8, bytes: &[u8]| {
        let mut field = vec![tag];
        let mut length = bytes.len();
        while length > 127 {
            field.push((length % 128) as u8 | 128);
            length /= 128;
        }
        field.push(length as u8);
        field.extend_from_slice(bytes);
        field
    };
    let mut message = [field(0x0a, &trace(1).0), field(0x12, &span(0).0), field(0x2a, b"n")].concat();
    for number in 0_u8..60 {
        let value = field(0x0a, &[b'0' + number % 10]);
        message.extend(field(0x4a, &[field(0x0a, b"k"), field(0x12, &value)].concat()));
    }
    message.extend(field(0x7a, &[field(0x12, b"broken"), vec![0x18, 2]].concat()));
    let request = field(0x0a, &field(0x12, &field(0x12, &message)));
    let batch = scan(&request.into(), &Limits::default()).expect("scans");
    let bench = Bench::default();
    let (store, _) = bench.open();
    let spans = vec![SpanRows { batch, additions: Vec::new(), synthetic: true }];
    store.append(Append { position: position(1), spans, ..Append::default() }).expect("appended");
    let found = &store.trace(trace(1)).expect("reads").spans[0];
    assert_eq!((found.status_code.as_str(), found.status_message.as_deref()), ("error", Some("broken")));
    assert_eq!(found.attributes, [("k".to_owned(), "9".to_owned())]);
    assert!(found.synthetic);
}

/// A sender repeats a request, and a feed a record: each is stored once and counted once more.
#[test]
fn repeated_rows_are_stored_once_and_counted() {
    let bench = Bench::default();
    let (store, _) = bench.open();
    store.append(frame(1, 5)).expect("appended");
    store.append(Append { position: position(2), ..frame(1, 5) }).expect("appended");
    store.seal().expect("sealed");
    store.append(Append { position: position(3), ..frame(1, 5) }).expect("appended");
    check_all(&store, 1..2, 5);
    let count = |record, outcome| bench.ledger.get("store", record, outcome, "");
    for (record, rows) in [("span", 5), ("access_event", 1), ("link", 1)] {
        assert_eq!(count(record, Outcome::Stored), rows, "{record}");
        assert_eq!(count(record, Outcome::Duplicate), 2 * rows, "{record}");
    }
}

/// The repetition came after a restart, with another answer of the join: the trace view still shows one span, the richer one.
#[test]
fn a_repetition_that_was_stored_twice_is_shown_once() {
    let bench = Bench::default();
    let plain = |position| Append { position, spans: vec![rows(&[draft(1, 0)])], ..Append::default() };
    let (store, _) = bench.open();
    store.append(plain(position(1))).expect("appended");
    store.seal().expect("sealed");
    let (store, _) = bench.open();
    let mut again = plain(position(2));
    let mut additions = Attributes::default();
    additions.push_str(key::ACCESS_PRODUCT, "zpa");
    again.spans[0].additions = vec![(0, additions)];
    store.append(again).expect("appended");
    assert_eq!(store.snapshot().row_count(Table::Spans), 2);
    let found = store.trace(trace(1)).expect("reads").spans;
    assert_eq!(found.len(), 1);
    assert!(found[0].attributes.iter().any(|(key, _)| key == key::ACCESS_PRODUCT));
    // The same id with other content is another matter: both are shown.
    let mut other = draft(1, 0);
    other.name = "something else".to_owned();
    store
        .append(Append { position: position(3), spans: vec![rows(&[other])], ..Append::default() })
        .expect("appended");
    assert_eq!(store.trace(trace(1)).expect("reads").spans.len(), 2);
}

/// Spans of one trace lie in three parts and in the hot tail; a later revision of its link and of its event is in force.
#[test]
fn a_trace_is_put_together_from_parts_and_memory() {
    let bench = Bench {
        settings: Settings { bloom_bytes: 40, ..Settings::new(fixture::DIRECTORY) },
        ..Bench::default()
    };
    let (store, _) = bench.open();
    for number in 0..4_u64 {
        let mut append = frame(100 + number, 3);
        append.position = position(number + 1);
        append.spans.push(rows(&[draft(1, number)]));
        append.links.push(link(1, number + 1));
        append.events.push(Arc::new(event(1, number + 1)));
        store.append(append).expect("appended");
        if number < 3 {
            store.seal().expect("sealed");
        }
    }
    assert_eq!(store.snapshot().parts(Table::Spans).len(), 3);
    let resident =
        store.shared.state().parts[&Table::Spans].iter().filter(|stored| stored.bloom.is_some()).count();
    assert!(resident < 3, "the budget is too small for all filters");
    for store in [store, bench.open().0] {
        let found = store.trace(trace(1)).expect("reads");
        let known = store.snapshot().row_count(Table::Spans) / 4;
        assert_eq!(found.spans.len() as u64, known);
        assert_eq!(found.links, [link(1, known)]);
        assert_eq!(found.events, [event(1, known)]);
        check_one(&store, 101, 3);
    }
}

/// Seals run all the time while frames come: every look sees every appended row exactly once.
#[test]
fn a_seal_hides_no_row_and_shows_none_twice() {
    let bench = Bench::default();
    let (store, _) = bench.open();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Acquire) {
                store.seal().expect("sealed");
            }
        });
        // Also where an assertion fails: the other thread would seal for ever.
        let _ends = SetOnDrop(&done);
        for number in 1..=60 {
            store.append(frame(number, 7)).expect("appended");
            let snapshot = store.snapshot();
            assert_eq!(snapshot.row_count(Table::Spans), number * 7);
            assert_eq!(snapshot.row_count(Table::Links), number);
            check_one(&store, number, 7);
        }
    });
    store.seal().expect("sealed");
    check_all(&store, 1..61, 7);
}

struct SetOnDrop<'a>(&'a std::sync::atomic::AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, std::sync::atomic::Ordering::Release);
    }
}

/// A part is a plain Parquet file in trace order, in pages of at most 4 096 rows, and says so.
#[test]
fn parts_are_readable_without_fanlight() {
    use datafusion::arrow::array::AsArray;
    use datafusion::parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
    use datafusion::parquet::file::metadata::PageIndexPolicy;

    let folder = tempfile::tempdir().expect("temp dir");
    let settings = Settings::new(folder.path());
    let (store, _) =
        Store::open(settings, Clock::manual(START), Ledger::default(), Arc::new(StdDisk)).expect("opens");
    for number in 1..=3_000 {
        store.append(frame(number, 3)).expect("appended");
    }
    store.seal().expect("sealed");
    let snapshot = store.snapshot();
    let part = &snapshot.parts(Table::Spans)[0];
    assert_eq!(part.path.parent(), Some(folder.path().join("spans/2026-11-22T07").as_path()));
    assert_eq!((part.rows, part.min_time, part.max_time), (9_000, START, START.shifted(2_000_000)));
    assert_eq!(part.bytes, std::fs::metadata(&part.path).expect("a file").len());

    let file = std::fs::File::open(&part.path).expect("opens");
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
    let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).expect("footer");
    assert_eq!(reader.schema().fields(), Table::Spans.schema().fields());
    let parquet = Arc::clone(reader.metadata());
    assert_eq!(parquet.row_group(0).sorting_columns().map(Vec::len), Some(2));
    let pages = parquet.offset_index().expect("page index")[0][0].page_locations().len();
    assert_eq!(pages, 3);
    let mut last = Vec::new();
    for batch in reader.build().expect("reads") {
        let batch = batch.expect("rows");
        for id in batch.column(0).as_fixed_size_binary().iter().flatten() {
            assert!(last.as_slice() <= id, "sorted by trace");
            last = id.to_vec();
        }
    }
    for number in [1, 1_500, 3_000] {
        check_one(&store, number, 3);
    }
}

/// The tail says when it is full or old; a seal makes room; a committed frame that is replayed adds nothing.
#[test]
fn pressure_rises_with_rows_and_age_and_falls_with_a_seal() {
    let settings = Settings { hot_max_rows: 10, ..Settings::new(fixture::DIRECTORY) };
    let bench = Bench { settings, ..Bench::default() };
    let (store, _) = bench.open();
    assert_eq!(store.append(frame(1, 3)).expect("appended"), Pressure::Calm);
    assert_eq!(store.seal_if_due().expect("not due"), None);
    assert_eq!(store.append(frame(2, 3)).expect("appended"), Pressure::SealDue);
    assert_eq!(store.append(frame(3, 8)).expect("appended"), Pressure::Full);
    assert_eq!(store.seal_if_due().expect("sealed"), Some(position(3)));
    assert_eq!((store.pressure(), store.committed()), (Pressure::Calm, position(3)));
    store.append(frame(2, 3)).expect("appended");
    assert_eq!(store.snapshot().row_count(Table::Spans), 14);
    store.append(frame(4, 1)).expect("appended");
    bench.clock.advance(Duration::from_secs(301));
    assert_eq!(store.seal_if_due().expect("sealed"), Some(position(4)));
    assert_eq!(store.seal().expect("nothing to do"), None);
    assert!(store.trace(trace(4)).expect("reads").events.iter().all(|event| event.event_uid == uid(4)));
}
