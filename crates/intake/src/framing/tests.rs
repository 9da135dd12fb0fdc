use proptest::prelude::*;

use super::*;

const MAX: usize = 40;

fn pieces(chunks: &[&[u8]], max: usize) -> Vec<String> {
    let mut framer = RecordFramer::default();
    let mut seen = Vec::new();
    let mut note = |piece: Piece<'_>| {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let one = match piece {
            Piece::Line(line) => format!("line {}", text(line)),
            Piece::Miscounted(line) => format!("miscounted {}", text(line)),
            Piece::HalfLine(line) => format!("half {}", text(line)),
            // However they are cut, there are as many.
            Piece::Blank(count) => {
                seen.extend(std::iter::repeat_n("blank".to_owned(), count));
                return;
            }
            Piece::TooLong => "too long".to_owned(),
        };
        seen.push(one);
    };
    for chunk in chunks {
        framer.push(chunk, max, &mut note);
        assert!(framer.pending_bytes() <= max.max(MAX_DIGITS + 2));
    }
    framer.finish(&mut note);
    assert_eq!(framer.pending_bytes(), 0);
    seen
}

fn check(stream: &[u8], expected: &[&str]) {
    assert_eq!(pieces(&[stream], MAX), expected, "{}", String::from_utf8_lossy(stream));
    let single: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(pieces(&single, MAX), expected, "one byte at a time");
}

#[test]
fn lines_end_with_a_newline() {
    check(b"ab\ncd\r\n\nef", &["line ab", "line cd\r", "blank", "half ef"]);
    check(b"<134>a\n<134>b\n", &["line <134>a", "line <134>b"]);
    check(b"", &[]);
}

/// A flood of newlines costs a look at each byte, and nothing more.
#[test]
fn a_run_of_newlines_is_one_piece() {
    let flood = [b"a\n".as_slice(), &[b'\n'; 1_000], b"b\n"].concat();
    let (mut framer, mut found) = (RecordFramer::default(), Vec::new());
    framer.push(&flood, MAX, &mut |piece| found.push(format!("{piece:?}")));
    assert_eq!(found, ["Line([97])", "Blank(1000)", "Line([98])"]);
    for length in [0, 1, 255, 256, 257, 1_000] {
        let text = [vec![b'\n'; length], b"x\n".to_vec()].concat();
        assert_eq!((newlines(&text).lines, newlines(&text[..length]).bytes), (length, length));
    }
    for lines in [1, 7, 8, 9, 100] {
        let text = [b"\r\n".repeat(lines), b"\rx\n".to_vec()].concat();
        assert_eq!((newlines(&text).lines, newlines(&text).bytes), (lines, 2 * lines));
    }
    check(b"\r\n\r\n\n\r\na\r\n", &["blank", "blank", "blank", "blank", "line a\r"]);
}

#[test]
fn counted_records_need_no_newline() {
    check(b"6 <134>a7 <134>bc", &["line <134>a", "line <134>bc"]);
    check(b"6 <134>a\n6 <134>b\n<134>c\n", &["line <134>a", "line <134>b", "line <134>c"]);
    check(b"7 <134>a\n2 {}1 {\n", &["line <134>a", "line {}", "line {"]);
    check(b"20 <134>a", &["half <134>a"]);
    check(b"20 ", &["half 20 "]);
}

/// What begins with a number and is no count: a list, a time, too many digits, a leading zero.
#[test]
fn a_number_is_no_count() {
    for line in ["12,<a>", "12 a", "2026-12-01 {", "12345678 <134>a", "06 <134>a", "12", "1 \t{", "7"] {
        check(format!("{line}\nx\n").as_bytes(), &[&format!("line {line}"), "line x"]);
    }
}

/// Too large: the record ends at its newline. Too small: the rest is a line. In both cases the next record is whole.
#[test]
fn a_lying_count_costs_its_own_record() {
    check(b"30 <134>a\n6 <134>b6 <134>c", &["miscounted <134>a", "line <134>b", "line <134>c"]);
    check(b"8 <134>abcd\n6 <134>e", &["line <134>abc", "line d", "line <134>e"]);
    check(b"30 <134>a", &["half <134>a"]);
}

#[test]
fn a_record_over_the_cap_is_skipped() {
    let long = "x".repeat(MAX + 1);
    check(format!("{long}\nab\n").as_bytes(), &["too long", "line ab"]);
    check(format!("{long}{long}").as_bytes(), &["too long"]);
    check(format!("{}\nab\n", &long[1..]).as_bytes(), &[&format!("line {}", &long[1..]), "line ab"]);
    check(format!("42 <{long}\n6 <134>a").as_bytes(), &["too long", "line <134>a"]);
    check(b"9999999 <134>a\n6 <134>b", &["too long", "line <134>b"]);
}

fn record() -> impl Strategy<Value = Vec<u8>> {
    let text = prop::collection::vec(any::<u8>().prop_filter("no newline", |byte| *byte != b'\n'), 0..20);
    text.prop_map(|text| [b"<134>".as_slice(), &text].concat())
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        record().prop_map(|record| [format!("{} ", record.len()).as_bytes(), &record].concat()),
        (record(), 0_usize..60).prop_map(|(record, lie)| [format!("{lie} ").as_bytes(), &record].concat()),
        "[0-9 <{\n\r1a]{0,12}".prop_map(String::into_bytes),
        Just(vec![b'7'; MAX + 3]),
        prop::collection::vec(any::<u8>(), 0..50),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_records(
        stream in stream(),
        cuts in prop::collection::vec(any::<usize>(), 0..20),
        max in 1_usize..60,
    ) {
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut % (stream.len() + 1)).collect();
        places.sort_unstable();
        let mut chunks = Vec::new();
        let mut from = 0;
        for to in places.into_iter().chain([stream.len()]) {
            chunks.push(&stream[from..to]);
            from = to;
        }
        prop_assert_eq!(pieces(&chunks, max), pieces(&[&stream], max));
        let single: Vec<&[u8]> = stream.chunks(1).collect();
        prop_assert_eq!(pieces(&single, max), pieces(&[&stream], max));
    }

    /// Whichever way each was sent.
    #[test]
    fn honest_records_come_out_as_they_went_in(
        records in prop::collection::vec((record(), 0_u8..4), 0..10),
    ) {
        let mut sent = Vec::new();
        for (record, way) in &records {
            match way {
                0 => sent.extend([record, b"\n".as_slice()].concat()),
                1 => sent.extend([format!("{} ", record.len()).as_bytes(), record].concat()),
                2 => sent.extend([format!("{} ", record.len()).as_bytes(), record, b"\n"].concat()),
                _ => sent.extend([format!("{} ", record.len() + 1).as_bytes(), record, b"\n"].concat()),
            }
        }
        let expected: Vec<String> =
            records.iter().map(|(record, _)| format!("line {}", String::from_utf8_lossy(record))).collect();
        prop_assert_eq!(pieces(&[&sent], 100), expected);
    }

    /// Whatever the count says, what stands after the next newline is read as if nothing had been before it.
    #[test]
    fn a_lie_ends_at_the_next_newline(record in record(), lie in 1_usize..9_999_999, next in record()) {
        let sent = [format!("{lie} ").as_bytes(), &record, b"\n", &next, b"\n"].concat();
        let found = pieces(&[&sent], 100);
        prop_assert_eq!(found.last(), Some(&format!("line {}", String::from_utf8_lossy(&next))));
    }
}
