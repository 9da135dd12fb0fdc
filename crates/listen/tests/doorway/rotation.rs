//! Files that change under load, and certificates that end: F15.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use fanlight_listen::{Access, Limits, Protocol, TlsFiles};
use fanlight_model::Timestamp;
use fanlight_runtime::{Clock, Outcome, spawn};

use crate::certificates::{Authority, NAME, day};
use crate::client::{Client, get};
use crate::house::{House, until};

const ROTATIONS: u64 = 20;
const EXPIRES: &str = "fanlight_tls_certificate_not_after_timestamp_seconds";
const GOOD: &str = "fanlight_listener_files_successful";

/// Clients make handshakes and requests, new and on connections that stand, while the certificate is exchanged twenty times.
/// None fails, and in the end the last certificate is the one that is served.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_exchanged_under_load_without_a_failed_request() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new("test"));
    let tls = Some(authority.issue(NAME, 100, day(2100)).write(folder.path()));
    let house = House::open(Protocol::Http1, Access { tls, ..Access::default() }).await;
    let client = Client::trusting(authority.roots(), day(2030));
    let (address, served, is_over) =
        (house.address, Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let load: Vec<_> = (0..4)
        .map(|_| {
            let (client, served, is_over) = (client.clone(), Arc::clone(&served), Arc::clone(&is_over));
            spawn("test", async move {
                let mut open = client.connect(address).await?;
                while !is_over.load(Ordering::Relaxed) {
                    get(&mut open).await?;
                    client.get(address).await?;
                    served.fetch_add(2, Ordering::Relaxed);
                }
                Ok::<_, std::io::Error>(())
            })
        })
        .collect();
    for rotation in 1..=ROTATIONS {
        let before = served.load(Ordering::Relaxed);
        let issued = authority.issue(NAME, 100 + rotation, day(2100));
        std::fs::write(folder.path().join("server.crt"), issued.certificate.pem()).unwrap();
        // A look in the middle of the exchange finds a certificate without its key.
        house.admission.refresh(false);
        assert_eq!((house.gauge(GOOD), house.admission.trouble().len()), (Some(0.0), 1));
        std::fs::write(folder.path().join("server.key"), issued.key.serialize_pem()).unwrap();
        house.admission.refresh(false);
        assert_eq!((house.gauge(GOOD), house.admission.trouble().len()), (Some(1.0), 0));
        until("requests go on", || served.load(Ordering::Relaxed) > before + 8).await;
    }
    is_over.store(true, Ordering::Relaxed);
    for client in load {
        client.await.unwrap().expect("no request fails");
    }
    let stream = client.connect(address).await.unwrap();
    let shown = stream.get_ref().1.peer_certificates().unwrap()[0].clone();
    let last = authority.issue(NAME, 100 + ROTATIONS, day(2100));
    // Behind two lengths stands the serial number.
    assert_eq!(shown[8..16], last.certificate.der()[8..16], "the last one is served");
    let count = |outcome| house.tools.ledger.get("listen", "reload", outcome, "house");
    assert_eq!(
        (count(Outcome::Received), count(Outcome::Stored), count(Outcome::Rejected)),
        (2 * ROTATIONS, ROTATIONS, ROTATIONS)
    );
}

#[tokio::test]
async fn a_broken_file_keeps_the_former_one_until_the_next_change() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new("test"));
    let tls = authority.issue(NAME, 1, day(2100)).write(folder.path());
    let certificate = tls.certificate.clone();
    let house = House::open(Protocol::Http1, Access { tls: Some(tls), ..Access::default() }).await;
    let client = Client::trusting(authority.roots(), day(2030));
    std::fs::write(&certificate, "no certificate").unwrap();
    house.admission.refresh(false);
    let trouble = house.admission.trouble();
    assert!(
        trouble[0].starts_with("listener `house` has files that are not in force as they are: cannot use `")
            && trouble[0].contains("server.crt")
            && trouble[0].contains("holds no certificate in PEM"),
        "{trouble:?}"
    );
    let rejected = |house: &House| house.tools.ledger.get("listen", "reload", Outcome::Rejected, "house");
    assert_eq!(rejected(&house), 1);
    house.admission.refresh(false);
    assert_eq!(rejected(&house), 1, "nothing changed, so nothing is read");
    assert!(client.get(house.address).await.is_ok(), "the former one is served");
    std::fs::remove_file(&certificate).unwrap();
    house.admission.refresh(false);
    assert_eq!(rejected(&house), 2, "gone is a change");
    assert!(client.get(house.address).await.is_ok());
    authority.issue(NAME, 2, day(2100)).write(folder.path());
    house.admission.refresh(false);
    assert_eq!(house.admission.trouble(), Vec::<String>::new());
    assert!(client.get(house.address).await.is_ok());
}

