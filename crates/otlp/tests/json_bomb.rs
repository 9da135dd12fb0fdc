//! What JSON can hold at worst, and what it costs beside the body itself. Each case runs in a process of its own, whose peak is
//! what it measures: memory that another case has given back would hide what this one takes.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "the helpers of a test may fail it"
)]

use fanlight_otlp::{JsonError, Limits, RefusalReason, ScanError, Transcoded, transcode_json};

const MIB: usize = 1 << 20;
/// As the door has it.
const MAX_OUTPUT: usize = 12 * MIB;
/// Tells a child which case it is.
const CASE: &str = "JSON_BOMB_CASE";

const HEAD: &str = r#"{"resourceSpans":[{"scopeSpans":[{"spans":["#;
const TAIL: &str = "]}]}]}";
const SPAN: &str =
    r#"{"spanId":"0000000000000001","traceId":"00000000000000000000000000000001","attributes":["#;

type Outcome = Result<Transcoded, JsonError>;

struct Case {
    name: &'static str,
    /// What the body is made of: pieces, and how often each is repeated.
    body: Vec<(&'static str, usize)>,
    /// What it may cost beside the body.
    bar: usize,
    check: fn(Outcome),
}

fn case(name: &'static str, body: &[(&'static str, usize)], bar: usize, check: fn(Outcome)) -> Case {
    Case { name, body: body.to_vec(), bar, check }
}

/// One span of one attribute of these pieces.
fn attribute(name: &'static str, pieces: &[(&'static str, usize)], bar: usize, check: fn(Outcome)) -> Case {
    let mut body = vec![(HEAD, 1), (SPAN, 1)];
    body.extend_from_slice(pieces);
    body.extend([("]}", 1), (TAIL, 1)]);
    Case { name, body, bar, check }
}

fn too_many_spans(outcome: Outcome) {
    let limit = Limits::default().max_spans_per_request;
    assert_eq!(outcome.expect_err("too many"), JsonError::Cap(ScanError::TooManySpans { limit }));
}

fn refused_for(outcome: Outcome, reason: RefusalReason) {
    let transcoded = outcome.expect("the request is sound");
    assert_eq!(transcoded.refused[0].reason, reason);
    assert!(transcoded.bytes.len() < 100);
}

fn cases() -> Vec<Case> {
    let long = ("xxxxxxxxxxxxxxxx", 10 * MIB / 16);
    let value_too_long = |outcome| refused_for(outcome, RefusalReason::ValueTooLong);
    vec![
        case(
            "two million empty spans",
            &[(HEAD, 1), ("{},", 2_000_000), ("{}", 1), (TAIL, 1)],
            MIB,
            too_many_spans,
        ),
        // Each is refused by itself: the list of refusals is bounded by the cap on spans.
        case(
            "two million numbers",
            &[(HEAD, 1), ("5,", 2_000_000), ("5", 1), (TAIL, 1)],
            8 * MIB,
            too_many_spans,
        ),
        // Nesting costs a bit a level, and twice that while the list of bits grows.
        case("brackets", &[("[", 16 * MIB)], 6 * MIB, |outcome| {
            let broken = outcome.expect_err("no JSON");
            assert!(matches!(broken, JsonError::Syntax { at, .. } if at == 16 * MIB), "{broken}");
        }),
        case(
            "a deep field",
            &[("{\"x\":", 1), ("[", 4 * MIB), ("]", 4 * MIB), ("}", 1)],
            6 * MIB,
            |outcome| {
                assert_eq!(outcome.expect("an empty request").bytes.len(), 0);
            },
        ),
        attribute(
            "a deep value",
            &[
                ("{\"value\":", 1),
                ("{\"arrayValue\":{\"values\":[", 300_000),
                ("{}", 1),
                ("]}}", 300_000),
                ("}", 1),
            ],
            MIB,
            |outcome| refused_for(outcome, RefusalReason::TooDeep),
        ),
        attribute(
            "a long text",
            &[("{\"value\":{\"stringValue\":\"", 1), long, ("\"}}", 1)],
            MIB,
            value_too_long,
        ),
        attribute(
            "an escape",
            &[("{\"value\":{\"stringValue\":\"\\n", 1), long, ("\"}}", 1)],
            MIB,
            value_too_long,
        ),
        attribute(
            "long bytes",
            &[("{\"value\":{\"bytesValue\":\"", 1), long, ("\"}}", 1)],
            MIB,
            value_too_long,
        ),
        attribute("a long key", &[("{\"key\":\"", 1), long, ("\"}", 1)], MIB, |outcome| {
            refused_for(outcome, RefusalReason::KeyTooLong);
        }),
        // The one text that is copied before it is judged: the name of a field with an escape in it.
        attribute("a long name of a field", &[("{\"\\u0041", 1), long, ("\":1}", 1)], 11 * MIB, |outcome| {
            assert_eq!(outcome.expect("the request is sound").refused, []);
        }),
        // Texts up to the limit of each fill the output up to its cap.
        case(
            "names without an end",
            &[
                (HEAD, 1),
                (
                    "{\"name\":\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"},",
                    110_000,
                ),
            ],
            MAX_OUTPUT + MIB,
            |outcome| {
                assert_eq!(outcome.expect_err("too large"), JsonError::TooLarge { limit: MAX_OUTPUT });
            },
        ),
        attribute(
            "two million values",
            &[("{\"value\":{\"arrayValue\":{\"values\":[", 1), ("{},", 2_200_000), ("{}]}}}", 1)],
            8 * MIB,
            |outcome| {
                let limit = Limits::default().max_values_per_request;
                assert_eq!(
                    outcome.expect_err("too many"),
                    JsonError::Cap(ScanError::TooManyValues { limit })
                );
            },
        ),
    ]
}

/// The process's largest resident set so far, in bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("Linux tells the peak");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<usize>().ok()).expect("a number") * 1024
}

fn run(case: &Case) {
    let mut body = String::with_capacity(case.body.iter().map(|(piece, count)| piece.len() * count).sum());
    for (piece, count) in &case.body {
        (0..*count).for_each(|_| body.push_str(piece));
    }
    let before = peak();
    let outcome = transcode_json(body.as_bytes(), &Limits::default(), MAX_OUTPUT);
    let grown = peak().saturating_sub(before);
    println!("{}: body {}, grown by {grown}, {:?}", case.name, body.len(), outcome.as_ref().err());
    assert!(grown <= case.bar, "{}: {grown} bytes", case.name);
    (case.check)(outcome);
}

#[test]
fn what_json_can_hold_at_worst_is_bounded() {
    let cases = cases();
    if let Ok(name) = std::env::var(CASE) {
        return run(cases.iter().find(|case| case.name == name).expect("a case of that name"));
    }
    let this = std::env::current_exe().expect("this test");
    for case in cases {
        let output = std::process::Command::new(&this).arg("--nocapture").env(CASE, case.name).output();
        let output = output.expect("it starts");
        let told = String::from_utf8_lossy(&output.stdout);
        let line = told.lines().find(|line| line.starts_with(case.name)).unwrap_or_default();
        println!("{line}");
        assert!(output.status.success(), "{}: {told}{}", case.name, String::from_utf8_lossy(&output.stderr));
    }
}
