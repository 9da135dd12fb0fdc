//! For any request, written as JSON in any legal way, we write what prost would; and from any bytes at all we take no harm.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the helpers of a test may fail it"
)]

#[path = "reference/generate.rs"]
#[expect(dead_code, reason = "what is odd in protobuf has no place in JSON")]
mod generate;
#[path = "reference/spell.rs"]
mod spell;

use bytes::Bytes;
use fanlight_otlp::{ItemCounter, JsonError, Limits, ScanError, scan, splice, transcode_json};
use generate::{Dice, requests};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use proptest::prelude::*;
use prost::Message;
use spell::spelled;

/// JSON does not tell an empty value from none.
fn without_empty_values(request: &mut ExportTraceServiceRequest) {
    fn of_pairs(pairs: &mut [KeyValue]) {
        for pair in pairs {
            of_value(&mut pair.value);
        }
    }
    fn of_value(value: &mut Option<AnyValue>) {
        match value.as_mut().and_then(|any| any.value.as_mut()) {
            None => *value = None,
            Some(Any::ArrayValue(list)) => {
                for element in &mut list.values {
                    let mut value = Some(std::mem::take(element));
                    of_value(&mut value);
                    *element = value.unwrap_or_default();
                }
            }
            Some(Any::KvlistValue(list)) => of_pairs(&mut list.values),
            Some(_) => {}
        }
    }
    for group in &mut request.resource_spans {
        group.resource.iter_mut().for_each(|resource| of_pairs(&mut resource.attributes));
        for inner in &mut group.scope_spans {
            inner.scope.iter_mut().for_each(|scope| of_pairs(&mut scope.attributes));
            for span in &mut inner.spans {
                of_pairs(&mut span.attributes);
                span.events.iter_mut().for_each(|event| of_pairs(&mut event.attributes));
                span.links.iter_mut().for_each(|link| of_pairs(&mut link.attributes));
            }
        }
    }
}

/// What serde_json's reading of the text says, where the two may be compared: it knows no lone surrogates and no huge numbers.
fn is_json(bytes: &[u8]) -> Option<bool> {
    std::str::from_utf8(bytes).ok()?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match serde_json::from_slice::<serde_json::Value>(bytes) {
        Ok(_) => Some(true),
        Err(error) => {
            let text = error.to_string();
            let beyond = ["surrogate", "hex escape", "out of range", "recursion limit"];
            (!beyond.iter().any(|word| text.contains(word))).then_some(false)
        }
    }
}

fn check_harmless(bytes: &[u8]) -> Result<(), TestCaseError> {
    let reference = is_json(bytes);
    match transcode_json(bytes, &Limits::default(), usize::MAX) {
        Ok(transcoded) => {
            prop_assert!(reference != Some(false), "no JSON: {}", String::from_utf8_lossy(bytes));
            prop_assert!(
                transcoded.bytes.len() <= bytes.len(),
                "{} from {}",
                transcoded.bytes.len(),
                bytes.len()
            );
            prop_assert!(transcoded.refused.is_empty() || transcoded.first_refused_at.is_some());
            let batch = scan(&transcoded.bytes, &Limits::default());
            prop_assert!(batch.is_ok(), "{batch:?} from {}", String::from_utf8_lossy(bytes));
            if let Ok(batch) = batch {
                prop_assert!(ExportTraceServiceRequest::decode(splice(&batch, &[])).is_ok());
            }
        }
        Err(JsonError::Syntax { at, .. }) => {
            prop_assert!(at <= bytes.len());
            prop_assert!(reference != Some(true), "it is JSON: {}", String::from_utf8_lossy(bytes));
        }
        Err(_) => prop_assert!(reference != Some(false), "no JSON: {}", String::from_utf8_lossy(bytes)),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_becomes_what_prost_would_have_written(request in requests(), seed: u64) {
        let mut expected = request.clone();
        without_empty_values(&mut expected);
        let plain = serde_json::to_string(&request).expect("the reference writes it");
        let odd = spelled(&serde_json::to_value(&request).expect("JSON"), &mut Dice(seed));
        for json in [plain, odd] {
            let transcoded = transcode_json(json.as_bytes(), &Limits::default(), usize::MAX);
            let transcoded = transcoded.unwrap_or_else(|error| panic!("{error}: {json}"));
            prop_assert_eq!(&transcoded.refused, &[], "{}", json);
            let mut found = ExportTraceServiceRequest::decode(transcoded.bytes.clone()).expect("prost reads it");
            without_empty_values(&mut found);
            prop_assert_eq!(&found, &expected, "{}", json);
            check_harmless(json.as_bytes())?;
        }
    }

    #[test]
    fn damaged_json_does_no_harm(request in requests(), seed: u64) {
        let mut dice = Dice(seed);
        let plain = serde_json::to_value(&request).expect("JSON");
        let mut bytes = spelled(&plain, &mut dice).into_bytes();
        for _ in 0..=dice.roll(4) {
            if bytes.is_empty() {
                break;
            }
            let at = usize::try_from(dice.roll(bytes.len() as u64)).unwrap();
            let odd = b"{}[]\",:\\-+.eEtfn01u \n\x00\xff"[usize::try_from(dice.roll(23)).unwrap()];
            match dice.roll(4) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, odd),
                2 => drop(bytes.remove(at)),
                _ => bytes[at] = odd,
            }
            check_harmless(&bytes)?;
        }
    }

    #[test]
    fn arbitrary_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        check_harmless(&bytes)?;
    }

    /// Pieces of JSON reach deeper than random bytes do.
    #[test]
    fn arbitrary_pieces_do_no_harm(pieces in proptest::collection::vec(prop::sample::select(spell::PIECES), 0..60)) {
        check_harmless(pieces.concat().as_bytes())?;
        check_harmless(format!("{{\"resourceSpans\":[{{\"scopeSpans\":[{{\"spans\":[{{{}}}]}}]}}]}}", pieces.concat()).as_bytes())?;
    }

    /// However the bytes come, the counter and the scan agree on the caps.
    #[test]
    fn the_counter_counts_as_the_scan_does(request in requests(), cut in 1..40_usize, spans in 0..12_u32, groups in 0..6_u32) {
        let bytes = request.encode_to_vec();
        let limits = Limits { max_spans_per_request: spans, max_groups_per_request: groups, ..Limits::default() };
        let mut counter = ItemCounter::new(&limits);
        let counted = bytes.chunks(cut).try_for_each(|piece| counter.push(piece));
        let scanned = scan(&Bytes::from(bytes), &limits).map(drop);
        let is_cap = matches!(scanned, Err(ScanError::TooManySpans { .. } | ScanError::TooManyGroups { .. }));
        prop_assert_eq!(counted.is_err(), is_cap, "{:?} {:?}", counted, scanned);
        if is_cap {
            prop_assert_eq!(counted, scanned);
        }
    }

    /// The counter judges nothing, and survives anything.
    #[test]
    fn the_counter_survives_arbitrary_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400), cut in 1..40_usize) {
        let limits = Limits { max_spans_per_request: 5, max_groups_per_request: 5, ..Limits::default() };
        let mut counter = ItemCounter::new(&limits);
        let counted = bytes.chunks(cut).try_for_each(|piece| counter.push(piece));
        let scanned = scan(&Bytes::from(bytes), &limits).map(drop);
        if let Err(ScanError::TooManySpans { .. } | ScanError::TooManyGroups { .. }) = scanned {
            prop_assert_eq!(counted, scanned);
        }
    }
}
