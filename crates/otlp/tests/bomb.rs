//! Four kilobytes of gzip can hold two million empty messages. None of them may cost more memory than the body itself and a
//! bounded index. One test alone in its binary, so that the process's own peak is what it measures.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "the helpers of a test may fail it"
)]

use bytes::Bytes;
use fanlight_otlp::{Batch, Limits, RefusalReason, ScanError, scan};

/// What DESIGN allows for the body and everything made from it.
const BAR: u64 = 32 * 1024 * 1024;

fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    prost::encoding::encode_varint(content.len() as u64, &mut out);
    out.extend_from_slice(content);
    out
}

fn empty(number: u8, count: usize) -> Vec<u8> {
    [number << 3 | 2, 0].repeat(count)
}

/// The process's largest resident set so far, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("Linux tells the peak");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).expect("a number") * 1024
}

/// Scans a body, which must cost no more than the bar, itself included.
fn check(what: &str, body: Vec<u8>) -> Result<Batch, ScanError> {
    let body = Bytes::from(body);
    // Lowers the peak to what is resident now: what it took to build the body does not count.
    std::fs::write("/proc/self/clear_refs", "5").expect("Linux resets the peak");
    let before = peak();
    let outcome = scan(&body, &Limits::default());
    let grown = peak().saturating_sub(before) + body.len() as u64;
    assert!(grown <= BAR, "{what}: {grown} bytes");
    let index = outcome.as_ref().map(Batch::index_bytes).unwrap_or_default();
    println!("{what}: body {}, index {index}, grown by {grown}, {:?}", body.len(), outcome.as_ref().err());
    assert!(index + body.len() <= BAR as usize, "{what}: {index} bytes of index");
    outcome
}

/// Two million empty spans, and whatever else can be empty, at and beyond each cap.
#[test]
fn millions_of_empty_messages_cost_no_memory() {
    let two_million = 2_000_000;
    let spans = |count| field(1, &field(2, &empty(2, count)));
    let limits = Limits::default();
    let limit = limits.max_spans_per_request;
    assert_eq!(check("spans", spans(two_million)).err(), Some(ScanError::TooManySpans { limit }));
    let batch = check("spans at the cap", spans(limit as usize)).expect("as many as are allowed");
    assert_eq!((batch.len(), batch.refused().len()), (0, limit as usize));
    drop(batch);

    let groups = limits.max_groups_per_request;
    let too_many = |message| Some(ScanError::TooManyGroups { message, limit: groups });
    assert_eq!(check("resource spans", empty(1, two_million)).err(), too_many("ResourceSpans"));
    assert_eq!(check("resources", field(1, &empty(1, two_million))).err(), too_many("Resource"));
    assert_eq!(check("scope spans", field(1, &empty(2, two_million))).err(), too_many("ScopeSpans"));
    let scopes = field(1, &field(2, &empty(1, two_million)));
    assert_eq!(check("scopes", scopes).err(), too_many("InstrumentationScope"));

    for (what, number, reason) in [
        ("attributes", 9, RefusalReason::TooManyAttributes),
        ("events", 11, RefusalReason::TooManyEvents),
        ("span links", 13, RefusalReason::TooManyLinks),
    ] {
        let batch =
            check(what, field(1, &field(2, &field(2, &empty(number, two_million))))).expect("one bad span");
        assert_eq!(batch.refused()[0].reason, reason);
    }

    // Two thousand spans of a thousand and twenty-four empty attributes pass every limit of a span.
    let span = field(2, &empty(9, 1_024));
    let values = limits.max_values_per_request;
    let many = check("values", field(1, &field(2, &span.repeat(2_049))));
    assert_eq!(many.err(), Some(ScanError::TooManyValues { limit: values }));
}
