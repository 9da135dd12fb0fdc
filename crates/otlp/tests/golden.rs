//! Requests made by prost, one fault or oddity at a time.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the helpers of a test may fail it"
)]

use bytes::Bytes;
use fanlight_model::{SpanId, SpanKind, Timestamp, TraceId};
use fanlight_otlp::{
    Attributes, Batch, Limits, RefusalReason, ScanError, SpanDraft, Value, WireError, encode_request, only,
    scan, splice,
};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;

fn pair(key: &str, value: Any) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

fn text(key: &str, value: &str) -> KeyValue {
    pair(key, Any::StringValue(value.to_owned()))
}

fn good(number: u64) -> Span {
    Span {
        trace_id: vec![7; 16],
        span_id: number.to_be_bytes().to_vec(),
        name: format!("span {number}"),
        start_time_unix_nano: 1_000,
        end_time_unix_nano: 2_000,
        ..Span::default()
    }
}

fn request_of(resource: Resource, spans: Vec<Span>) -> ExportTraceServiceRequest {
    let scope = Some(InstrumentationScope { name: "shop".to_owned(), ..InstrumentationScope::default() });
    let scope_spans = vec![ScopeSpans { scope, spans, ..ScopeSpans::default() }];
    let resource_spans =
        vec![ResourceSpans { resource: Some(resource), scope_spans, ..ResourceSpans::default() }];
    ExportTraceServiceRequest { resource_spans }
}

fn scanned(bytes: impl Into<Bytes>) -> Batch {
    scan(&bytes.into(), &Limits::default()).expect("the framing is sound")
}

fn decoded(bytes: Bytes) -> ExportTraceServiceRequest {
    ExportTraceServiceRequest::decode(bytes).expect("prost reads what goes on")
}

fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    prost::encoding::encode_varint(content.len() as u64, &mut out);
    out.extend_from_slice(content);
    out
}

/// A request around one span given as bytes.
fn around(span: &[u8]) -> Vec<u8> {
    field(1, &field(2, &field(2, span)))
}

#[test]
fn a_batch_with_nothing_to_change_is_not_copied() {
    let bytes = Bytes::from(request_of(Resource::default(), vec![good(1)]).encode_to_vec());
    let batch = scanned(bytes.clone());
    assert_eq!(splice(&batch, &[]).as_ptr(), bytes.as_ptr());
    assert_eq!(
        splice(&batch, &[(0, Attributes::default()), (9, Attributes::default())]).as_ptr(),
        bytes.as_ptr()
    );
    assert!(!batch.is_altered());
}

/// Four hundred and ninety-nine good spans survive one bad one, whatever is wrong with it.
#[test]
fn one_bad_span_among_five_hundred_is_refused_alone() {
    let nested = |depth: u32| {
        (1..depth).fold(AnyValue::default(), |inner, _| AnyValue {
            value: Some(Any::ArrayValue(ArrayValue { values: vec![inner] })),
        })
    };
    let with = |attributes: Vec<KeyValue>| Span { attributes, ..good(250) };
    let deep = KeyValue { key: "deep".to_owned(), value: Some(nested(33)), ..KeyValue::default() };
    let plain = AnyValue { value: Some(Any::StringValue("v".to_owned())) };
    let maps = (1..33).fold(plain, |inner, _| {
        let pair = KeyValue { key: "k".to_owned(), value: Some(inner), ..KeyValue::default() };
        AnyValue { value: Some(Any::KvlistValue(KeyValueList { values: vec![pair] })) }
    });
    let deep_map = KeyValue { key: "deep".to_owned(), value: Some(maps), ..KeyValue::default() };
    let cases: [(RefusalReason, Span); 12] = [
        (RefusalReason::NoTraceId, Span { trace_id: vec![0; 16], ..good(250) }),
        (RefusalReason::NoTraceId, Span { trace_id: vec![], ..good(250) }),
        (RefusalReason::NoSpanId, Span { span_id: vec![0; 8], ..good(250) }),
        (RefusalReason::WrongIdLength, Span { trace_id: vec![1; 15], ..good(250) }),
        (RefusalReason::WrongIdLength, Span { parent_span_id: vec![1; 16], ..good(250) }),
        (RefusalReason::TooManyAttributes, with(vec![text("k", "v"); 1_025])),
        (RefusalReason::KeyTooLong, with(vec![text(&"k".repeat(1_025), "v")])),
        (RefusalReason::ValueTooLong, with(vec![text("k", &"v".repeat(65_537))])),
        (RefusalReason::TooDeep, with(vec![deep])),
        (RefusalReason::TooDeep, with(vec![deep_map])),
        (RefusalReason::TooManyEvents, Span { events: vec![Event::default(); 1_025], ..good(250) }),
        (RefusalReason::TooManyLinks, Span { links: vec![Link::default(); 1_025], ..good(250) }),
    ];
    for (reason, bad) in cases {
        let mut spans: Vec<_> = (1..=500).map(good).collect();
        spans[249] = bad;
        let batch = scanned(request_of(Resource::default(), spans.clone()).encode_to_vec());
        assert_eq!(batch.len(), 499, "{reason}");
        assert_eq!(batch.refused().iter().map(|refusal| refusal.reason).collect::<Vec<_>>(), [reason]);
        spans.remove(249);
        assert_eq!(decoded(splice(&batch, &[])), request_of(Resource::default(), spans));
    }
}

