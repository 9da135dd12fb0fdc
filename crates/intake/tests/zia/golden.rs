//! Bytes in, model out: `golden/zia/FEED.NAME.log` is decoded as that feed, printed, and compared with `golden/zia/FEED.NAME.txt`.
//!
//! With `FANLIGHT_GOLDEN=rewrite` the printed form is written instead; look at the difference before keeping it.

use std::path::{Path, PathBuf};

use fanlight_identity::PrincipalNamer;
use fanlight_intake::{DecodedLine, decode_lines};
use fanlight_model::{Feed, Timestamp};

use crate::print::print;

/// 2026-03-04T08:21:00Z, soon after what the fixtures tell of.
pub(crate) const ARRIVAL: Timestamp = Timestamp::from_seconds(1_772_612_460);

pub(crate) fn decode(feed: Feed, text: &[u8]) -> Vec<DecodedLine> {
    decode_lines(feed, text, 1 << 20, ARRIVAL, &PrincipalNamer::for_tests())
}

/// The fixtures, with the feed that the name begins with.
pub(crate) fn fixtures() -> Vec<(PathBuf, Feed)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/zia");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "log"));
    files.sort();
    let feed = |path: &Path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        Feed::from_name(name.split('.').next().unwrap()).unwrap()
    };
    files.into_iter().map(|path| (path.clone(), feed(&path))).collect()
}

#[test]
fn every_feed_is_read_in_every_dialect() {
    let rewrites = std::env::var("FANLIGHT_GOLDEN").is_ok_and(|value| value == "rewrite");
    let fixtures = fixtures();
    assert!(fixtures.len() > 25, "the fixtures are there");
    for (path, feed) in fixtures {
        let printed = print(&decode(feed, &std::fs::read(&path).unwrap()));
        let golden = path.with_extension("txt");
        if rewrites {
            std::fs::write(&golden, &printed).unwrap();
        }
        assert_eq!(printed, std::fs::read_to_string(&golden).unwrap(), "{}", golden.display());
    }
}

/// INV-1: nothing is lost, and nothing is made twice.
#[test]
fn each_line_of_a_fixture_is_one_record() {
    for (path, feed) in fixtures() {
        let text = std::fs::read(&path).unwrap();
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count();
        assert_eq!(decode(feed, &text).len(), lines, "{}", path.display());
    }
}
