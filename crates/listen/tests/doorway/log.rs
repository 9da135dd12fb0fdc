//! What is told in the log, and how often.

use std::fs::{Permissions, set_permissions, write};
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fanlight_listen::{Access, Limits, Protocol};
use fanlight_runtime::{Clock, Outcome};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, set_default};
use tracing::{Event, Metadata, Subscriber};

use crate::certificates::{Authority, NAME, day};
use crate::house::House;

/// Keeps each event's name and one line of its fields, as long as the guard lives, on the test's own thread.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<(&'static str, String)>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.push_str(&format!("{field}={value:?} "));
    }
}

impl Subscriber for Told {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().unwrap().push((event.metadata().name(), line.0));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Told {
    fn listening() -> (Self, DefaultGuard) {
        let told = Self::default();
        (told.clone(), set_default(told))
    }

    fn of(&self, name: &str) -> Vec<String> {
        let told = self.0.lock().unwrap();
        told.iter().filter(|(found, _)| *found == name).map(|(_, line)| line.clone()).collect()
    }
}

/// A peer tries again and again: one line in ten seconds tells of it, and of how many tries were not told.
#[tokio::test]
async fn a_peer_that_fails_again_and_again_does_not_fill_the_log() {
    let (told, _guard) = Told::listening();
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new("test"));
    let tls = Some(authority.issue(NAME, 1, day(2100)).write(folder.path()));
    let clock = Clock::manual(day(2030));
    let access = Access { tls, ..Access::default() };
    let house = House::open_with(Protocol::Http1, access, Limits::DEFAULT, clock.clone()).await;
    let fail = async |times: u64| {
        let before = house.count(Outcome::Refused, "tls_broken");
        for time in 1..=times {
            let mut stream = TcpStream::connect(house.address).await.unwrap();
            stream.write_all(&[0x16, 3, 1, 0xff, 0xff]).await.unwrap();
            house.counted(Outcome::Refused, "tls_broken", before + time).await;
        }
        told.of("listen.handshake.failed")
    };
    let lines = fail(5).await;
    assert!(lines.len() == 1 && lines[0].contains("untold=0 "), "{lines:?}");
    clock.advance(Duration::from_secs(10));
    let lines = fail(5).await;
    assert!(lines.len() == 2 && lines[1].contains("untold=4 "), "{lines:?}");
}

/// The listener works all the same; whoever reads its log learns which files to mend.
#[tokio::test]
async fn secrets_that_others_can_read_are_told() {
    let (told, _guard) = Told::listening();
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new("test"));
    let tls = authority.issue(NAME, 1, day(2100)).write(folder.path());
    let token_file = folder.path().join("tokens");
    write(&token_file, "the-token-of-july-2\n").unwrap();
    let mut expected = Vec::new();
    for (mode, is_told) in [(0o600, false), (0o604, true), (0o640, true)] {
        for file in [&token_file, &tls.key] {
            set_permissions(file, Permissions::from_mode(mode)).unwrap();
            if is_told {
                expected.push(file.display().to_string());
            }
        }
        let access =
            Access { token_file: Some(token_file.clone()), tls: Some(tls.clone()), ..Access::default() };
        House::open(Protocol::Http1, access).await;
        let lines = told.of("listen.file.odd");
        assert_eq!(lines.len(), expected.len(), "{mode:o}: {lines:?}");
        for (line, file) in lines.iter().zip(&expected) {
            assert!(line.contains(file) && line.contains("others on this machine can read it"), "{line}");
        }
    }
}