#[test]
fn what_stands_exactly_at_a_limit_is_kept() {
    // The deepest value that a map can make, in the place where decoders have the least depth left: an event's attribute.
    let deepest = (1..32).fold(AnyValue::default(), |inner, _| {
        let pair = KeyValue { key: "k".to_owned(), value: Some(inner), ..KeyValue::default() };
        AnyValue { value: Some(Any::KvlistValue(KeyValueList { values: vec![pair] })) }
    });
    let deepest = KeyValue { key: "deep".to_owned(), value: Some(deepest), ..KeyValue::default() };
    let span = Span {
        attributes: vec![text(&"k".repeat(1_024), &"v".repeat(65_536)); 1_024],
        events: vec![Event { attributes: vec![deepest], ..Event::default() }; 1_024],
        ..good(1)
    };
    let request = request_of(Resource::default(), vec![span]);
    let batch = scanned(request.encode_to_vec());
    assert_eq!((batch.len(), batch.refused()), (1, &[][..]));
    assert_eq!(decoded(splice(&batch, &[])), request);
}

/// A span whose own bytes are broken, in each of the ways that bytes can be.
#[test]
fn a_span_broken_within_its_length_is_refused_with_its_ids() {
    let tails: [&[u8]; 7] = [
        &[0x4a, 0x7f], // a length past the end
        &[0x39, 0x01], // half a fixed64
        &[0x30, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], // a varint of 11 bytes
        &[0x4b, 0x4c], // a group
        &[0x28, 0x01], // the name as a varint
        &[0x07],       // wire type 7
        &[0x02, 0x00], // field 0
    ];
    for tail in tails {
        let mut span = good(9).encode_to_vec();
        span.extend_from_slice(tail);
        let batch = scanned(around(&span));
        let refusal = batch.refused()[0];
        assert_eq!((batch.len(), refusal.reason), (0, RefusalReason::Malformed), "{tail:x?}");
        assert_eq!((refusal.trace_id, refusal.span_id), (TraceId([7; 16]), SpanId(9_u64.to_be_bytes())));
        assert_eq!(decoded(splice(&batch, &[])).resource_spans[0].scope_spans[0].spans, []);
    }
}

/// A resource that decoders would refuse takes its own spans with it, and nobody else's.
#[test]
fn a_broken_resource_or_scope_takes_only_its_own_spans() {
    let keep = request_of(
        Resource { attributes: vec![text("service.name", "kept")], ..Resource::default() },
        vec![good(1)],
    );
    let broken_piece = field(1, &[0x0a, 0x7f]);
    let spans = [field(2, &good(2).encode_to_vec()), field(2, &Span::default().encode_to_vec())].concat();
    let scope_spans = |inner: &[u8]| field(2, inner);
    let bad_resource = field(1, &[scope_spans(&spans), broken_piece.clone()].concat());
    let bad_scope = field(1, &scope_spans(&[spans, broken_piece].concat()));
    let batch = scanned([keep.encode_to_vec(), bad_resource, keep.encode_to_vec(), bad_scope].concat());
    let reasons: Vec<_> =
        batch.refused().iter().map(|refusal| (refusal.reason, refusal.span_id.is_zero())).collect();
    let [no_id, resource, scope] =
        [RefusalReason::NoTraceId, RefusalReason::BadResource, RefusalReason::BadScope];
    assert_eq!(reasons, [(no_id, true), (resource, false), (no_id, true), (scope, false)]);
    assert_eq!(
        batch.spans().map(|span| span.resource().service_name()).collect::<Vec<_>>(),
        [Some("kept"); 2]
    );
    let mut expected = keep.clone();
    expected.resource_spans.extend(keep.resource_spans);
    expected.resource_spans.push(ResourceSpans::default());
    assert_eq!(decoded(splice(&batch, &[])), expected);
}