/// A certificate lives for five seconds. Before its end clients are served; past it the listener goes on serving it and says so;
/// whoever checks refuses it; a new one in its place is served.
#[tokio::test]
async fn a_certificate_that_expires_is_served_loudly_and_replaced() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new("test"));
    let start = day(2030);
    let end = start.after(Duration::from_secs(5));
    let clock = Clock::manual(start);
    let tls = Some(authority.issue(NAME, 1, end).write(folder.path()));
    let access = Access { tls, ..Access::default() };
    let house = House::open_with(Protocol::Http1, access, Limits::DEFAULT, clock.clone()).await;
    let at = |now: Timestamp| Client::trusting(authority.roots(), now);
    assert_eq!(house.gauge(EXPIRES), Some((end.as_nanos() / 1_000_000_000) as f64));
    assert!(
        house.admission.trouble()[0].contains("expires at 2030-01-01T00:00:05"),
        "{:?}",
        house.admission.trouble()
    );
    let before = at(clock.now());
    let mut open = before.connect(house.address).await.unwrap();
    get(&mut open).await.unwrap();

    clock.advance(Duration::from_secs(6));
    house.admission.refresh(false);
    assert!(
        house.admission.trouble()[0].contains("expired at 2030-01-01T00:00:05"),
        "{:?}",
        house.admission.trouble()
    );
    assert!(get(&mut open).await.is_ok(), "what stands goes on");
    assert!(before.get(house.address).await.is_ok(), "whoever does not mind the time is served");
    assert!(at(clock.now()).get(house.address).await.is_err(), "whoever checks is not deceived");
    house.counted(Outcome::Refused, "tls_refused_by_peer", 1).await;

    authority.issue(NAME, 2, day(2031)).write(folder.path());
    house.admission.refresh(false);
    assert_eq!(house.admission.trouble(), Vec::<String>::new());
    assert!(at(clock.now()).get(house.address).await.is_ok());
}

/// A token is exchanged: for a while both are good, then the new one alone, on connections that stand as on new ones.
#[tokio::test]
async fn a_token_is_exchanged_without_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens");
    std::fs::write(&file, "the-token-of-june-1\n").unwrap();
    let access = Access { token_file: Some(file.clone()), ..Access::default() };
    let house = House::open(Protocol::Http1, access).await;
    let status = async |token: Option<&str>| {
        let header = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
        crate::slow::exchange(
            &house,
            &format!("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{header}\r\n"),
        )
        .await
    };
    let (june, july) = (Some("the-token-of-june-1"), Some("the-token-of-july-2"));
    assert!(status(june).await.starts_with("HTTP/1.1 200"));
    assert!(status(july).await.ends_with("TokenWrong"));
    assert!(status(None).await.ends_with("TokenMissing"));
    std::fs::write(&file, "the-token-of-june-1\nthe-token-of-july-2\n").unwrap();
    house.admission.refresh(false);
    assert!(status(june).await.starts_with("HTTP/1.1 200") && status(july).await.starts_with("HTTP/1.1 200"));
    std::fs::write(&file, "\n").unwrap();
    house.admission.refresh(false);
    assert!(status(june).await.starts_with("HTTP/1.1 200"), "it may be half written");
    house.admission.refresh(false);
    assert!(status(june).await.ends_with("TokenWrong"), "it stays empty: nobody is let in");
    assert!(house.admission.trouble()[0].ends_with("it holds no token; write one a line"));
    std::fs::write(&file, "the-token-of-july-2\n").unwrap();
    house.admission.refresh(false);
    assert!(status(june).await.ends_with("TokenWrong") && status(july).await.starts_with("HTTP/1.1 200"));
}

/// TLS is switched on while the listener runs; files that cannot be used change nothing.
#[tokio::test]
async fn new_rules_are_checked_before_they_are_in_force() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new("test"));
    let house = House::open(Protocol::Http1, Access::open()).await;
    let tls: TlsFiles = authority.issue(NAME, 1, day(2100)).write(folder.path());
    let wrong = TlsFiles { key: folder.path().join("missing"), ..tls.clone() };
    assert!(house.admission.prepare(Access { tls: Some(wrong), ..Access::default() }).is_err());
    assert!(
        crate::slow::exchange(&house, "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .await
            .ends_with("secure: false")
    );
    let prepared = house.admission.prepare(Access { tls: Some(tls), ..Access::default() }).unwrap();
    house.admission.adopt(prepared);
    let client = Client::trusting(authority.roots(), day(2030));
    assert!(client.get(house.address).await.unwrap().ends_with("secure: true"));
}

/// What is wrong with the certificate's files keeps nobody from taking a token back.
#[tokio::test]
async fn a_token_is_taken_back_although_the_certificate_is_broken() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new("test"));
    let file = folder.path().join("tokens");
    std::fs::write(&file, "the-token-of-june-1\nthe-token-of-july-2\n").unwrap();
    let tls: TlsFiles = authority.issue(NAME, 1, day(2100)).write(folder.path());
    let access = Access { token_file: Some(file.clone()), tls: Some(tls.clone()), ..Access::default() };
    let house = House::open(Protocol::Http1, access).await;
    std::fs::write(&tls.certificate, "half a certificate").unwrap();
    std::fs::write(&file, "the-token-of-july-2\n").unwrap();
    house.admission.refresh(false);
    let client = Client::trusting(authority.roots(), day(2030));
    assert!(client.get_with(house.address, "the-token-of-june-1").await.unwrap().ends_with("TokenWrong"));
    assert!(client.get_with(house.address, "the-token-of-july-2").await.unwrap().ends_with("secure: true"));
    assert!(
        house.admission.trouble()[0].contains("is not PEM")
            || house.admission.trouble()[0].contains("no certificate")
    );
}
