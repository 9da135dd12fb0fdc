//! JSON bodies, one oddity at a time, beside what protobuf says the same request is.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the helpers of a test may fail it"
)]

use fanlight_otlp::{JsonError, Limits, RefusalReason, ScanError, Transcoded, scan, splice, transcode_json};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

const LIMIT: usize = 64 << 20;

fn transcoded(json: impl AsRef<[u8]>) -> Transcoded {
    transcode_json(json.as_ref(), &Limits::default(), LIMIT).expect("a request")
}

fn failed(json: impl AsRef<[u8]>) -> JsonError {
    transcode_json(json.as_ref(), &Limits::default(), LIMIT).expect_err("no request")
}

fn decoded(json: impl AsRef<[u8]>) -> ExportTraceServiceRequest {
    let Transcoded { bytes, refused, .. } = transcoded(json);
    assert_eq!(refused, []);
    ExportTraceServiceRequest::decode(bytes).expect("prost reads it")
}

fn around(spans: &str) -> String {
    format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{spans}]}}]}}]}}"#)
}

const IDS: &str = r#""traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"a1a2a3a4a5a6a7a8""#;

/// One good span with this beside its ids.
fn with(fields: &str) -> String {
    let comma = if fields.is_empty() { "" } else { "," };
    around(&format!("{{{IDS}{comma}{fields}}}"))
}

fn span(fields: &str) -> Span {
    decoded(with(fields)).resource_spans[0].scope_spans[0].spans[0].clone()
}

fn value(json: &str) -> Option<Value> {
    let span = span(&format!(r#""attributes":[{{"key":"k","value":{json}}}]"#));
    span.attributes[0].value.clone().and_then(|any| any.value)
}

/// The example of OpenTelemetry's own protocol page, by its shape: every message, in both spellings of every name.
#[test]
fn every_field_is_read_under_both_of_its_names() {
    let camel = r#"{"resourceSpans":[{
        "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}],"droppedAttributesCount":2,
            "entityRefs":[{"schemaUrl":"s","type":"host","idKeys":["host.id"],"descriptionKeys":["host.name"]}]},
        "scopeSpans":[{
            "scope":{"name":"lib","version":"1","attributes":[{"key":"a","value":{"boolValue":true}}],"droppedAttributesCount":1},
            "spans":[{
                "traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174","parentSpanId":"eee19b7ec3c1b173",
                "traceState":"a=b","name":"I'm a server span","kind":2,"flags":257,
                "startTimeUnixNano":"1544712660000000000","endTimeUnixNano":1544712661000000000,
                "attributes":[
                    {"key":"int","value":{"intValue":"-5"}},
                    {"key":"double","value":{"doubleValue":0.5}},
                    {"key":"bytes","value":{"bytesValue":"aGk="}},
                    {"key":"list","value":{"arrayValue":{"values":[{"stringValue":"x"},{"intValue":7}]}}},
                    {"key":"map","value":{"kvlistValue":{"values":[{"key":"y","value":{"stringValue":"z"}}]}}}],
                "droppedAttributesCount":3,
                "events":[{"timeUnixNano":"7","name":"e","attributes":[],"droppedAttributesCount":4}],
                "droppedEventsCount":5,
                "links":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","traceState":"c=d",
                    "attributes":[],"droppedAttributesCount":6,"flags":1}],
                "droppedLinksCount":7,
                "status":{"message":"broken","code":2}}],
            "schemaUrl":"https://example.com/a"}],
        "schemaUrl":"https://example.com/b"}]}"#;
    let request = decoded(camel);
    let group = &request.resource_spans[0];
    let span = &group.scope_spans[0].spans[0];
    assert_eq!(span.trace_id[..3], [0x5b, 0x8e, 0xff]);
    assert_eq!((span.kind, span.flags, span.start_time_unix_nano), (2, 257, 1_544_712_660_000_000_000));
    assert_eq!(span.attributes.len(), 5);
    assert_eq!((span.dropped_events_count, span.links[0].flags), (5, 1));
    assert_eq!(
        span.status.as_ref().map(|status| (status.code, status.message.as_str())),
        Some((2, "broken"))
    );
    assert_eq!(
        group.resource.as_ref().map(|resource| resource.entity_refs[0].id_keys[0].as_str()),
        Some("host.id")
    );
    assert_eq!(group.schema_url, "https://example.com/b");

    let snake: String = camel
        .split('"')
        .enumerate()
        .map(|(place, part)| {
            let is_key = place % 2 == 1 && part.bytes().all(|byte| byte.is_ascii_alphabetic());
            let underlined = part.chars().fold(String::new(), |mut name, letter| {
                if letter.is_ascii_uppercase() && is_key && !name.is_empty() {
                    name.push('_');
                }
                name.push(if is_key { letter.to_ascii_lowercase() } else { letter });
                name
            });
            // The ids have letters only by chance and digits always.
            if part.starts_with("EEE") || part.starts_with("5B") { part.to_owned() } else { underlined }
        })
        .collect::<Vec<_>>()
        .join("\"");
    assert!(snake.contains("start_time_unix_nano") && snake.contains("kvlist_value"), "{snake}");
    assert_eq!(decoded(snake), request);
}

