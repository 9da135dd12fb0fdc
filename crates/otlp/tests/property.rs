//! For any request, in any legal bytes, we read what prost reads; and from any bytes at all we take no harm.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the helpers of a test may fail it"
)]

#[path = "reference/compare.rs"]
mod compare;
#[path = "reference/generate.rs"]
mod generate;

use bytes::Bytes;
use compare::{check_same, spans_of};
use fanlight_otlp::{Attributes, Batch, Limits, ScanError, WireError, scan, splice};
use generate::{Dice, Kind, flatten, requests, rework};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use proptest::prelude::*;
use prost::Message;

fn scanned(bytes: &[u8]) -> Batch {
    scan(&Bytes::copy_from_slice(bytes), &Limits::default()).expect("a valid request")
}

fn text_pair(key: &str, value: &str) -> KeyValue {
    let value = Some(AnyValue { value: Some(Value::StringValue(value.to_owned())) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

fn repaired_pair() -> KeyValue {
    let value = Some(AnyValue { value: Some(Value::BoolValue(true)) });
    KeyValue { key: "fanlight.repaired".to_owned(), value, ..KeyValue::default() }
}

/// An end before the start, or a time that we cannot tell.
fn has_odd_times(span: &opentelemetry_proto::tonic::trace::v1::Span) -> bool {
    let (start, end) = (span.start_time_unix_nano, span.end_time_unix_nano);
    end < start || start.max(end) > i64::MAX.cast_unsigned()
}

/// Reads everything that a batch can tell.
fn touch(batch: &Batch) -> usize {
    let mut seen = 0;
    for span in batch.spans() {
        seen += span.name().len()
            + span.status_message().len()
            + span.scope_name().len()
            + span.scope_version().len();
        seen += usize::from(span.is_repaired()) + usize::from(span.join().client_port.unwrap_or(0));
        seen += span.attributes().map(|(key, value)| key.len() + value.to_text().len()).sum::<usize>();
        seen += span.scope_attributes().count() + span.resource().attributes().count();
        seen += span.resource().host_ips().count();
        assert!(span.end() >= span.start());
        assert!(!span.trace_id().is_zero() && !span.span_id().is_zero());
    }
    seen
}

/// Whatever the bytes: no panic, bounded memory, every span accounted for, and what goes on is a request that others can
/// decode, with the very spans that we say we kept.
fn check_harmless(bytes: &[u8]) -> Result<(), TestCaseError> {
    let reference = ExportTraceServiceRequest::decode(bytes);
    match scan(&Bytes::copy_from_slice(bytes), &Limits::default()) {
        Ok(batch) => {
            touch(&batch);
            prop_assert!(
                batch.index_bytes() <= 1024 + 100 * bytes.len(),
                "{} bytes of index",
                batch.index_bytes()
            );
            prop_assert_eq!(batch.len() + batch.refused().len(), batch.counts().spans as usize);
            let onward = splice(&batch, &[]);
            let decoded = ExportTraceServiceRequest::decode(onward.clone());
            prop_assert!(decoded.is_ok(), "{:?}", decoded);
            prop_assert_eq!(spans_of(&decoded.unwrap_or_default()).count(), batch.len());
            if !batch.is_altered() {
                prop_assert_eq!(&onward[..], bytes);
                prop_assert!(reference.is_ok());
            }
        }
        // prost passes over groups in unknown fields; we do not.
        Err(ScanError::Framing { cause: WireError::Group, .. }) => {}
        Err(error) => prop_assert!(reference.is_err(), "{error} but prost reads it"),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn views_read_what_prost_decodes(request in requests(), seed: u64) {
        check_same(&scanned(&request.encode_to_vec()), &request);
        let odd = rework(Kind::Request, &request.encode_to_vec(), &mut Dice(seed));
        let reference = ExportTraceServiceRequest::decode(&odd[..]).expect("reworking keeps it legal");
        check_same(&scanned(&odd), &reference);
    }

    /// INV-5: enrichment only adds.
    #[test]
    fn splicing_adds_attributes_and_touches_nothing_else(request in requests(), seed: u64, additions: u64) {
        let odd = rework(Kind::Request, &request.encode_to_vec(), &mut Dice(seed));
        let batch = scanned(&odd);
        let mut dice = Dice(additions);
        let mut expected = ExportTraceServiceRequest::decode(&odd[..]).expect("legal");
        let (mut added, mut appended, mut place) = (Vec::new(), Vec::new(), 0);
        for group in &mut expected.resource_spans {
            for span in group.scope_spans.iter_mut().flat_map(|inner| &mut inner.spans) {
                let mut attributes = Attributes::default();
                if dice.roll(3) == 0 {
                    let value = "v".repeat(usize::try_from(dice.roll(300)).unwrap());
                    attributes.push_str("user.id", &value);
                    span.attributes.push(text_pair("user.id", &value));
                }
                if !attributes.is_empty() || dice.roll(9) == 0 {
                    added.push((place, attributes.clone()));
                }
                if has_odd_times(span) {
                    attributes.push_bool("fanlight.repaired", true);
                    span.attributes.push(repaired_pair());
                }
                appended.push(attributes.as_bytes().to_vec());
                place += 1;
            }
        }
        let spliced = splice(&batch, &added);
        prop_assert_eq!(ExportTraceServiceRequest::decode(spliced.clone()).expect("decodes"), expected);
        let mut one_by_one = appended.into_iter();
        let with_additions = flatten(Kind::Request, &odd, &mut || one_by_one.next().unwrap());
        prop_assert_eq!(flatten(Kind::Request, &spliced, &mut Vec::new), with_additions);
    }

    #[test]
    fn bad_spans_are_left_out_and_the_others_kept(request in requests(), seed: u64, choice: u64) {
        let mut dice = Dice(choice);
        let (mut broken, mut expected) = (request.clone(), request);
        for (group, kept) in broken.resource_spans.iter_mut().zip(&mut expected.resource_spans) {
            for (inner, kept) in group.scope_spans.iter_mut().zip(&mut kept.scope_spans) {
                kept.spans.clear();
                for span in &mut inner.spans {
                    match dice.roll(8) {
                        0 => span.trace_id = vec![0; 16],
                        1 => span.span_id.clear(),
                        2 => span.parent_span_id = vec![1; 9],
                        _ => {
                            span.start_time_unix_nano = 5;
                            span.end_time_unix_nano = 6;
                            kept.spans.push(span.clone());
                        }
                    }
                }
            }
        }
        // No reordering here: the expected request keeps its order.
        let batch = scanned(&broken.encode_to_vec());
        let all = spans_of(&broken).count();
        let kept = spans_of(&expected).count();
        prop_assert_eq!((batch.len(), batch.refused().len()), (kept, all - kept));
        prop_assert_eq!(ExportTraceServiceRequest::decode(splice(&batch, &[])).expect("decodes"), expected);
        check_harmless(&rework(Kind::Request, &broken.encode_to_vec(), &mut Dice(seed)))?;
    }

    #[test]
    fn damaged_requests_do_no_harm(request in requests(), seed: u64) {
        let mut dice = Dice(seed);
        let mut bytes = rework(Kind::Request, &request.encode_to_vec(), &mut dice);
        for _ in 0..=dice.roll(3) {
            if bytes.is_empty() {
                break;
            }
            let at = usize::try_from(dice.roll(bytes.len() as u64)).unwrap();
            match dice.roll(4) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, dice.roll(256).to_le_bytes()[0]),
                2 => drop(bytes.remove(at)),
                _ => bytes[at] = dice.roll(256).to_le_bytes()[0],
            }
            check_harmless(&bytes)?;
        }
    }

    #[test]
    fn arbitrary_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        check_harmless(&bytes)?;
    }

    /// Small tags and lengths reach deeper than wholly random bytes do.
    #[test]
    fn arbitrary_small_numbers_do_no_harm(bytes in proptest::collection::vec(0..36_u8, 0..400)) {
        check_harmless(&bytes)?;
    }
}
