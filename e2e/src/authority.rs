//! Certificates for the tests, made anew in each.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use fanlight_model::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

/// Whoever signs the certificates of a test.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority")
    }
}

impl Authority {
    /// A new one.
    ///
    /// # Errors
    /// Where no key can be made.
    pub fn new() -> Result<Self> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "authority of a test");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Ok(Self(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?))
    }

    /// Writes its own certificate.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn write(&self, file: &Path) -> Result<()> {
        Ok(std::fs::write(file, self.0.pem())?)
    }

    /// Writes a certificate for `localhost` that is good until then, and its key.
    ///
    /// # Errors
    /// Where the files cannot be written.
    pub fn issue(&self, certificate: &Path, key: &Path, until: Timestamp) -> Result<()> {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()])?;
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        params.distinguished_name.push(DnType::CommonName, "localhost");
        params.not_before = date_time_ymd(2020, 1, 1);
        let seconds = u64::try_from(until.as_nanos() / 1_000_000_000)?;
        params.not_after = date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds);
        let own = KeyPair::generate()?;
        std::fs::write(certificate, params.signed_by(&own, &self.0)?.pem())?;
        std::fs::write(key, own.serialize_pem())?;
        Ok(())
    }
}