#[test]
fn broken_framing_refuses_the_request_and_says_where() {
    let cases: [(&[u8], &str, usize, WireError); 6] = [
        (&[0x0a, 0x05], "ExportTraceServiceRequest", 1, WireError::Truncated),
        (&[0x08, 0x05], "ExportTraceServiceRequest", 1, WireError::WrongType),
        (&[0x0b], "ExportTraceServiceRequest", 1, WireError::Group),
        (&[0x0a, 0x02, 0x12, 0x05], "ResourceSpans", 3, WireError::Truncated),
        (&[0x0a, 0x04, 0x12, 0x02, 0x12, 0x05], "ScopeSpans", 5, WireError::Truncated),
        (b"{\"resourceSpans\":[]}", "ExportTraceServiceRequest", 1, WireError::Group),
    ];
    for (bytes, message, at, cause) in cases {
        let error = scan(&Bytes::copy_from_slice(bytes), &Limits::default()).expect_err("broken");
        assert_eq!(error, ScanError::Framing { message, at, cause });
    }
    let error = ScanError::Framing { message: "ScopeSpans", at: 5, cause: WireError::Truncated };
    assert_eq!(error.to_string(), "cannot read the framing of `ScopeSpans` at byte 5");
}

#[test]
fn caps_of_a_request_refuse_it_and_say_what_to_do() {
    let bytes = Bytes::from(request_of(Resource::default(), vec![good(1), good(2)]).encode_to_vec());
    let spans = Limits { max_spans_per_request: 1, ..Limits::default() };
    let error = scan(&bytes, &spans).expect_err("two spans");
    assert_eq!(error.to_string(), "the request has more than 1 spans; send smaller batches");
    let groups = Limits { max_groups_per_request: 0, ..Limits::default() };
    assert!(matches!(
        scan(&bytes, &groups),
        Err(ScanError::TooManyGroups { message: "ResourceSpans", limit: 0 })
    ));
    let span = Span { attributes: vec![text("k", "v"); 3], ..good(1) };
    let bytes = Bytes::from(request_of(Resource::default(), vec![span]).encode_to_vec());
    let values = Limits { max_values_per_request: 2, ..Limits::default() };
    assert!(matches!(scan(&bytes, &values), Err(ScanError::TooManyValues { limit: 2 })));
}

/// A valid request is cut at every byte. It is read or refused, and what is read goes on in a form that prost reads.
#[test]
fn a_request_cut_at_any_byte_does_no_harm() {
    let mut span = good(3);
    span.attributes = vec![
        text("k", "vé"),
        pair("list", Any::ArrayValue(ArrayValue { values: vec![AnyValue::default()] })),
    ];
    span.events = vec![Event { name: "e".to_owned(), attributes: vec![text("a", "b")], ..Event::default() }];
    span.status = Some(Status { message: "m".to_owned(), code: 2 });
    let resource = Resource { attributes: vec![text("service.name", "s")], ..Resource::default() };
    let whole = request_of(resource, vec![span.clone()]).encode_to_vec();
    for cut in 0..whole.len() {
        match scan(&Bytes::copy_from_slice(&whole[..cut]), &Limits::default()) {
            Ok(batch) => drop(decoded(splice(&batch, &[]))),
            Err(error) => {
                assert!(matches!(error, ScanError::Framing { cause: WireError::Truncated, .. }), "{error}")
            }
        }
    }
    // The same within the span's own length: the span is refused, or it was whole up to there.
    let span = span.encode_to_vec();
    for cut in 0..span.len() {
        let batch = scanned(around(&span[..cut]));
        assert_eq!(batch.len() + batch.refused().len(), 1);
        drop(decoded(splice(&batch, &[])));
    }
}

