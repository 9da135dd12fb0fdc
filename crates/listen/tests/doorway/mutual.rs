//! Client certificates: F16.

use fanlight_listen::{Access, Protocol, TlsFiles};
use fanlight_runtime::Outcome;
use rustls::version::TLS12;
use tempfile::TempDir;

use crate::certificates::{Authority, Issued, NAME, day};
use crate::client::Client;
use crate::house::House;

/// A listener that wants a certificate of `theirs`, of which it holds `revoked` as taken back.
struct Case {
    ours: Authority,
    theirs: Authority,
    folder: TempDir,
    house: House,
}

async fn case(revoked: &[&str]) -> (Case, Vec<Issued>) {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let folder = tempfile::tempdir().unwrap();
    let issued: Vec<_> =
        (10..).zip(revoked).map(|(serial, name)| theirs.issue(name, serial, day(2100))).collect();
    std::fs::write(folder.path().join("ca"), theirs.pem()).unwrap();
    std::fs::write(folder.path().join("crl"), theirs.revoke(&issued.iter().collect::<Vec<_>>())).unwrap();
    let tls = TlsFiles {
        client_ca: Some(folder.path().join("ca")),
        client_crl: Some(folder.path().join("crl")),
        ..ours.issue(NAME, 1, day(2100)).write(folder.path())
    };
    let house = House::open(Protocol::Http1, Access { tls: Some(tls), ..Access::default() }).await;
    (Case { ours, theirs, folder, house }, issued)
}

impl Case {
    fn client(&self, own: &Issued) -> Client {
        Client::with_certificate(self.ours.roots(), day(2030), own)
    }

    /// No request goes through, and it is counted as that.
    async fn refused(&self, client: &Client, word: &str) {
        let before = self.house.count(Outcome::Refused, word);
        assert!(client.get(self.house.address).await.is_err(), "{word}");
        self.house.counted(Outcome::Refused, word, before + 1).await;
    }
}

/// Of a chain, the first certificate is the peer's own.
#[tokio::test]
async fn a_good_certificate_lets_in_and_tells_who_it_is() {
    let (case, _) = case(&[]).await;
    let shop = case.theirs.issue("shop.example.com", 20, day(2100));
    let with_chain = Client::with_chain(case.ours.roots(), day(2030), &shop, &[case.theirs.certificate()]);
    let expected = r#"0 bytes from CN=shop.example.com ["DNS:shop.example.com"] 14, secure: true"#;
    for client in [case.client(&shop), with_chain] {
        let answer = client.get(case.house.address).await.unwrap();
        assert!(answer.ends_with(expected), "{answer}");
    }
}

#[tokio::test]
async fn no_certificate_a_strangers_an_expired_one_and_one_taken_back_are_refused() {
    let (case, revoked) = case(&["gone.example.com"]).await;
    let roots = case.ours.roots();
    case.refused(&Client::trusting(roots.clone(), day(2030)), "client_certificate_missing").await;
    case.refused(&Client::of_version(roots, day(2030), &TLS12), "client_certificate_missing").await;
    let stranger = case.ours.issue("shop.example.com", 21, day(2100));
    case.refused(&case.client(&stranger), "client_certificate_unknown").await;
    let expired = case.theirs.issue("shop.example.com", 22, day(2021));
    case.refused(&case.client(&expired), "client_certificate_expired").await;
    case.refused(&case.client(&revoked[0]), "client_certificate_revoked").await;
    case.house.emptied().await;
}

/// A certificate is taken back while its owner is connected: the connection stands, the next one is refused. A list that cannot
/// be read changes nothing.
#[tokio::test]
async fn a_list_that_changes_holds_for_the_next_handshake() {
    let (case, _) = case(&[]).await;
    let shop = case.theirs.issue("shop.example.com", 30, day(2100));
    let client = case.client(&shop);
    let mut open = client.connect(case.house.address).await.unwrap();
    crate::client::get(&mut open).await.unwrap();
    let crl = case.folder.path().join("crl");
    std::fs::write(&crl, "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n").unwrap();
    case.house.admission.refresh(false);
    assert!(case.house.admission.trouble()[0].contains("crl"), "{:?}", case.house.admission.trouble());
    assert!(client.get(case.house.address).await.is_ok(), "the former list is in force");
    std::fs::write(&crl, case.theirs.revoke(&[&shop])).unwrap();
    case.house.admission.refresh(false);
    assert!(case.house.admission.trouble().is_empty());
    case.refused(&client, "client_certificate_revoked").await;
    assert!(crate::client::get(&mut open).await.is_ok(), "what stands is not dropped");
}
