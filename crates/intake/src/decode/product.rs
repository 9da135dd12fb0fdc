//! What a line calls itself. Not safe alone: the vendor's own DNS template bears the firewall's name.

use fanlight_model::Feed;

use super::flat_json::{Object, Value};

/// The feeds that `product` and `sourcetype` name.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Suggested {
    product: Option<Feed>,
    sourcetype: Option<Feed>,
}

/// CEF's device product, and what key=value templates write; in lower case. The first that begins alike counts.
const PRODUCTS: &[(&str, Feed)] = &[
    ("nssweblog", Feed::ZiaWeb),
    ("nssfwlog", Feed::ZiaFirewall),
    ("nssdnslog", Feed::ZiaDns),
    ("nsstunnellog", Feed::ZiaTunnel),
    ("nssauditlog", Feed::ZiaAudit),
    ("nssendpointdlplog", Feed::ZiaEndpointDlp),
    ("nssemaildlplog", Feed::ZiaEmailDlp),
    ("nsscasb", Feed::ZiaSaasSecurity),
    ("nsssessionlog", Feed::CloudConnectorSession),
    ("nsseventlog", Feed::CloudConnectorEvent),
    ("nss", Feed::ZiaWeb),
    ("fw", Feed::ZiaFirewall),
    ("dns", Feed::ZiaDns),
    ("audit", Feed::ZiaAudit),
    ("tunnel", Feed::ZiaTunnel),
    ("ikev", Feed::ZiaTunnel),
    ("zpa", Feed::ZpaUserActivity),
];

/// Splunk's, without its prefix.
const SOURCETYPES: &[(&str, Feed)] = &[
    ("web", Feed::ZiaWeb),
    ("fw", Feed::ZiaFirewall),
    ("dns", Feed::ZiaDns),
    ("tunnel", Feed::ZiaTunnel),
    ("audit", Feed::ZiaAudit),
    ("casb", Feed::ZiaSaasSecurity),
    ("edlp", Feed::ZiaEndpointDlp),
    ("emaildlp", Feed::ZiaEmailDlp),
    ("session", Feed::CloudConnectorSession),
    ("event", Feed::CloudConnectorEvent),
    ("alert", Feed::ZiaNssAlert),
];

impl Suggested {
    pub(crate) fn by(object: &Object<'_>) -> Self {
        let text = |name: &str| {
            object.fields.iter().find_map(|(key, value)| match value {
                Value::Text(text) if key == name => Some(text.to_ascii_lowercase()),
                _ => None,
            })
        };
        let of = |list: &[(&str, Feed)], word: &str| {
            list.iter().find(|(begin, _)| word.starts_with(begin)).map(|(_, feed)| *feed)
        };
        let product = text("product").and_then(|product| of(PRODUCTS, &product));
        let sourcetype = text("sourcetype").and_then(|sourcetype| {
            let after = sourcetype.strip_prefix("zscalernss-").or(sourcetype.strip_prefix("zscaler-nss-"))?;
            of(SOURCETYPES, after)
        });
        Self { product, sourcetype }
    }

    /// In halves of a known key.
    pub(crate) fn weight(self, feed: Feed) -> usize {
        usize::from(self.product == Some(feed)) * 2 + usize::from(self.sourcetype == Some(feed))
    }
}
