use std::fs;
use std::path::PathBuf;

use rcgen::{CertificateParams, KeyPair};

use super::*;
use crate::access::Access;

/// A folder with a certificate and its key.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(vec!["a.example.com".to_owned()]).unwrap().self_signed(&key).unwrap();
        folder.write("certificate", certificate.pem());
        folder.write("key", key.serialize_pem());
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    fn files(&self) -> TlsFiles {
        TlsFiles {
            certificate: self.path("certificate"),
            key: self.path("key"),
            client_ca: None,
            client_crl: None,
        }
    }

    fn check(&self, files: TlsFiles, file: &str, key: &str, says: &str) {
        let error = Access { tls: Some(files), ..Access::default() }.check(Protocol::Http1).unwrap_err();
        assert_eq!(error.key(), key, "{error}");
        let text = error.whole();
        assert!(text.contains(&self.path(file).display().to_string()) && text.contains(says), "{text}");
    }
}

#[test]
fn what_is_wrong_with_a_file_is_told_with_its_key() {
    let folder = Folder::new();
    let mut remarks = Vec::new();
    assert!(load(&folder.files(), Protocol::Http2, &mut remarks).is_ok());
    assert_eq!(remarks.len(), 1, "the key can be read by others");

    folder.write("other", KeyPair::generate().unwrap().serialize_pem());
    let files = TlsFiles { key: folder.path("other"), ..folder.files() };
    folder.check(files, "other", KEY, "not the key of the certificate");
    let files = TlsFiles { certificate: folder.path("key"), ..folder.files() };
    folder.check(files, "key", CERTIFICATE, "holds no certificate in PEM");
    let files = TlsFiles { key: folder.path("certificate"), ..folder.files() };
    folder.check(files, "certificate", KEY, "holds no private key in PEM");
    folder
        .write("other", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
    let files = TlsFiles { key: folder.path("other"), ..folder.files() };
    folder.check(files, "other", KEY, "its key is encrypted");
    folder.write("other", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let files = TlsFiles { certificate: folder.path("other"), ..folder.files() };
    folder.check(files, "other", CERTIFICATE, "cannot be read");
    let files = TlsFiles { certificate: folder.path("missing"), ..folder.files() };
    folder.check(files, "missing", CERTIFICATE, "cannot read");
    let files = TlsFiles { client_crl: Some(folder.path("other")), ..folder.files() };
    folder.check(files, "other", CLIENT_CRL, "needs `client_ca`");
    let files = TlsFiles { client_ca: Some(folder.path("key")), ..folder.files() };
    folder.check(files, "key", CLIENT_CA, "holds no certificate");
}

fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut element = vec![tag];
    match content.len() {
        length @ 0..=0x7f => element.push(length as u8),
        length => element.extend_from_slice(&[0x82, (length >> 8) as u8, length as u8]),
    }
    element.extend_from_slice(&content);
    element
}

/// RUSTSEC-2026-0104: a list whose `onlySomeReasons` is an empty BIT STRING made webpki panic before it looked at the signature.
/// The file is refused, with a word.
#[test]
fn rustsec_2026_0104_an_empty_bit_string_in_a_revocation_list_is_no_panic() {
    const ECDSA_WITH_SHA256: &[u8] = &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    const CRL_NUMBER: &[u8] = &[0x06, 3, 0x55, 0x1d, 20];
    const ISSUING_DISTRIBUTION_POINT: &[u8] = &[0x06, 3, 0x55, 0x1d, 28];
    let algorithm = der(0x30, &[ECDSA_WITH_SHA256]);
    let name = der(0x30, &[&der(0x31, &[&der(0x30, &[&[0x06, 3, 0x55, 4, 3], &der(0x0c, &[b"ca"])])])]);
    let time = der(0x17, &[b"260101000000Z"]);
    let number = der(0x30, &[CRL_NUMBER, &der(0x04, &[&der(0x02, &[&[1]])])]);
    for reasons in [&[0x83, 0][..], &[0x83, 1, 0], &[0x83, 2, 7, 0x80]] {
        let point =
            der(0x30, &[ISSUING_DISTRIBUTION_POINT, &[0x01, 1, 0xff], &der(0x04, &[&der(0x30, &[reasons])])]);
        let extensions = der(0xa0, &[&der(0x30, &[&number, &point])]);
        let list = der(0x30, &[&[0x02, 1, 1], &algorithm, &name, &time, &time, &extensions]);
        let signed = der(0x30, &[&list, &algorithm, &der(0x03, &[&[0, 1, 2, 3]])]);
        let folder = Folder::new();
        folder.write("crl", &signed);
        let (ca, crl) = (Some(folder.path("certificate")), Some(folder.path("crl")));
        let files = TlsFiles { client_ca: ca, client_crl: crl, ..folder.files() };
        folder.check(files, "crl", CLIENT_CRL, "CRL");
    }
}
