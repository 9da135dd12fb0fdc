use super::*;

fn time(rfc3339: &str) -> Timestamp {
    Timestamp::parse_rfc3339(rfc3339).unwrap()
}

/// Read on a clock in UTC, at an arrival in March 2026.
fn check(text: &str, rfc3339: &str) {
    let clock = Dating { arrival: time("2026-03-04T08:21:00Z"), zone_seconds: 0 };
    assert_eq!(Stamp::read(text, clock), Stamp::At(time(rfc3339)), "{text}");
}

#[test]
fn each_form_of_a_stamp_is_read() {
    check("2026-03-04T08:20:42.230Z", "2026-03-04T08:20:42.230Z");
    check("2026-03-04T08:20:42.230", "2026-03-04T08:20:42.230Z");
    check("2026-03-04 08:20:42", "2026-03-04T08:20:42Z");
    check("2026-03-04,08:20:42", "2026-03-04T08:20:42Z");
    check("2026/03/04 08:20:42", "2026-03-04T08:20:42Z");
    check("2026-03-04T09:20:42+01:00", "2026-03-04T08:20:42Z");
    check("2026-03-04T09:20:42+0100", "2026-03-04T08:20:42Z");
    check("2026-03-04T08:20:42.123456789123Z", "2026-03-04T08:20:42.123456789Z");
    check("1772612442", "2026-03-04T08:20:42Z");
    check("1772612442.5", "2026-03-04T08:20:42.5Z");
    check("1772612442230", "2026-03-04T08:20:42.230Z");
    check("1772612442230117", "2026-03-04T08:20:42.230117Z");
    check("1772612442230117009", "2026-03-04T08:20:42.230117009Z");
    check("Wed Mar  4 08:20:42 2026", "2026-03-04T08:20:42Z");
    check("Wed Mar 4 08:20:42 2026", "2026-03-04T08:20:42Z");
    check("Mar 04 08:20:42 2026 GMT", "2026-03-04T08:20:42Z");
    check("Wed Mar  4 08:20:42 2026 UTC", "2026-03-04T08:20:42Z");
    check("Wed Mar  4 08:20:42 2026 +0000", "2026-03-04T08:20:42Z");
    check("Wed Mar  4 08:20:42 2026 utc", "2026-03-04T08:20:42Z");
    check("Wed Mar  4 01:20:42 2026 PDT", "2026-03-04T08:20:42Z");
    check("Wed Mar  4 09:20:42 2026 GMT+01:00", "2026-03-04T08:20:42Z");
    check("2026-03-04 08:20:42 UTC", "2026-03-04T08:20:42Z");
    check("2026-03-04T08:20:42.230 GMT", "2026-03-04T08:20:42.230Z");
    check("Wed Mar 04 08:20:42 UTC 2026", "2026-03-04T08:20:42Z");
    check("4 Mar 2026 08:20:42", "2026-03-04T08:20:42Z");
    check("Mar 4, 2026 8:20:42", "2026-03-04T08:20:42Z");
    check("Wednesday March 4 08:20:42.25 2026", "2026-03-04T08:20:42.25Z");
}

#[test]
fn a_wrong_weekday_does_not_matter() {
    check("Sun Mar  4 08:20:42 2026", "2026-03-04T08:20:42Z");
}

/// A record of New Year's Eve that arrives after midnight is of the old year, and one whose clock runs ahead of the new one.
#[test]
fn a_stamp_without_a_year_is_of_the_newest_that_has_been() {
    check("Mar  4 08:20:42", "2026-03-04T08:20:42Z");
    let read =
        |text: &str, arrival: &str| Stamp::read(text, Dating { arrival: time(arrival), zone_seconds: 0 });
    assert_eq!(read("Dec 31 23:59:58", "2027-01-01T00:00:03Z"), Stamp::At(time("2026-12-31T23:59:58Z")));
    assert_eq!(read("Jan  1 00:00:01", "2026-12-31T23:59:59Z"), Stamp::At(time("2027-01-01T00:00:01Z")));
    assert_eq!(read("Dec 10 14:04:28", "2026-12-01T00:00:00Z"), Stamp::At(time("2025-12-10T14:04:28Z")));
    assert_eq!(read("Mar  4 08:20:42", "2027-02-01T00:00:00Z"), Stamp::At(time("2026-03-04T08:20:42Z")));
    assert_eq!(read("Feb 29 12:00:00", "2028-03-01T00:00:00Z"), Stamp::At(time("2028-02-29T12:00:00Z")));
    assert_eq!(read("Feb 29 12:00:00", "2026-03-01T00:00:00Z"), Stamp::Unreadable);
}

#[test]
fn a_stamp_without_a_zone_is_of_the_feeds_zone() {
    let clock = Dating { arrival: time("2026-03-04T08:21:00Z"), zone_seconds: 6 * 3_600 };
    for text in [
        "Wed Mar  4 14:20:42 2026",
        "2026-03-04 14:20:42",
        "Mar 4 14:20:42",
        "2026-03-04T08:20:42Z",
        "1772612442",
    ] {
        assert_eq!(Stamp::read(text, clock), Stamp::At(time("2026-03-04T08:20:42Z")), "{text}");
    }
}

#[test]
fn a_second_that_no_minute_has_is_told() {
    for text in ["Wed Mar  4 08:20:99 2026", "2026-03-04T08:20:99Z", "2026-03-04 08:20:61"] {
        assert_eq!(
            Stamp::read(text, Dating::default()),
            Stamp::Clamped(time("2026-03-04T08:20:59Z")),
            "{text}"
        );
    }
    check("Wed Mar  4 08:20:60 2026", "2026-03-04T08:21:00Z");
}

#[test]
fn no_stamp_is_told_from_a_bad_one() {
    for text in ["", " ", "0", "0.000000"] {
        assert_eq!(Stamp::read(text, Dating::default()), Stamp::Absent, "{text}");
    }
    for text in [
        "yesterday",
        "Jun",
        "Wed Foo 4 08:20:42 2026",
        "2026-02-30T00:00:00Z",
        "2026-02-03T00:00:00.Z",
        "2026-02-03T0a:00:00Z",
        "-5",
        "Wed Mar 4 08:20:42 2026 CET",
        "99999999999999999999",
        "Wed Mar 4 8 2026",
        "Wed Mar 4 08:20:42 2026 a b c d e f",
    ] {
        assert_eq!(Stamp::read(text, Dating::default()), Stamp::Unreadable, "{text}");
    }
}
