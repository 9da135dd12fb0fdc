//! The dialects of ZIA's feeds, of Cloud Connector's, and of the proxies'. Those of one syntax and one set of keys are one.

use fanlight_model::Feed;

use super::{Dialect, Escape, Syntax, columns, sentinel};

/// Keys and the names that they stand for.
type Keys = &'static [(&'static str, &'static str)];

/// Fewer known keys than this are a customer's own template.
const LEAST_KEYS: usize = 8;

const fn dialect(feed: Feed, name: &'static str, syntax: Syntax, keys: Keys) -> Dialect {
    Dialect {
        feed,
        name,
        syntax,
        keys,
        columns: &[],
        least_keys: LEAST_KEYS,
        zone_seconds: 0,
        escape: Escape::None,
    }
}

const fn escaped(feed: Feed, name: &'static str, syntax: Syntax, keys: Keys) -> Dialect {
    Dialect { escape: Escape::Hex, ..dialect(feed, name, syntax, keys) }
}

/// One order of cells, between commas and between tabs.
const fn cells(feed: Feed, columns: &'static [&'static str]) -> [Dialect; 2] {
    [
        Dialect { columns, ..dialect(feed, "csv", Syntax::Csv, &[]) },
        Dialect { columns, ..dialect(feed, "tsv", Syntax::Tsv, &[]) },
    ]
}

/// In the order in which a feed is looked for.
pub(super) fn all() -> Vec<Dialect> {
    use Syntax::{Json, KeyValue, Leef, Rsa};
    let mut all = Vec::new();
    for (feed, keys) in FRIENDLY {
        all.push(escaped(*feed, "splunk", Json, keys));
        all.push(escaped(*feed, "key_value", KeyValue, keys));
    }
    for (feed, keys) in sentinel::FEEDS {
        all.push(dialect(*feed, "sentinel", Json, keys));
        all.push(dialect(*feed, "cef", Syntax::Cef, keys));
    }
    all.push(dialect(Feed::ZiaWeb, "leef", Leef, LEEF_WEB));
    all.push(dialect(Feed::ZpaUserActivity, "leef", Leef, LEEF_USER_ACTIVITY));
    all.push(dialect(Feed::ZiaWeb, "rsa", Rsa, RSA_WEB));
    all.extend(cells(Feed::ZiaWeb, columns::WEB));
    all.extend(cells(Feed::ZiaDns, columns::DNS));
    all.extend(cells(Feed::ZiaSaasSecurity, columns::SAAS));
    all.extend(cells(Feed::ZiaEndpointDlp, columns::ENDPOINT_DLP));
    all.push(dialect(Feed::ZiaNssAlert, "syslog", Syntax::Alert, &[]));
    for feed in TOKENS {
        all.push(dialect(*feed, "tokens", Json, &[]));
    }
    all
}

/// Feeds whose templates may bear the tokens' own names.
const TOKENS: &[Feed] = &[
    Feed::ZiaWeb,
    Feed::ZiaFirewall,
    Feed::ZiaDns,
    Feed::ZiaTunnel,
    Feed::ZiaAudit,
    Feed::ZiaSaasSecurity,
    Feed::ZiaEndpointDlp,
    Feed::ZiaEmailDlp,
    Feed::CloudConnectorSession,
    Feed::CloudConnectorDns,
    Feed::CloudConnectorEvent,
    Feed::Envoy,
    Feed::Nginx,
];

/// The vendor's default, for people: most free text is a hex token there, whatever its key says.
const FRIENDLY: &[(Feed, Keys)] = &[
    (Feed::ZiaWeb, FRIENDLY_WEB),
    (Feed::ZiaFirewall, FRIENDLY_FIREWALL),
    (Feed::ZiaDns, FRIENDLY_DNS),
    (Feed::ZiaTunnel, FRIENDLY_TUNNEL),
    (Feed::ZiaSaasSecurity, FRIENDLY_SAAS),
];

const FRIENDLY_WEB: Keys = &[
    ("event_id", "recordid"),
    ("protocol", "proto"),
    ("transactionsize", "totalsize"),
    ("responsesize", "respsize"),
    ("requestsize", "reqsize"),
    ("urlcategory", "urlcat"),
    ("serverip", "sip"),
    ("clienttranstime", "ctime"),
    ("servertranstime", "stime"),
    ("requestmethod", "reqmethod"),
    ("refererURL", "ereferer"),
    ("useragent", "eua"),
    ("location", "elocation"),
    ("ClientIP", "cip"),
    ("status", "respcode"),
    ("user", "elogin"),
    ("url", "eurl"),
    ("hostname", "ehost"),
    ("clientpublicIP", "cintip"),
    ("threatcategory", "malwarecat"),
    ("pagerisk", "riskscore"),
    ("department", "edepartment"),
    ("urlsupercategory", "urlsupercat"),
    ("dlpengine", "dlpeng"),
    ("threatclass", "malwareclass"),
    ("dlpdictionaries", "dlpdict"),
    ("product", ""),
    ("vendor", ""),
    ("version", ""),
];

