//! Arbitrary requests, and the same requests in odd but legal bytes.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use proptest::collection::vec;
use proptest::prelude::*;

pub(crate) fn requests() -> impl Strategy<Value = ExportTraceServiceRequest> {
    vec(resource_spans(), 0..4).prop_map(|resource_spans| ExportTraceServiceRequest { resource_spans })
}

fn resource_spans() -> impl Strategy<Value = ResourceSpans> {
    let resource =
        (vec(attribute(), 0..5), any::<u32>()).prop_map(|(attributes, dropped_attributes_count)| Resource {
            attributes,
            dropped_attributes_count,
            ..Resource::default()
        });
    (proptest::option::of(resource), vec(scope_spans(), 0..3), text())
        .prop_map(|(resource, scope_spans, schema_url)| ResourceSpans { resource, scope_spans, schema_url })
}

fn scope_spans() -> impl Strategy<Value = ScopeSpans> {
    let scope = (text(), text(), vec(attribute(), 0..3)).prop_map(|(name, version, attributes)| {
        InstrumentationScope { name, version, attributes, ..InstrumentationScope::default() }
    });
    (proptest::option::of(scope), vec(span(), 0..5), text())
        .prop_map(|(scope, spans, schema_url)| ScopeSpans { scope, spans, schema_url })
}

fn span() -> impl Strategy<Value = Span> {
    let ids = (1_u128.., 1_u64.., proptest::option::of(any::<u64>()));
    let times = (any::<u64>(), any::<u64>(), any::<u32>());
    let content = (text(), text(), 0..7_i32, vec(attribute(), 0..8), vec(event(), 0..3), vec(link(), 0..3));
    (ids, times, content, proptest::option::of((text(), 0..3_i32))).prop_map(
        |(ids, times, content, status)| Span {
            trace_id: ids.0.to_be_bytes().to_vec(),
            span_id: ids.1.to_be_bytes().to_vec(),
            parent_span_id: ids.2.map(|id| id.to_be_bytes().to_vec()).unwrap_or_default(),
            start_time_unix_nano: times.0,
            end_time_unix_nano: times.1,
            flags: times.2,
            name: content.0,
            trace_state: content.1,
            kind: content.2,
            attributes: content.3,
            events: content.4,
            links: content.5,
            status: status.map(|(message, code)| Status { message, code }),
            dropped_attributes_count: times.2 / 3,
            ..Span::default()
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    (any::<u64>(), text(), vec(attribute(), 0..3)).prop_map(|(time_unix_nano, name, attributes)| Event {
        time_unix_nano,
        name,
        attributes,
        dropped_attributes_count: 0,
    })
}

fn link() -> impl Strategy<Value = Link> {
    (vec(any::<u8>(), 0..20), text(), vec(attribute(), 0..3)).prop_map(
        |(trace_id, trace_state, attributes)| Link { trace_id, trace_state, attributes, ..Link::default() },
    )
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-z.]{1,12}", "\\PC{0,6}", "[a-z]{150}"]
}

fn attribute() -> impl Strategy<Value = KeyValue> {
    let known = prop::sample::select(vec![
        "network.peer.address",
        "network.peer.port",
        "net.peer.ip",
        "server.port",
        "service.name",
        "k8s.pod.ip",
        "host.ip",
    ]);
    let key = prop_oneof![text(), known.prop_map(str::to_owned)];
    (key, proptest::option::of(any_value())).prop_map(|(key, value)| KeyValue {
        key,
        value,
        ..KeyValue::default()
    })
}

fn any_value() -> impl Strategy<Value = AnyValue> {
    let leaf = prop_oneof![
        Just(None),
        any::<bool>().prop_map(|value| Some(Value::BoolValue(value))),
        any::<i64>().prop_map(|value| Some(Value::IntValue(value))),
        any::<u16>().prop_map(|value| Some(Value::StringValue(value.to_string()))),
        (0..70_000_i64).prop_map(|value| Some(Value::IntValue(value))),
        any::<f64>().prop_map(|value| Some(Value::DoubleValue(value))),
        text().prop_map(|value| Some(Value::StringValue(value))),
        vec(any::<u8>(), 0..9).prop_map(|value| Some(Value::BytesValue(value))),
    ]
    .prop_map(|value| AnyValue { value });
    leaf.prop_recursive(4, 12, 3, |inner| {
        let pair = (text(), proptest::option::of(inner.clone())).prop_map(|(key, value)| KeyValue {
            key,
            value,
            ..KeyValue::default()
        });
        prop_oneof![
            vec(inner, 0..4).prop_map(|values| Value::ArrayValue(ArrayValue { values })),
            vec(pair, 0..4).prop_map(|values| Value::KvlistValue(KeyValueList { values })),
        ]
        .prop_map(|value| AnyValue { value: Some(value) })
    })
}

/// A source of decisions that shrinks with the seed list.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % sides
    }
}