/// What a request shows with one text replaced.
type Place = (&'static str, fn(&mut ExportTraceServiceRequest, &str));

fn span_of(request: &mut ExportTraceServiceRequest) -> &mut Span {
    &mut request.resource_spans[0].scope_spans[0].spans[0]
}

fn resource_of(request: &mut ExportTraceServiceRequest) -> &mut Resource {
    request.resource_spans[0].resource.as_mut().expect("made with one")
}

const TEXTS: [Place; 17] = [
    ("name", |request, text| span_of(request).name = text.to_owned()),
    ("trace state", |request, text| span_of(request).trace_state = text.to_owned()),
    ("key", |request, word| span_of(request).attributes.push(text(word, "v"))),
    ("value", |request, word| span_of(request).attributes.push(text("k", word))),
    ("element", |request, word| {
        let element = AnyValue { value: Some(Any::StringValue(word.to_owned())) };
        span_of(request).attributes.push(pair("k", Any::ArrayValue(ArrayValue { values: vec![element] })));
    }),
    ("inner key", |request, word| {
        let values = vec![text(word, "v")];
        span_of(request).attributes.push(pair("k", Any::KvlistValue(KeyValueList { values })));
    }),
    ("status", |request, text| span_of(request).status = Some(Status { message: text.to_owned(), code: 2 })),
    ("event", |request, text| {
        span_of(request).events.push(Event { name: text.to_owned(), ..Event::default() })
    }),
    ("event value", |request, word| {
        span_of(request).events.push(Event { attributes: vec![text("k", word)], ..Event::default() });
    }),
    ("link state", |request, text| {
        span_of(request).links.push(Link { trace_state: text.to_owned(), ..Link::default() })
    }),
    ("link value", |request, word| {
        span_of(request).links.push(Link { attributes: vec![text("k", word)], ..Link::default() });
    }),
    ("scope name", |request, text| {
        let scope = request.resource_spans[0].scope_spans[0].scope.as_mut().expect("made with one");
        scope.name = text.to_owned();
    }),
    ("scope schema", |request, text| request.resource_spans[0].scope_spans[0].schema_url = text.to_owned()),
    ("resource schema", |request, text| request.resource_spans[0].schema_url = text.to_owned()),
    ("resource key", |request, word| resource_of(request).attributes.push(text(word, "v"))),
    ("resource value", |request, word| resource_of(request).attributes.push(text("service.name", word))),
    ("entity", |request, text| {
        let entity = EntityRef { id_keys: vec![text.to_owned()], ..EntityRef::default() };
        resource_of(request).entity_refs.push(entity);
    }),
];

/// Invalid UTF-8 anywhere costs nothing but the bytes themselves: the span goes on, mended and marked.
#[test]
fn invalid_text_is_mended_wherever_it_stands() {
    const MARKER: &str = "\u{1}broken\u{1}";
    for (place, put) in TEXTS {
        let mut request = request_of(Resource::default(), vec![good(1)]);
        let mut sound = request.clone();
        put(&mut request, MARKER);
        put(&mut sound, "?broken?");
        let mut bytes = request.encode_to_vec();
        let at = bytes.windows(MARKER.len()).position(|window| window == MARKER.as_bytes()).expect("encoded");
        bytes[at] = 0xff;
        bytes[at + 7] = 0xc3;
        assert!(ExportTraceServiceRequest::decode(&bytes[..]).is_err(), "{place}: prost refuses it all");
        let batch = scanned(bytes.clone());
        assert_eq!((batch.len(), batch.repaired()), (1, 1), "{place}");
        assert!(batch.span(0).is_repaired());
        assert_eq!(batch.bytes.len(), bytes.len());
        span_of(&mut sound).attributes.push(pair("fanlight.repaired", Any::BoolValue(true)));
        assert_eq!(decoded(splice(&batch, &[])), sound, "{place}");
    }
}

/// A mended span that already bears the mark is not marked twice.
#[test]
fn a_mark_from_another_fanlight_is_enough() {
    let mut span = good(1);
    span.end_time_unix_nano = 1;
    let once = splice(&scanned(request_of(Resource::default(), vec![span]).encode_to_vec()), &[]);
    let batch = scanned(once.clone());
    assert_eq!(batch.repaired(), 1);
    assert_eq!(splice(&batch, &[]), once);
}

#[test]
fn odd_times_are_shown_in_order_and_sent_on_as_they_came() {
    for (start, end, shown, mended) in [
        (0, 0, (0, 0), false),
        (0, 5, (0, 5), false),
        (9, 5, (9, 9), true),
        (9, 0, (9, 9), true),
        (u64::MAX, u64::MAX, (i64::MAX, i64::MAX), true),
        (9, 1 << 63, (9, i64::MAX), true),
    ] {
        let span = Span { start_time_unix_nano: start, end_time_unix_nano: end, ..good(1) };
        let batch = scanned(request_of(Resource::default(), vec![span]).encode_to_vec());
        let view = batch.span(0);
        assert_eq!(
            (view.start(), view.end()),
            (Timestamp::from_nanos(shown.0), Timestamp::from_nanos(shown.1))
        );
        assert_eq!((view.is_repaired(), batch.repaired()), (mended, usize::from(mended)));
        let onward = decoded(splice(&batch, &[])).resource_spans[0].scope_spans[0].spans[0].clone();
        assert_eq!((onward.start_time_unix_nano, onward.end_time_unix_nano), (start, end));
    }
}

/// Of equal keys the last on the wire is in force, for spans and for resources cut in two.
#[test]
fn the_last_of_equal_keys_is_in_force() {
    let first = Resource {
        attributes: vec![text("service.name", "old"), text("host.ip", "192.0.2.1")],
        ..Resource::default()
    };
    let ips = ["192.0.2.2", "192.0.2.3"].map(|ip| AnyValue { value: Some(Any::StringValue(ip.to_owned())) });
    let ips = Any::ArrayValue(ArrayValue { values: ips.to_vec() });
    let second = Resource {
        attributes: vec![text("service.name", "new"), pair("host.ip", ips)],
        ..Resource::default()
    };
    let mut span = good(1);
    span.attributes = vec![
        text("net.peer.port", "1"),
        text("network.peer.address", "192.0.2.9"),
        pair("net.peer.port", Any::IntValue(70_000)),
        text("network.peer.port", "443"),
        pair("net.peer.port", Any::IntValue(8_080)),
    ];
    let spans = field(2, &field(2, &span.encode_to_vec()));
    let group = [field(1, &first.encode_to_vec()), spans, field(1, &second.encode_to_vec())].concat();
    let batch = scanned(field(1, &group));
    let view = batch.span(0);
    assert_eq!(view.join().net_peer_port, Some(8_080));
    assert_eq!(view.join().network_peer_port, Some(443));
    assert_eq!(view.join().network_peer_address, Some("192.0.2.9"));
    assert_eq!(view.attribute("net.peer.port"), Some(Value::Int(8_080)));
    assert_eq!(view.attribute("net.peer.name"), None);
    assert_eq!(view.attributes().count(), 5);
    assert_eq!(view.resource().service_name(), Some("new"));
    assert_eq!(view.resource().host_ips().collect::<Vec<_>>(), ["192.0.2.2", "192.0.2.3"]);
    assert_eq!(view.resource().attributes().count(), 4);
}

#[test]
fn values_read_as_text_or_canonical_json() {
    let any = |value| AnyValue { value: Some(value) };
    let list = vec![
        any(Any::IntValue(-1)),
        any(Any::DoubleValue(2.5)),
        AnyValue::default(),
        any(Any::BytesValue(vec![255])),
    ];
    let list = Any::ArrayValue(ArrayValue { values: list });
    let map =
        vec![text("z", "\"quoted\""), text("a", "old"), pair("b", list), pair("a", Any::BoolValue(true))];
    let mut span = good(1);
    span.attributes = vec![
        text("text", "plain"),
        pair("int", Any::IntValue(i64::MIN)),
        pair("bool", Any::BoolValue(false)),
        pair("bytes", Any::BytesValue(b"foo".to_vec())),
        pair("map", Any::KvlistValue(KeyValueList { values: map })),
        KeyValue { key: "nothing".to_owned(), ..KeyValue::default() },
    ];
    let batch = scanned(request_of(Resource::default(), vec![span]).encode_to_vec());
    let read: Vec<_> = batch.span(0).attributes().map(|(_, value)| value.to_text().into_owned()).collect();
    let map = r#"{"a":true,"b":[-1,2.5,null,"/w=="],"z":"\"quoted\""}"#;
    assert_eq!(read, ["plain", "-9223372036854775808", "false", "Zm9v", map, ""]);
}

#[test]
fn a_draft_is_encoded_as_prost_would() {
    let mut attributes = Attributes::default();
    attributes.push_bool("fanlight.synthetic", true);
    attributes.push_str_list("fanlight.access.effects", &["throttled", "inspected"]);
    let mut resource = Attributes::default();
    resource.push_str("service.name", "fanlight");
    let draft = SpanDraft {
        trace_id: TraceId([1; 16]),
        span_id: SpanId([2; 8]),
        parent: SpanId([3; 8]),
        name: "zpa access".to_owned(),
        kind: SpanKind::Internal,
        start: Timestamp::from_nanos(10),
        end: Timestamp::from_nanos(20),
        attributes,
        has_failed: true,
        links: vec![(TraceId([4; 16]), SpanId([5; 8]))],
    };
    let effects = ["throttled", "inspected"]
        .map(|effect| AnyValue { value: Some(Any::StringValue(effect.to_owned())) });
    let span = Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        parent_span_id: vec![3; 8],
        name: "zpa access".to_owned(),
        kind: 1,
        start_time_unix_nano: 10,
        end_time_unix_nano: 20,
        attributes: vec![
            pair("fanlight.synthetic", Any::BoolValue(true)),
            pair("fanlight.access.effects", Any::ArrayValue(ArrayValue { values: effects.to_vec() })),
        ],
        links: vec![Link { trace_id: vec![4; 16], span_id: vec![5; 8], ..Link::default() }],
        status: Some(Status { code: 2, ..Status::default() }),
        ..Span::default()
    };
    let expected = request_of(
        Resource { attributes: vec![text("service.name", "fanlight")], ..Resource::default() },
        vec![span],
    );
    assert_eq!(encode_request(&resource, "shop", &[draft]), expected.encode_to_vec());
}