const FRIENDLY_FIREWALL: Keys = &[
    ("user", "elogin"),
    ("department", "edepartment"),
    ("locationname", "elocation"),
    ("tunsport", "tsport"),
    ("tuntype", "ttype"),
    ("proto", "ipproto"),
    ("rulelabel", "erulelabel"),
    ("threatname", "ethreatname"),
    ("product", ""),
    ("vendor", ""),
    ("version", ""),
];

const FRIENDLY_DNS: Keys = &[
    ("user", "elogin"),
    ("department", "edepartment"),
    ("location", "elocation"),
    ("reqrulelabel", "ereqrulelabel"),
    ("resrulelabel", "eresrulelabel"),
    ("dns_reqtype", "reqtype"),
    ("dns_req", "req"),
    ("dns_resp", "res"),
    ("srv_dport", "sport"),
    ("clt_sip", "cip"),
    ("srv_dip", "sip"),
    ("category", "domcat"),
    ("respipcategory", "respipcat"),
    ("product", ""),
    ("vendor", ""),
    ("version", ""),
];

const FRIENDLY_TUNNEL: Keys = &[
    ("Recordtype", "tunnelactionname"),
    ("user", "vpncredentialname"),
    ("location", "elocation"),
    ("destinationip", "destvip"),
    ("sourceport", "srcport"),
    ("destinationport", "dstport"),
    ("sourceportstart", "srcportstart"),
    ("destinationportstart", "destportstart"),
    ("destinationipstart", "destipstart"),
    ("destinationipend", "destipend"),
    ("product", ""),
    ("vendor", ""),
    ("version", ""),
];

const FRIENDLY_SAAS: Keys = &[
    ("login", "user"),
    ("dept", "edepartment"),
    ("filesource", "efilesource"),
    ("product", ""),
    ("vendor", ""),
    ("version", ""),
];

/// QRadar's names in the vendor's web template.
const LEEF_WEB: Keys = &[
    ("cat", "action"),
    ("devTime", "datetime"),
    ("devTimeFormat", ""),
    ("src", "cip"),
    ("dst", "sip"),
    ("srcPostNAT", "cintip"),
    ("realm", "location"),
    ("usrName", "login"),
    ("srcBytes", "reqsize"),
    ("dstBytes", "respsize"),
    ("role", "dept"),
    ("policy", "reason"),
    ("useragent", "ua"),
    ("referer", "ereferer"),
    ("hostname", "ehost"),
    ("appproto", "proto"),
    ("urlcategory", "urlcat"),
    ("urlsupercategory", "urlsupercat"),
    ("malwaretype", "malwarecat"),
    ("url", "eurl"),
    ("product", ""),
];

/// QRadar's names in the template that is published for ZPA. Its event id is status and reason in one word.
const LEEF_USER_ACTIVITY: Keys = &[
    ("devTime", "LogTimestamp"),
    ("devTimeFormat", ""),
    ("dstPort", "ServicePort"),
    ("src", "ClientPublicIP"),
    ("srcPreNAT", "ClientPrivateIP"),
    ("usrName", "Username"),
    ("policy", "Policy"),
    ("ApplicationName", "Host"),
    ("ApplicationSegment", "Application"),
    ("dst", "ServerIP"),
    ("cat", ""),
    ("product", ""),
];

/// RSA's template for the web log, with plain tokens.
const RSA_WEB: Keys = &[
    ("event_id", "recordid"),
    ("protocol", "proto"),
    ("transactionsize", "totalsize"),
    ("responsesize", "respsize"),
    ("requestsize", "reqsize"),
    ("responseversion", "respversion"),
    ("requestversion", "reqversion"),
    ("urlcategory", "urlcat"),
    ("urlsupercategory", "urlsupercat"),
    ("serverip", "sip"),
    ("clienttranstime", "ctime"),
    ("servertranstime", "stime"),
    ("requestmethod", "reqmethod"),
    ("refererURL", "referer"),
    ("useragent", "ua"),
    ("ClientIP", "cip"),
    ("status", "respcode"),
    ("user", "login"),
    ("hostname", "host"),
    ("clientpublicIP", "cintip"),
    ("threatcategory", "malwarecat"),
    ("pagerisk", "riskscore"),
    ("department", "dept"),
    ("dlpengine", "dlpeng"),
    ("threatclass", "malwareclass"),
    ("dlpdictionaries", "dlpdict"),
    ("product", ""),
    ("vendor", ""),
];
