//! Stream listeners of each feed, and how many may come and how long they may be silent.

use std::time::Duration;

use fanlight_intake::{ListenerSettings, Settings, frame_kind, stream_port};
use fanlight_listen::Limits;
use fanlight_model::Feed;
use fanlight_runtime::Outcome;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::Server;

async fn server_of_all() -> Server {
    Server::start_with(|settings| {
        settings.streams = Feed::ALL.iter().map(|feed| (*feed, ListenerSettings::loopback(0))).collect();
    })
    .await
}

/// What comes in on a feed's listener is logged as that feed's.
#[tokio::test]
async fn each_feed_has_a_listener_of_its_own() {
    let mut server = server_of_all().await;
    for feed in Feed::ALL {
        let mut stream = TcpStream::connect(server.address(feed.as_str())).await.unwrap();
        stream.write_all(feed.as_str().as_bytes()).await.unwrap();
        let frame = server.next().await.frame;
        assert_eq!((frame.kind, &*frame.bytes), (frame_kind::stream_read(*feed), feed.as_str().as_bytes()));
        drop(stream);
        let last = server.next().await.frame;
        assert_eq!((last.kind, last.source_id), (frame_kind::LSS_CLOSED, frame.source_id));
    }
    server.check_ledger("frame").await;
    server.check_ledger("byte").await;
}

#[test]
fn the_ports_are_those_of_the_contract() {
    let settings = Settings::default();
    let ports: Vec<(&str, u16)> =
        settings.streams.iter().map(|(feed, listener)| (feed.as_str(), listener.listen.port())).collect();
    assert_eq!(
        ports,
        [
            ("zpa_user_activity", 9015),
            ("zpa_user_status", 9016),
            ("zpa_browser_access", 9017),
            ("zpa_appprotection", 9018),
            ("zpa_app_connector_status", 9019),
            ("zpa_app_connector_metrics", 9020),
            ("zpa_audit", 9021),
            ("zia_web", 9025),
            ("zia_firewall", 9026),
            ("zia_dns", 9027),
        ]
    );
    assert_eq!(stream_port(Feed::ZiaTunnel), None);
    assert!(settings.streams.iter().all(|(_, listener)| listener.listen.ip().is_loopback()));
}

/// All of them from one address, as from behind a NAT, and each sends.
#[tokio::test]
async fn sixty_four_senders_are_served_at_once() {
    let mut server = Server::start().await;
    let mut streams = Vec::new();
    for _ in 0..64 {
        streams.push(TcpStream::connect(server.address("zpa_user_activity")).await.unwrap());
    }
    for stream in &mut streams {
        stream.write_all(b"{}\n").await.unwrap();
    }
    let mut sources = std::collections::BTreeSet::new();
    while sources.len() < 64 {
        sources.insert(server.next().await.frame.source_id);
    }
}

/// A night without a line is nothing unusual; a connection that says nothing for a week is closed, in the log too.
#[tokio::test(start_paused = true)]
async fn a_silent_sender_is_let_stand_for_days() {
    let mut server = Server::start().await;
    let mut stream = TcpStream::connect(server.address("zpa_user_activity")).await.unwrap();
    server.wait_for_count("connection", Outcome::Received, "zpa_user_activity", 1).await;
    let began = tokio::time::Instant::now();
    let mut nothing = Vec::new();
    stream.read_to_end(&mut nothing).await.unwrap();
    let silent = began.elapsed();
    assert!(silent >= Limits::STREAM.idle && silent < Limits::STREAM.idle + Duration::from_secs(60));
    assert_eq!(server.count("connection", Outcome::Dropped, "idle_stream"), 1);
    // The log's thread is none that the clock waits for.
    let last = server.logged.recv().await.unwrap().frame;
    assert_eq!(last.kind, frame_kind::LSS_CLOSED);
}