/// What stands in a length-delimited field.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Request,
    ResourceSpans,
    Resource,
    ScopeSpans,
    Scope,
    Span,
    Event,
    Link,
    Status,
    KeyValue,
    AnyValue,
    Array,
    Map,
    Leaf,
}

impl Kind {
    pub(crate) fn child(self, field: u64) -> Kind {
        match (self, field) {
            (Kind::Request, 1) => Kind::ResourceSpans,
            (Kind::ResourceSpans, 1) => Kind::Resource,
            (Kind::ResourceSpans, 2) => Kind::ScopeSpans,
            (Kind::ScopeSpans, 1) => Kind::Scope,
            (Kind::ScopeSpans, 2) => Kind::Span,
            (Kind::Span, 11) => Kind::Event,
            (Kind::Span, 13) => Kind::Link,
            (Kind::Span, 15) => Kind::Status,
            (Kind::Span, 9) | (Kind::Resource, 1) | (Kind::Scope, 3) | (Kind::Event, 3) | (Kind::Link, 4) => {
                Kind::KeyValue
            }
            (Kind::Map, 1) => Kind::KeyValue,
            (Kind::KeyValue, 2) | (Kind::Array, 1) => Kind::AnyValue,
            (Kind::AnyValue, 5) => Kind::Array,
            (Kind::AnyValue, 6) => Kind::Map,
            _ => Kind::Leaf,
        }
    }

    /// Fields that protobuf merges when they stand twice.
    fn is_merged(self, field: u64) -> bool {
        matches!(
            (self, field),
            (Kind::ResourceSpans | Kind::ScopeSpans, 1)
                | (Kind::Span, 15)
                | (Kind::KeyValue, 2)
                | (Kind::AnyValue, 5 | 6)
        )
    }
}

/// One field: its tag, its content, and for length-delimited ones what stands in it.
pub(crate) struct Field {
    pub(crate) tag: u64,
    pub(crate) content: Vec<u8>,
}

pub(crate) fn fields(mut bytes: &[u8]) -> Vec<Field> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let tag = prost::encoding::decode_varint(&mut bytes).unwrap();
        let length = match tag & 7 {
            0 => {
                let mut rest = bytes;
                prost::encoding::decode_varint(&mut rest).unwrap();
                bytes.len() - rest.len()
            }
            1 => 8,
            2 => usize::try_from(prost::encoding::decode_varint(&mut bytes).unwrap()).unwrap(),
            5 => 4,
            other => panic!("wire type {other}"),
        };
        found.push(Field { tag, content: bytes[..length].to_vec() });
        bytes = &bytes[length..];
    }
    found
}

