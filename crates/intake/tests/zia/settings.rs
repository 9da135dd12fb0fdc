//! What the site says of its feeds: zones and declared templates.

use fanlight_identity::PrincipalNamer;
use fanlight_intake::{Columns, DecodedLine, FeedClock, FeedSettings, decode_lines_with};
use fanlight_model::{Feed, FeedRecord, ParseLevel, Timestamp};

use crate::golden::ARRIVAL;

fn decode(feed: Feed, line: &str, settings: &FeedSettings) -> DecodedLine {
    let mut read =
        decode_lines_with(feed, line.as_bytes(), 1 << 20, ARRIVAL, &PrincipalNamer::for_tests(), settings);
    assert_eq!(read.len(), 1);
    read.remove(0)
}

fn log_time(line: &DecodedLine) -> Option<Timestamp> {
    line.event.as_ref().and_then(FeedRecord::log_time)
}

fn at(text: &str) -> Option<Timestamp> {
    Some(Timestamp::parse_rfc3339(text).unwrap())
}

const WEB: &str = r#"{"time":"Wed Mar  4 08:20:42 2026","login":"ana@example.com","reqmethod":"GET","respcode":"200","urlcat":"x","recordid":"7"}"#;

/// A feed in Berlin's winter time says 08:20 for 07:20 UTC; a word for the zone in the record itself wins.
#[test]
fn a_stamp_without_a_zone_is_in_the_feeds() {
    let berlin = FeedSettings::default().with_clock(Feed::ZiaWeb, FeedClock { zone_seconds: 3_600 });
    assert_eq!(log_time(&decode(Feed::ZiaWeb, WEB, &FeedSettings::default())), at("2026-03-04T08:20:42Z"));
    assert_eq!(log_time(&decode(Feed::ZiaWeb, WEB, &berlin)), at("2026-03-04T07:20:42Z"));
    let told = WEB.replace("\"login\"", "\"tz\":\"GMT\",\"login\"");
    assert_eq!(log_time(&decode(Feed::ZiaWeb, &told, &berlin)), at("2026-03-04T08:20:42Z"));
    let unclear = WEB.replace("\"login\"", "\"tz\":\"CST\",\"login\"");
    assert_eq!(log_time(&decode(Feed::ZiaWeb, &unclear, &berlin)), at("2026-03-04T07:20:42Z"));
    assert_eq!(log_time(&decode(Feed::ZiaWeb, &unclear, &FeedSettings::default())), None);
    let epoch = WEB.replace("\"login\"", "\"epochtime\":\"1772612442\",\"login\"");
    assert_eq!(log_time(&decode(Feed::ZiaWeb, &epoch, &berlin)), at("2026-03-04T08:20:42Z"));
}

/// ZPA's CSV has no quotes, a sentence behind its time, and a comma in each connection's id.
#[test]
fn cells_are_read_by_a_declared_template_only() {
    let line = "Wed Mar  4 08:20:42 2026 User Activity zpa-lss: ,Example,s,s,c,MT_CLOSED_TERMINATED,close,6,ana@example.com,443";
    let template = "%s{LogTimestamp:time} User Activity zpa-lss: ,%s{Customer},%s{SessionID},%s{ConnectionID},%s{InternalReason},%s{ConnectionStatus},%d{IPProtocol},%s{Username},%d{ServicePort}\\n";
    let columns = Columns::from_template(template).unwrap();
    let declared = FeedSettings::default().with_columns(Feed::ZpaUserActivity, columns);
    let read = decode(Feed::ZpaUserActivity, line, &declared);
    assert_eq!((read.level, log_time(&read)), (ParseLevel::Strict, at("2026-03-04T08:20:42Z")), "{read:?}");
    let event = read.event.and_then(FeedRecord::into_access_event).unwrap();
    assert_eq!(
        (event.vendor_uid.as_deref(), event.user_name.as_deref()),
        (Some("s,c"), Some("ana@example.com"))
    );
    let read = decode(Feed::ZpaUserActivity, line, &FeedSettings::default());
    assert_eq!(read.level, ParseLevel::Raw);
    let short = line.rsplit_once(',').unwrap().0;
    assert_eq!(decode(Feed::ZpaUserActivity, short, &declared).level, ParseLevel::Raw);
}

/// The year is that in which the stamp lies nearest to the arrival.
#[test]
fn a_header_without_a_year_turns_at_new_year() {
    let line = |stamp: &str| {
        format!(
            "{stamp} zscaler-nss-audit CEF:0|Zscaler|NSSAuditlog|5.7|UPDATE|X|3| act=UPDATE cs2Label=subcategory cs2=X suser=ana@example.com sourceServiceName=ZIA"
        )
    };
    let read = |stamp: &str, arrival: &str| {
        let arrival = Timestamp::parse_rfc3339(arrival).unwrap();
        let text = line(stamp);
        let (namer, settings) = (PrincipalNamer::for_tests(), FeedSettings::default());
        let lines = decode_lines_with(Feed::ZiaAudit, text.as_bytes(), 1 << 20, arrival, &namer, &settings);
        log_time(&lines[0])
    };
    assert_eq!(read("Dec 31 23:59:58", "2026-01-01T00:00:05Z"), at("2025-12-31T23:59:58Z"));
    assert_eq!(read("Jan  1 00:00:01", "2025-12-31T23:59:59Z"), at("2026-01-01T00:00:01Z"));
    assert_eq!(read("Mar 04 08:20:42", "2026-03-04T08:20:43Z"), at("2026-03-04T08:20:42Z"));
}