/// The spans of senders from before OTLP 0.15.
#[test]
fn the_names_of_old_are_read() {
    for (spans, scope) in [
        ("instrumentationLibrarySpans", "instrumentationLibrary"),
        ("instrumentation_library_spans", "instrumentation_library"),
    ] {
        let json = format!(
            r#"{{"resourceSpans":[{{"{spans}":[{{"{scope}":{{"name":"old"}},"spans":[{{{IDS},"kind":"SPAN_KIND_SERVER","status":{{"code":"STATUS_CODE_ERROR"}}}}]}}]}}]}}"#
        );
        let request = decoded(json);
        let inner = &request.resource_spans[0].scope_spans[0];
        assert_eq!(inner.scope.as_ref().map(|scope| scope.name.as_str()), Some("old"));
        assert_eq!(
            (inner.spans[0].kind, inner.spans[0].status.as_ref().map(|status| status.code)),
            (2, Some(2))
        );
    }
}

#[test]
fn numbers_and_enumerations_are_read_in_all_their_forms() {
    for (json, nanos) in [("\"18446744073709551615\"", u64::MAX), ("17", 17), ("1.5e3", 1_500), ("\"0\"", 0)]
    {
        assert_eq!(span(&format!(r#""startTimeUnixNano":{json}"#)).start_time_unix_nano, nanos, "{json}");
    }
    for (json, kind) in [
        ("3", 3),
        ("\"3\"", 3),
        ("\"SPAN_KIND_CLIENT\"", 3),
        ("\"client\"", 3),
        ("-1", -1),
        ("99", 99),
        ("0", 0),
    ] {
        assert_eq!(span(&format!(r#""kind":{json}"#)).kind, kind, "{json}");
    }
    assert_eq!(value(r#"{"intValue":-9223372036854775808}"#), Some(Value::IntValue(i64::MIN)));
    assert_eq!(value(r#"{"intValue":"9223372036854775807"}"#), Some(Value::IntValue(i64::MAX)));
    assert_eq!(value(r#"{"doubleValue":"-Infinity"}"#), Some(Value::DoubleValue(f64::NEG_INFINITY)));
    assert_eq!(value(r#"{"doubleValue":"Infinity"}"#), Some(Value::DoubleValue(f64::INFINITY)));
    assert!(matches!(value(r#"{"doubleValue":"NaN"}"#), Some(Value::DoubleValue(number)) if number.is_nan()));
    assert_eq!(value(r#"{"doubleValue":3}"#), Some(Value::DoubleValue(3.0)));
    assert_eq!(value(r#"{"doubleValue":"2.5"}"#), Some(Value::DoubleValue(2.5)));
    assert_eq!(value(r#"{"bytesValue":"-_8"}"#), Some(Value::BytesValue(vec![0xfb, 0xff])));
}

#[test]
fn null_is_as_good_as_absent_and_unknown_fields_are_passed_over() {
    let plain = span("");
    assert_eq!(
        span(r#""name":null,"attributes":null,"status":null,"kind":null,"startTimeUnixNano":null"#),
        plain
    );
    assert_eq!(
        span(r#""new":{"a":[1,{"b":[[]]},"\"]"]},"newer":[],"newest":-1.5e+3,"x":true,"y":false"#),
        plain
    );
    assert_eq!(value("null"), None);
    assert_eq!(value("{}"), None);
    assert_eq!(value(r#"{"stringValue":null}"#), None);
    assert_eq!(value(r#"{"futureValue":[{}],"intValue":1}"#), Some(Value::IntValue(1)));
    let Some(Value::ArrayValue(list)) = value(r#"{"arrayValue":{"values":[{"intValue":1},null,{}]}}"#) else {
        panic!("an array");
    };
    assert_eq!(list.values.iter().map(|any| any.value.is_some()).collect::<Vec<_>>(), [true, false, false]);
    assert_eq!(decoded("{}"), ExportTraceServiceRequest::default());
    assert_eq!(decoded(r#" {"resourceSpans": null, "other": 1} "#), ExportTraceServiceRequest::default());
    assert_eq!(decoded(b"\xef\xbb\xbf{\"resourceSpans\":[]}\r\n"), ExportTraceServiceRequest::default());
}

/// As in protobuf: the last of what there can be one of, and all of a list.
#[test]
fn of_equal_keys_the_last_is_in_force_and_lists_go_on() {
    let twice = span(
        r#""name":"a","name":"b","attributes":[{"key":"x","value":{"intValue":1,"stringValue":"s"}}],"attributes":[{"key":"y"}]"#,
    );
    assert_eq!(twice.name, "b");
    assert_eq!(twice.attributes.iter().map(|pair| pair.key.as_str()).collect::<Vec<_>>(), ["x", "y"]);
    let inner = twice.attributes[0].value.clone().and_then(|any| any.value);
    assert_eq!(inner, Some(Value::StringValue("s".to_owned())));
}

#[test]
fn escapes_are_read_in_texts_and_in_keys() {
    assert_eq!(
        span(r#""na\u006de":"\u00dcber \ud83d\ude00 \"\\\/\b\f\n\r\t""#).name,
        "Über 😀 \"\\/\u{8}\u{c}\n\r\t"
    );
    let long = format!("{}\\n{}", "a".repeat(200), "b".repeat(20_000));
    assert_eq!(span(&format!(r#""name":"{long}""#)).name, long.replace("\\n", "\n"));
    assert_eq!(span(r#""traceState":"\u0000""#).trace_state, "\0");
}

/// Half a character is mended as invalid UTF-8 is: its span is kept, marked, and counted.
#[test]
fn a_lone_surrogate_and_invalid_utf8_are_mended_by_the_scan() {
    let mut json = with(r#""name":"a\ud83db""#).into_bytes();
    for damaged in [json.clone(), {
        let at = json.windows(6).position(|six| six == b"\\ud83d").unwrap();
        json.splice(at..at + 6, [0xc3]);
        json
    }] {
        let batch = scan(&transcoded(damaged).bytes, &Limits::default()).expect("sound");
        assert_eq!((batch.len(), batch.repaired()), (1, 1));
        assert_eq!(batch.span(0).name(), "a?b");
        let onward = ExportTraceServiceRequest::decode(splice(&batch, &[])).expect("valid again");
        assert_eq!(onward.resource_spans[0].scope_spans[0].spans[0].attributes[0].key, "fanlight.repaired");
    }
}

fn good(number: u32) -> String {
    format!(
        r#"{{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"{:016x}","name":"s{number}"}}"#,
        number + 1
    )
}

/// Whatever is wrong with one span, the other four hundred and ninety-nine are kept.
#[test]
fn one_bad_span_among_five_hundred_is_refused_alone() {
    let deep = |levels: usize| {
        format!("{}{}{}", r#"{"arrayValue":{"values":["#.repeat(levels - 1), "{}", "]}}".repeat(levels - 1))
    };
    let attribute =
        |key: &str, value: &str| format!(r#"{{{IDS},"attributes":[{{"key":"{key}","value":{value}}}]}}"#);
    let field = |field: &str| format!("{{{IDS},{field}}}");
    let long = "v".repeat(65_537);
    let many = |one: &str| vec![one; 1_025].join(",");
    use RefusalReason::{
        KeyTooLong, TooDeep, TooManyAttributes, TooManyEvents, TooManyLinks, ValueTooLong, WrongValue,
    };
    let cases = [
        (WrongValue, "5".to_owned()),
        (WrongValue, "null".to_owned()),
        (WrongValue, "[{}]".to_owned()),
        (WrongValue, r#"{"traceId":"xyz"}"#.to_owned()),
        (WrongValue, r#"{"traceId":"123"}"#.to_owned()),
        (WrongValue, r#"{"traceId":5}"#.to_owned()),
        (WrongValue, field(r#""startTimeUnixNano":"yesterday""#)),
        (WrongValue, field(r#""startTimeUnixNano":-1"#)),
        (WrongValue, field(r#""startTimeUnixNano":1.5"#)),
        (WrongValue, field(r#""startTimeUnixNano":18446744073709551616"#)),
        (WrongValue, field(r#""name":["a"]"#)),
        (WrongValue, field(r#""kind":"SPAN_KIND_SOMETHING""#)),
        (WrongValue, field(r#""kind":2147483648"#)),
        (WrongValue, field(r#""flags":4294967296"#)),
        (WrongValue, field(r#""attributes":{"a":1}"#)),
        (WrongValue, field(r#""attributes":[null]"#)),
        (WrongValue, field(r#""events":[5]"#)),
        (WrongValue, field(r#""links":[{"traceId":"0"}]"#)),
        (WrongValue, field(r#""status":"ok""#)),
        (WrongValue, attribute("k", "\"bare\"")),
        (WrongValue, attribute("k", r#"{"stringValue":1}"#)),
        (WrongValue, attribute("k", r#"{"boolValue":"true"}"#)),
        (WrongValue, attribute("k", r#"{"intValue":9223372036854775808}"#)),
        (WrongValue, attribute("k", r#"{"bytesValue":"a?=="}"#)),
        (WrongValue, attribute("k", r#"{"arrayValue":[1]}"#)),
        (TooDeep, attribute("k", &deep(33))),
        (KeyTooLong, attribute(&"k".repeat(1_025), "{}")),
        (ValueTooLong, attribute("k", &format!(r#"{{"stringValue":"{long}"}}"#))),
        (ValueTooLong, attribute("k", &format!(r#"{{"stringValue":"\n{}"}}"#, &long[1..]))),
        (ValueTooLong, attribute("k", &format!(r#"{{"bytesValue":"{}"}}"#, "A".repeat(87_384)))),
        (TooManyAttributes, field(&format!(r#""attributes":[{}]"#, many("{}")))),
        (TooManyEvents, field(&format!(r#""events":[{}]"#, many("{}")))),
        (TooManyLinks, field(&format!(r#""links":[{}]"#, many("{}")))),
    ];
    for (reason, bad) in cases {
        let mut spans: Vec<String> = (0..500).map(good).collect();
        spans[249] = bad.clone();
        let json = around(&spans.join(" ,\n"));
        let Transcoded { bytes, refused, first_refused_at } = transcoded(&json);
        let shown = &bad[..bad.len().min(120)];
        assert_eq!(refused.iter().map(|refusal| refusal.reason).collect::<Vec<_>>(), [reason], "{shown}");
        let from = json.find(&format!(" ,\n{bad} ,\n")).expect("it is there") + 3;
        let at = first_refused_at.expect("a place");
        assert!((from..=from + bad.len()).contains(&at), "{at} is not in {shown}");
        spans.remove(249);
        let others = decoded(around(&spans.join(",")));
        assert_eq!(ExportTraceServiceRequest::decode(bytes).expect("prost reads it"), others, "{shown}");
    }
    let fine = attribute("k", &deep(32));
    assert_eq!(scan(&transcoded(around(&fine)).bytes, &Limits::default()).expect("sound").refused(), []);
}

/// What the scan refuses, it refuses in JSON too: an id of another length is still a span.
#[test]
fn a_span_that_protobuf_would_refuse_is_left_to_the_scan() {
    let json = around(
        &[good(0), r#"{"traceId":"01","spanId":"0000000000000001"}"#.to_owned(), "{}".to_owned()].join(","),
    );
    let batch = scan(&transcoded(json).bytes, &Limits::default()).expect("sound");
    assert_eq!(batch.len(), 1);
    let reasons: Vec<_> = batch.refused().iter().map(|refusal| refusal.reason).collect();
    assert_eq!(reasons, [RefusalReason::WrongIdLength, RefusalReason::NoTraceId]);
}

/// A resource or scope that cannot be read takes its spans with it and no others, wherever in its group it stands.
#[test]
fn a_bad_group_takes_its_own_spans_with_it() {
    let spans = |from: u32| (from..from + 3).map(good).collect::<Vec<_>>().join(",");
    let scope_spans = |from: u32| format!(r#""scopeSpans":[{{"spans":[{}]}}]"#, spans(from));
    let kept = format!("{{{}}}", scope_spans(0));
    let bad_resource = r#""resource":{"attributes":7}"#;
    let bad_scope = |from: u32| format!(r#"{{"spans":[{}],"scope":{{"name":1}}}}"#, spans(from));
    for (reason, bad) in [
        (RefusalReason::BadResource, format!("{{{},{bad_resource}}}", scope_spans(3))),
        (RefusalReason::BadResource, format!("{{{bad_resource},{}}}", scope_spans(3))),
        (RefusalReason::BadResource, format!(r#"{{"schemaUrl":1,{}}}"#, scope_spans(3))),
        (
            RefusalReason::BadScope,
            format!(r#"{{"scopeSpans":[{},{{"spans":[{}]}}]}}"#, bad_scope(3), spans(0)),
        ),
    ] {
        let json = format!(r#"{{"resourceSpans":[{kept},{bad},{kept}]}}"#);
        let Transcoded { bytes, refused, .. } = transcoded(json);
        assert_eq!(refused.iter().map(|refusal| refusal.reason).collect::<Vec<_>>(), [reason; 3], "{bad}");
        let left = scan(&bytes, &Limits::default()).expect("sound").len();
        assert_eq!(left, if reason == RefusalReason::BadScope { 9 } else { 6 });
    }
    // Nobody can say how many spans these held: each counts as one.
    for bad in [
        "5",
        "null",
        "[]",
        r#"{"scopeSpans":{}}"#,
        r#"{"scopeSpans":[7]}"#,
        r#"{"scopeSpans":[{"spans":{}}]}"#,
    ] {
        let Transcoded { bytes, refused, .. } = transcoded(format!(r#"{{"resourceSpans":[{bad},{kept}]}}"#));
        assert_eq!(
            refused.iter().map(|refusal| refusal.reason).collect::<Vec<_>>(),
            [RefusalReason::WrongValue],
            "{bad}"
        );
        assert_eq!(scan(&bytes, &Limits::default()).expect("sound").len(), 3);
    }
}

/// A sender reads where to look.
#[test]
fn what_is_no_json_is_told_with_its_place() {
    for (json, expected) in [
        ("", "not JSON at line 1, byte 0 of the body: it ends in the middle"),
        (
            "{\"resourceSpans\":[\n{]}",
            "not JSON at line 2, byte 20 of the body: a key in quotes was expected",
        ),
        ("{} {}", "not JSON at line 1, byte 3 of the body: something stands behind the end"),
        ("{\"a\":1,}", "not JSON at line 1, byte 7 of the body: a key in quotes was expected"),
        ("{\"a\" 1}", "not JSON at line 1, byte 5 of the body: a `:` was expected"),
        ("{\"a\":1 \"b\":2}", "not JSON at line 1, byte 7 of the body: a `,` or a `}` was expected"),
        ("{\"a\":[1 2]}", "not JSON at line 1, byte 8 of the body: a `,` or a `]` was expected"),
        ("{\"a\":[1,]}", "not JSON at line 1, byte 8 of the body: a value was expected"),
        ("{\"a\":nul}", "not JSON at line 1, byte 5 of the body: a value was expected"),
        ("{\"a\":01}", "not JSON at line 1, byte 6 of the body: a `,` or a `}` was expected"),
        ("{\"a\":1.}", "not JSON at line 1, byte 7 of the body: a digit was expected"),
        ("{\"a\":NaN}", "not JSON at line 1, byte 5 of the body: a value was expected"),
        (
            "{\"a\":\"\n\"}",
            "not JSON at line 1, byte 6 of the body: a control character in a text must be escaped",
        ),
        ("{\"a\":\"\\x\"}", "not JSON at line 1, byte 6 of the body: an escape that JSON does not have"),
        (
            "{\"a\":\"\\u12g4\"}",
            "not JSON at line 1, byte 6 of the body: `\\u` needs four hexadecimal digits",
        ),
        ("{'a':1}", "not JSON at line 1, byte 1 of the body: a key in quotes was expected"),
        ("5", "the JSON is not a trace request: an object with the list `resourceSpans` is one"),
        ("[]", "the JSON is not a trace request: an object with the list `resourceSpans` is one"),
        (
            "{\"resourceSpans\":{}}",
            "the JSON is not a trace request: an object with the list `resourceSpans` is one",
        ),
        ("{\"resourceSpans\":{}", "not JSON at line 1, byte 19 of the body: it ends in the middle"),
    ] {
        assert_eq!(failed(json).to_string(), expected, "{json}");
    }
    // A broken body is broken even where the break stands inside a span that would be refused anyway.
    let inside = with(r#""name":5,"attributes":[tru]"#);
    assert!(matches!(failed(inside), JsonError::Syntax { .. }));
    let whole = around(&good(1));
    for end in 0..whole.len() {
        assert!(matches!(failed(&whole[..end]), JsonError::Syntax { at, .. } if at == end), "cut at {end}");
    }
}

#[test]
fn the_caps_of_a_request_are_those_of_protobuf() {
    let limits = Limits {
        max_spans_per_request: 3,
        max_groups_per_request: 2,
        max_values_per_request: 4,
        ..Limits::default()
    };
    let refused = |json: &str, most| transcode_json(json.as_bytes(), &limits, most).expect_err("over a cap");
    let spans = |count: usize| around(&vec!["{}"; count].join(","));
    assert!(transcode_json(spans(3).as_bytes(), &limits, LIMIT).is_ok());
    assert_eq!(refused(&spans(4), LIMIT), JsonError::Cap(ScanError::TooManySpans { limit: 3 }));
    let groups = |message| JsonError::Cap(ScanError::TooManyGroups { message, limit: 2 });
    assert_eq!(refused(r#"{"resourceSpans":[{},{},{}]}"#, LIMIT), groups("ResourceSpans"));
    assert_eq!(refused(r#"{"resourceSpans":[{"scopeSpans":[{},{},{}]}]}"#, LIMIT), groups("ScopeSpans"));
    let values = with(r#""attributes":[{},{"value":{"arrayValue":{"values":[{},{},{}]}}}]"#);
    assert_eq!(refused(&values, LIMIT), JsonError::Cap(ScanError::TooManyValues { limit: 4 }));
    let named = with(&format!(r#""name":"{}""#, "n".repeat(500)));
    assert_eq!(refused(&named, 400), JsonError::TooLarge { limit: 400 });
    assert!(transcode_json(named.as_bytes(), &limits, 600).is_ok());
}
