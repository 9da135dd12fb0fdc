//! What happens when the system has no more file descriptors. Alone in its process, because the limit is the process's.

#![cfg(test)]

#[path = "receive/support.rs"]
#[expect(dead_code, reason = "one test uses a part of what the others need")]
mod support;

use fanlight_runtime::Outcome;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use support::Server;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

fn limit_descriptors(current: u64) {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: Some(current), maximum }).unwrap();
}

/// A client gets the last descriptor, so the server gets none for its side. It says so and tries again, and takes the connection
/// as soon as one is free.
#[tokio::test]
async fn the_accept_loop_outlives_the_last_descriptor() {
    let mut server = Server::start().await;
    let address = server.address("zpa_user_activity");
    let spare = std::fs::File::open("/dev/null").unwrap();
    let used = std::fs::read_dir("/proc/self/fd").unwrap().count() as u64;
    // Descriptors are numbered without gaps here: one more is the client's.
    let highest = std::fs::read_dir("/proc/self/fd")
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_string_lossy().parse::<u64>().ok())
        .max()
        .unwrap();
    limit_descriptors(highest.max(used) + 1);
    let mut fillers = Vec::new();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        fillers.push(file);
    }
    fillers.pop();
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"{}\n").await.unwrap();
    server.wait_for_count("connection", Outcome::Dropped, "accept_failed", 1).await;
    drop((spare, fillers));
    assert_eq!(server.next().await.frame.bytes, "{}\n");
}