/// A span past the end is one of which nothing is known; it does not end the process.
#[test]
fn a_span_past_the_end_is_absent() {
    let batch = scanned(Bytes::new());
    assert!(batch.is_empty());
    let span = batch.span(3);
    assert_eq!((span.name(), span.trace_id(), span.join()), ("", TraceId::default(), Default::default()));
    assert_eq!((span.attributes().count(), span.resource().service_name()), (0, None));
}

/// A sender from before OTLP 0.15 puts its spans under field 1000. They are read, and go on under the number that everybody knows.
#[test]
fn spans_under_the_field_of_old_are_kept_and_go_on_under_todays() {
    let request = request_of(Resource::default(), (1..=3).map(good).collect());
    let scope_spans = request.resource_spans[0].scope_spans[0].encode_to_vec();
    for tag in [vec![0xc2, 0x3e], vec![0xc2, 0xbe, 0x80, 0x00]] {
        let mut old = field(1, &Resource::default().encode_to_vec());
        old.extend_from_slice(&tag);
        prost::encoding::encode_varint(scope_spans.len() as u64, &mut old);
        old.extend_from_slice(&scope_spans);
        let batch = scanned(field(1, &old));
        assert_eq!((batch.len(), batch.counts().spans, batch.repaired()), (3, 3, 0));
        assert_eq!(batch.span(1).scope_name(), "shop");
        assert_eq!(decoded(splice(&batch, &[])), request);
        let mut added = Attributes::default();
        added.push_str("user.id", "p-1");
        let spliced = decoded(splice(&batch, &[(1, added)]));
        assert_eq!(spliced.resource_spans[0].scope_spans[0].spans[1].attributes, [text("user.id", "p-1")]);
    }
}

/// A part of a request's spans is a request with the same resources and scopes.
#[test]
fn some_spans_alone_are_a_request_of_their_own() {
    let mut request = request_of(Resource::default(), (1..=5).map(good).collect());
    let second =
        request_of(Resource { attributes: vec![text("a", "b")], ..Resource::default() }, vec![good(6)]);
    request.resource_spans.extend(second.resource_spans);
    let mut with_a_bad_one = request.clone();
    with_a_bad_one.resource_spans[0].scope_spans[0].spans.insert(2, Span::default());
    let batch = scanned(with_a_bad_one.encode_to_vec());
    for (from, to) in [(0, 6), (0, 1), (2, 4), (5, 6), (3, 3)] {
        let mut expected = request.clone();
        expected.resource_spans[0].scope_spans[0].spans =
            (from.min(5)..to.min(5)).map(|at| good(at as u64 + 1)).collect();
        if !(from..to).contains(&5) {
            expected.resource_spans[1].scope_spans[0].spans.clear();
        }
        assert_eq!(decoded(only(&batch, from..to)), expected, "{from}..{to}");
    }
}
