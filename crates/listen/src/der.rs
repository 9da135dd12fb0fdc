//! As much of DER as tells when a certificate ends and whose it is. What it is handed was parsed by rustls before; all the same
//! it trusts no length.

use std::net::IpAddr;

use fanlight_model::Timestamp;

const INTEGER: u8 = 0x02;
const OBJECT: u8 = 0x06;
const OCTETS: u8 = 0x04;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;

/// `subjectAltName`, 2.5.29.17.
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];

/// Names of one certificate that are kept, and characters of each.
const MAX_NAMES: usize = 16;
const MAX_CHARACTERS: usize = 200;

/// What of a certificate is told on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Certificate {
    pub(crate) not_after: Timestamp,
    /// Hex.
    pub(crate) serial: String,
    /// `CN=ana, O=Example`; what has no short name is left out.
    pub(crate) subject: String,
    /// `DNS:app.example.com`, `URI:spiffe://…`, `IP:192.0.2.7`, `email:ana@example.com`.
    pub(crate) names: Vec<String>,
}

/// A run of tag, length and content.
#[derive(Clone, Copy, Debug)]
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The next element; nothing where it is cut off or longer than any certificate.
    fn take(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81 => rest.split_first().map(|(&length, rest)| (usize::from(length), rest))?,
            0x82 => {
                rest.split_first_chunk().map(|(two, rest)| (usize::from(u16::from_be_bytes(*two)), rest))?
            }
            0x83 => rest.split_first_chunk().map(|(three, rest)| {
                let [high, middle, low]: [u8; 3] = *three;
                (u32::from_be_bytes([0, high, middle, low]) as usize, rest)
            })?,
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.take().filter(|(found, _)| *found == tag).map(|(_, content)| content)
    }

    fn inside(&mut self, tag: u8) -> Option<Self> {
        self.expect(tag).map(Self)
    }
}

impl Certificate {
    /// Reads one; nothing where it is no X.509 certificate.
    pub(crate) fn read(der: &[u8]) -> Option<Self> {
        let mut body = Reader(der).inside(SEQUENCE)?.inside(SEQUENCE)?;
        let mut serial = body.take()?;
        if serial.0 == VERSION {
            serial = body.take()?;
        }
        let serial = Some(serial).filter(|(tag, _)| *tag == INTEGER)?.1;
        let _algorithm = body.expect(SEQUENCE)?;
        let _issuer = body.expect(SEQUENCE)?;
        let mut validity = body.inside(SEQUENCE)?;
        let _not_before = validity.take()?;
        let not_after = time(validity.take()?)?;
        let subject = subject(body.inside(SEQUENCE)?);
        let _key = body.expect(SEQUENCE)?;
        let mut names = Vec::new();
        while let Some((tag, content)) = body.take() {
            if tag == EXTENSIONS {
                names = alternative_names(content).unwrap_or_default();
            }
        }
        let serial = serial.iter().take(MAX_CHARACTERS / 2).map(|byte| format!("{byte:02x}")).collect();
        Some(Self { not_after, serial, subject, names })
    }
}