/// The same message with its fields in another order, padded varints, unknown fields, and merged messages in pieces.
pub(crate) fn rework(kind: Kind, bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut pieces = Vec::new();
    for field in fields(bytes) {
        let number = field.tag >> 3;
        if field.tag & 7 != 2 || kind.child(number) == Kind::Leaf {
            pieces.push(field);
            continue;
        }
        let inner = kind.child(number);
        let content = rework(inner, &field.content, dice);
        if kind.is_merged(number) && dice.roll(3) == 0 {
            let parts = fields(&content);
            let cut = usize::try_from(dice.roll(parts.len() as u64 + 1)).unwrap();
            for part in [&parts[..cut], &parts[cut..]] {
                let mut content = Vec::new();
                part.iter().for_each(|field| write_field(field, &mut content, dice));
                pieces.push(Field { tag: field.tag, content });
            }
        } else {
            pieces.push(Field { tag: field.tag, content });
        }
    }
    if dice.roll(4) == 0 {
        pieces.push(unknown(dice));
    }
    for place in (1..pieces.len()).rev() {
        if dice.roll(3) == 0 {
            pieces.swap(place, usize::try_from(dice.roll(place as u64)).unwrap());
        }
    }
    let mut out = Vec::new();
    pieces.iter().for_each(|field| write_field(field, &mut out, dice));
    out
}

fn unknown(dice: &mut Dice) -> Field {
    // Not 1000, which is known: spans stood there before OTLP 0.15.
    let number = 1_001 + dice.roll(500_000);
    match dice.roll(4) {
        0 => Field { tag: number << 3, content: vec![0xff, 0x03] },
        1 => Field { tag: number << 3 | 1, content: vec![0xfe; 8] },
        2 => Field { tag: number << 3 | 2, content: vec![0xff; usize::try_from(dice.roll(200)).unwrap()] },
        _ => Field { tag: number << 3 | 5, content: vec![0xfd; 4] },
    }
}

fn write_field(field: &Field, out: &mut Vec<u8>, dice: &mut Dice) {
    write_varint(field.tag, out, dice, 5);
    if field.tag & 7 == 2 {
        write_varint(field.content.len() as u64, out, dice, 10);
    }
    out.extend_from_slice(&field.content);
}

fn write_varint(value: u64, out: &mut Vec<u8>, dice: &mut Dice, longest: usize) {
    let mut bytes = Vec::new();
    prost::encoding::encode_varint(value, &mut bytes);
    if dice.roll(8) == 0 {
        let padding = usize::try_from(dice.roll((longest - bytes.len()) as u64 + 1)).unwrap();
        for _ in 0..padding {
            *bytes.last_mut().unwrap() |= 0x80;
            bytes.push(0);
        }
    }
    out.extend_from_slice(&bytes);
}

/// Everything but the lengths of `ResourceSpans`, `ScopeSpans` and spans, with each span's additions where they belong.
pub(crate) fn flatten(kind: Kind, bytes: &[u8], additions: &mut dyn FnMut() -> Vec<u8>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let before = rest;
        let tag = prost::encoding::decode_varint(&mut rest).unwrap();
        let tag_bytes = &before[..before.len() - rest.len()];
        let child = kind.child(tag >> 3);
        if tag & 7 == 2 && matches!(child, Kind::ResourceSpans | Kind::ScopeSpans | Kind::Span) {
            let length = usize::try_from(prost::encoding::decode_varint(&mut rest).unwrap()).unwrap();
            let (content, tail) = rest.split_at(length);
            rest = tail;
            out.extend_from_slice(tag_bytes);
            if child == Kind::Span {
                out.extend_from_slice(content);
                out.extend(additions());
            } else {
                out.extend(flatten(child, content, additions));
            }
        } else {
            let one = fields_prefix(before);
            out.extend_from_slice(&before[..one]);
            rest = &before[one..];
        }
    }
    out
}

/// How long the first field is.
fn fields_prefix(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    let tag = prost::encoding::decode_varint(&mut rest).unwrap();
    let content = match tag & 7 {
        0 => {
            prost::encoding::decode_varint(&mut rest).unwrap();
            0
        }
        1 => 8,
        2 => usize::try_from(prost::encoding::decode_varint(&mut rest).unwrap()).unwrap(),
        _ => 4,
    };
    bytes.len() - rest.len() + content
}
