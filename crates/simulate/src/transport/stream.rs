//! The streams that Fanlight receives: one file each, one connection each.

use fanlight_model::{Feed, Timestamp};

/// What a stream's pieces are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StreamKind {
    /// Each piece is an `ExportTraceServiceRequest` in protobuf.
    Otlp,
    /// Each piece is a line of a feed, its newline included.
    Lines(Feed),
}

/// One stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Its name: the feed's, or `otlp`, and which one of them.
    pub name: String,
    /// What its pieces are.
    pub kind: StreamKind,
}

/// Which stream: a place in [`crate::Company::streams`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub(crate) u16);

impl StreamId {
    /// The place in [`crate::Company::streams`].
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// Something that arrives at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// When.
    pub arrival: Timestamp,
    /// In which stream.
    pub stream: StreamId,
    /// How many records or spans are in it.
    pub records: u32,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Where services, browsers and agents send their spans.
pub(crate) const OTLP_SERVICES: StreamId = StreamId(0);
pub(crate) const OTLP_BROWSERS: StreamId = StreamId(1);
pub(crate) const OTLP_AGENTS: StreamId = StreamId(2);
/// The proxies' access logs.
pub(crate) const ENVOY: StreamId = StreamId(3);
const FIRST_NSS: u16 = 4;
const FIRST_LSS: u16 = 7;

/// ZIA's feeds, one stream each.
pub(crate) const NSS_FEEDS: [Feed; 3] = [Feed::ZiaWeb, Feed::ZiaFirewall, Feed::ZiaDns];

/// ZPA's feeds, a stream for each receiver.
pub(crate) const LSS_FEEDS: [Feed; 7] = [
    Feed::ZpaUserActivity,
    Feed::ZpaUserStatus,
    Feed::ZpaBrowserAccess,
    Feed::ZpaAppprotection,
    Feed::ZpaAppConnectorStatus,
    Feed::ZpaAppConnectorMetrics,
    Feed::ZpaAudit,
];

/// All streams, with ZPA's feeds to as many receivers.
pub(crate) fn streams(receivers: usize) -> Vec<Stream> {
    let mut all: Vec<Stream> = ["otlp.services", "otlp.browsers", "otlp.agents"]
        .into_iter()
        .map(|name| Stream { name: name.to_owned(), kind: StreamKind::Otlp })
        .collect();
    let lines = |feed: Feed, which: &str| Stream {
        name: format!("{}.{which}", feed.as_str()),
        kind: StreamKind::Lines(feed),
    };
    all.push(lines(Feed::Envoy, "proxies"));
    all.extend(NSS_FEEDS.into_iter().map(|feed| lines(feed, "nss")));
    for receiver in 0..receivers {
        all.extend(LSS_FEEDS.into_iter().map(|feed| lines(feed, &format!("group-{}", receiver + 1))));
    }
    all
}

/// The stream of a ZIA feed.
pub(crate) fn nss(feed: Feed) -> StreamId {
    let at = NSS_FEEDS.iter().position(|known| *known == feed).unwrap_or(0);
    StreamId(FIRST_NSS + at as u16)
}

/// The stream of a ZPA feed to one receiver.
pub(crate) fn lss(feed: Feed, receiver: usize) -> StreamId {
    let at = LSS_FEEDS.iter().position(|known| *known == feed).unwrap_or(0);
    StreamId(FIRST_LSS + (receiver * LSS_FEEDS.len() + at) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stream_is_where_it_is_looked_for() {
        let all = streams(2);
        let name = |id: StreamId| all[id.index()].name.as_str();
        assert_eq!(name(OTLP_AGENTS), "otlp.agents");
        assert_eq!(name(ENVOY), "envoy.proxies");
        assert_eq!(name(nss(Feed::ZiaDns)), "zia_dns.nss");
        assert_eq!(name(lss(Feed::ZpaUserActivity, 0)), "zpa_user_activity.group-1");
        assert_eq!(name(lss(Feed::ZpaAudit, 1)), "zpa_audit.group-2");
    }
}
