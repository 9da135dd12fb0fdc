//! Addresses: whom they are for, and what is said where they cannot be had.

use fanlight_intake::{ListenerSettings, Settings, listen};
use fanlight_listen::{Access, ListenError};
use fanlight_log::{Appender, FaultyDisk, Segments};
use fanlight_runtime::Outcome;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

use crate::support::{PATIENCE, Server, tools};

async fn refused(http: ListenerSettings) -> ListenError {
    let disk = std::sync::Arc::new(FaultyDisk::default());
    let (segments, _) = Segments::open("/log".as_ref(), 1 << 20, disk).unwrap();
    let (forward, _logged) = tokio::sync::mpsc::channel(1);
    let appender = Appender::start(segments, 1, forward).unwrap();
    let settings = Settings {
        otlp_grpc: Some(ListenerSettings::loopback(0)),
        otlp_http: Some(http),
        streams: Vec::new(),
        ..Settings::default()
    };
    listen(settings, appender, tools()).await.unwrap_err()
}

#[tokio::test]
async fn a_port_in_use_is_named_with_the_way_out() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap();
    let error = refused(ListenerSettings { listen: address, access: Access::open() }).await;
    assert_eq!(
        error.to_string(),
        format!(
            "listener `otlp_http` cannot listen on `{address}`: another process has this port; stop it, set another `listen`, or move all ports with `--listen-offset N`"
        )
    );
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test]
async fn an_address_that_the_machine_has_not_is_named() {
    let listen = "192.0.2.1:4318".parse().unwrap();
    let error =
        refused(ListenerSettings { listen, access: Access::of(vec!["192.0.2.0/24".parse().unwrap()]) }).await;
    assert!(
        error.to_string().ends_with("this machine has no such address; set `listen` to one that it has"),
        "{error}"
    );
}

#[tokio::test]
async fn a_listener_beyond_loopback_without_a_list_is_refused() {
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let error =
            refused(ListenerSettings { listen: listen.parse().unwrap(), access: Access::open() }).await;
        assert_eq!(
            error.to_string(),
            format!(
                "listener `otlp_http` on `{listen}` would be open to everybody: list who may connect in `allow` (such as `allow = [\"10.0.0.0/8\"]`), name a `token_file`, want client certificates (`client_ca` under `tls`), or listen on `127.0.0.1`"
            )
        );
    }
}

/// The connection over the cap is closed at once; the ones before it go on, and a place that is given back is taken.
#[tokio::test]
async fn connections_are_bounded() {
    let server = Server::start_with(|settings| settings.stream_bounds.connections = 1).await;
    let address = server.address("zpa_user_activity");
    let first = TcpStream::connect(address).await.unwrap();
    server.wait_for_count("connection", Outcome::Received, "zpa_user_activity", 1).await;
    let mut second = TcpStream::connect(address).await.unwrap();
    let mut nothing = Vec::new();
    tokio::time::timeout(PATIENCE, second.read_to_end(&mut nothing)).await.expect("closed at once").unwrap();
    assert_eq!(server.count("connection", Outcome::Refused, "too_many_connections"), 1);
    drop(first);
    server.wait_for_count("frame", Outcome::Stored, "zpa_user_activity", 1).await;
}

#[tokio::test]
async fn listeners_that_are_off_do_not_listen() {
    let server = Server::start_with(|settings| {
        settings.otlp_grpc = None;
        settings.streams.clear();
    })
    .await;
    let names: Vec<&str> = server.listening.addresses.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["otlp_http"]);
    assert_eq!(server.listening.tasks.len(), 1);
}