/// `250130120000Z` or `20500130120000Z`. What lies beyond the year 2262 never ends for us.
fn time((tag, text): (u8, &[u8])) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (year, rest) = match tag {
        UTC_TIME => {
            let (year, rest) = text.split_at_checked(2)?;
            let year: i64 = year.parse().ok()?;
            (if year < 50 { 2_000 + year } else { 1_900 + year }, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = text.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let part = |at: usize| rest.get(at..at + 2)?.parse::<u32>().ok();
    let (month, day) = (part(0)?, part(2)?);
    let (hour, minute, second) = (part(4)?, part(6)?, part(8)?);
    let read = Timestamp::from_civil(year, month, day, hour, minute, second, 0);
    read.or_else(|| (year > 2_261).then_some(Timestamp::MAX))
}

fn subject(mut names: Reader<'_>) -> String {
    let mut parts = Vec::new();
    while let Some(mut set) = names.inside(SET) {
        while let Some(mut pair) = set.inside(SEQUENCE) {
            let short = pair.expect(OBJECT).and_then(short_name);
            if let (Some(short), Some((_, value))) = (short, pair.take())
                && parts.len() < MAX_NAMES
            {
                parts.push(format!("{short}={}", shown(value)));
            }
        }
    }
    parts.join(", ")
}

/// Of the attributes under 2.5.4.
fn short_name(object: &[u8]) -> Option<&'static str> {
    match object {
        [0x55, 0x04, 3] => Some("CN"),
        [0x55, 0x04, 5] => Some("serialNumber"),
        [0x55, 0x04, 6] => Some("C"),
        [0x55, 0x04, 7] => Some("L"),
        [0x55, 0x04, 8] => Some("ST"),
        [0x55, 0x04, 10] => Some("O"),
        [0x55, 0x04, 11] => Some("OU"),
        _ => None,
    }
}

fn alternative_names(extensions: &[u8]) -> Option<Vec<String>> {
    let mut extensions = Reader(extensions).inside(SEQUENCE)?;
    while let Some(mut extension) = extensions.inside(SEQUENCE) {
        if extension.expect(OBJECT)? != SUBJECT_ALT_NAME {
            continue;
        }
        // Between the two may stand whether it is critical.
        while let Some((tag, content)) = extension.take() {
            if tag == OCTETS {
                return Some(general_names(Reader(content).inside(SEQUENCE)?));
            }
        }
    }
    None
}

fn general_names(mut names: Reader<'_>) -> Vec<String> {
    let mut read = Vec::new();
    while let Some((tag, value)) = names.take()
        && read.len() < MAX_NAMES
    {
        match tag {
            0x81 => read.push(format!("email:{}", shown(value))),
            0x82 => read.push(format!("DNS:{}", shown(value))),
            0x86 => read.push(format!("URI:{}", shown(value))),
            0x87 => read.extend(address(value).map(|address| format!("IP:{address}"))),
            _ => {}
        }
    }
    read
}

fn address(value: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(value)
        .map(IpAddr::from)
        .or_else(|_| <[u8; 16]>::try_from(value).map(IpAddr::from))
        .ok()
}

/// A peer's text, cut and without control characters.
fn shown(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    text.chars().filter(|character| !character.is_control()).take(MAX_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, SanType, date_time_ymd};

    use super::*;

    fn certificate() -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["app.example.com".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "shop\u{7} \"one\"");
        params.distinguished_name.push(DnType::OrganizationName, "Example");
        params.subject_alt_names.push(SanType::IpAddress("192.0.2.7".parse().unwrap()));
        params.subject_alt_names.push(SanType::URI("spiffe://example.com/shop".try_into().unwrap()));
        params.serial_number = Some(0x0102_03ab_u64.into());
        params.not_after = date_time_ymd(2031, 2, 3);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn a_certificate_tells_its_end_and_its_names() {
        let read = Certificate::read(&certificate()).unwrap();
        assert_eq!(read.not_after, Timestamp::from_civil(2031, 2, 3, 0, 0, 0, 0).unwrap());
        assert!(read.serial.ends_with("010203ab"), "{}", read.serial);
        assert!(
            read.subject.contains("CN=shop \"one\"") && read.subject.contains("O=Example"),
            "{}",
            read.subject
        );
        assert_eq!(read.names, ["DNS:app.example.com", "IP:192.0.2.7", "URI:spiffe://example.com/shop"]);
    }

    #[test]
    fn times_are_read_in_both_forms() {
        let at = |tag, text: &[u8]| time((tag, text)).map(Timestamp::to_rfc3339);
        let told = |text: &str| Some(text.to_owned());
        assert_eq!(at(UTC_TIME, b"491231235959Z"), told("2049-12-31T23:59:59.000000000Z"));
        assert_eq!(at(UTC_TIME, b"991231235959Z"), told("1999-12-31T23:59:59.000000000Z"));
        assert_eq!(at(GENERALIZED_TIME, b"20500101000000Z"), told("2050-01-01T00:00:00.000000000Z"));
        assert_eq!(time((GENERALIZED_TIME, b"99991231235959Z")), Some(Timestamp::MAX));
        for wrong in
            [&b"20501301000000Z"[..], b"2050", b"", b"Z", b"20500101000000", "2050é01000000Z".as_bytes()]
        {
            assert_eq!(at(GENERALIZED_TIME, wrong), None, "{wrong:?}");
        }
    }

    /// Cut anywhere, or with any byte changed, it is read or it is not; it never panics.
    #[test]
    fn damage_is_no_panic() {
        let whole = certificate();
        for end in 0..whole.len() {
            assert_eq!(Certificate::read(&whole[..end]), None);
        }
        for at in 0..whole.len() {
            for change in [0xff, 0x80, 0x01] {
                let mut damaged = whole.clone();
                damaged[at] ^= change;
                drop(Certificate::read(&damaged));
            }
        }
    }
}
