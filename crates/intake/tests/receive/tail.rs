//! Files that are followed.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fanlight_intake::{TailFile, TailSettings, frame_kind};
use fanlight_model::Feed;
use tempfile::TempDir;

use crate::support::{PATIENCE, Server};

/// A folder with a file that may be followed.
struct Followed {
    folder: TempDir,
}

impl Followed {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("access.log")
    }

    fn append(&self, text: &str) {
        append(&self.path(), text);
    }

    async fn serve(&self) -> Server {
        let files = vec![TailFile { path: self.path(), feed: Feed::Nginx }];
        let folder = Some(self.folder.path().join("tail"));
        Server::start_with(|settings| {
            settings.tail = TailSettings { files, folder, poll: Duration::from_millis(2) };
        })
        .await
    }
}

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// Takes frames until that text came, and nothing else. `|` is where a stream ended.
async fn expect(server: &mut Server, expected: &str) {
    let mut found = String::new();
    while found.len() < expected.len() {
        let frame = server.next().await.frame;
        match frame.kind {
            frame_kind::LSS_CLOSED => found.push('|'),
            kind => {
                assert_eq!(kind, frame_kind::stream_read(Feed::Nginx));
                found.push_str(std::str::from_utf8(&frame.bytes).unwrap());
            }
        }
    }
    assert_eq!(found, expected);
}

/// All that is logged is noted, and the tasks have ended.
async fn stop(mut server: Server) {
    server.shutdown.begin();
    for task in std::mem::take(&mut server.listening.tasks) {
        tokio::time::timeout(PATIENCE, task).await.expect("it ends").unwrap();
    }
}

#[tokio::test]
async fn whole_lines_are_taken_as_they_come() {
    let followed = Followed::new();
    let mut server = followed.serve().await;
    followed.append("one\ntw");
    expect(&mut server, "one\n").await;
    followed.append("o\n");
    expect(&mut server, "two\n").await;
    server.check_ledger("byte").await;
    stop(server).await;
}

#[tokio::test]
async fn after_a_restart_it_goes_on_where_it_was() {
    let followed = Followed::new();
    followed.append("one\ntwo\nhal");
    let mut server = followed.serve().await;
    expect(&mut server, "one\ntwo\n").await;
    stop(server).await;
    followed.append("f\nthree\n");
    let mut server = followed.serve().await;
    expect(&mut server, "half\nthree\n").await;
    stop(server).await;
}

/// Who writes is told of the rotation after it: what it writes until then is taken, and then the new file.
#[tokio::test]
async fn a_file_that_is_rotated_away_is_read_to_its_end() {
    let followed = Followed::new();
    followed.append("one\n");
    let mut server = followed.serve().await;
    expect(&mut server, "one\n").await;
    let rotated = followed.folder.path().join("access.log.1");
    fs::rename(followed.path(), &rotated).unwrap();
    followed.append("three\n");
    append(&rotated, "two\nhalf");
    expect(&mut server, "two\nhalf|three\n").await;
    followed.append("four\n");
    expect(&mut server, "four\n").await;
    server.check_ledger("frame").await;
    stop(server).await;
}

#[tokio::test]
async fn a_file_that_was_rotated_away_while_nobody_looked_is_finished_first() {
    let followed = Followed::new();
    followed.append("one\n");
    let mut server = followed.serve().await;
    expect(&mut server, "one\n").await;
    stop(server).await;
    followed.append("two\n");
    fs::rename(followed.path(), followed.folder.path().join("access.log.1")).unwrap();
    followed.append("three\n");
    let mut server = followed.serve().await;
    expect(&mut server, "two\n|three\n").await;
    stop(server).await;
}

#[tokio::test]
async fn a_file_that_is_truncated_begins_anew() {
    let followed = Followed::new();
    followed.append("the first line\n");
    let mut server = followed.serve().await;
    expect(&mut server, "the first line\n").await;
    File::create(followed.path()).unwrap();
    followed.append("new\n");
    expect(&mut server, "|new\n").await;
    stop(server).await;
}

/// The log takes nothing: no place is noted, and after the restart the lines come.
#[tokio::test]
async fn what_did_not_become_durable_is_read_again() {
    let followed = Followed::new();
    let server = followed.serve().await;
    server.disk.set_room(Some(0));
    followed.append("one\n");
    server.wait_for_count("frame", fanlight_runtime::Outcome::Retried, "disk_full", 1).await;
    stop(server).await;
    let mut server = followed.serve().await;
    expect(&mut server, "one\n").await;
    stop(server).await;
}

/// A line of more than a frame, and a great many lines, are all there in order.
#[tokio::test]
async fn a_long_line_and_many_lines_are_read_in_pieces() {
    let followed = Followed::new();
    let text: String = (0..100_000).map(|at| format!("line {at}\n")).collect();
    let text = format!("{}\n{text}", "x".repeat(3 << 20));
    followed.append(&text);
    let mut server = followed.serve().await;
    expect(&mut server, &text).await;
    stop(server).await;
}

/// Neither a file that is missing nor a folder in its place ends the following.
#[tokio::test]
async fn a_file_that_cannot_be_read_is_waited_for() {
    let followed = Followed::new();
    fs::create_dir(followed.path()).unwrap();
    let mut server = followed.serve().await;
    tokio::task::yield_now().await;
    fs::remove_dir(followed.path()).unwrap();
    followed.append("one\n");
    expect(&mut server, "one\n").await;
    stop(server).await;
}
