//! The columns of the vendor's default CSV templates, as far as they are published. Any other order must be declared.

/// The web log's 34.
pub(super) const WEB: &[&str] = &[
    "time", "login", "proto", "eurl", "action", "appname", "appclass", "reqsize", "respsize", "stime", "ctime",
    "urlclass", "urlsupercat", "urlcat", "malwarecat", "threatname", "riskscore", "dlpeng", "dlpdict", "location",
    "dept", "cip", "sip", "reqmethod", "respcode", "ua", "ereferer", "ruletype", "rulelabel", "contenttype",
    "unscannabletype", "deviceowner", "devicehostname", "keyprotectiontype",
];

/// The DNS log's 19.
pub(super) const DNS: &[&str] = &[
    "time", "login", "dept", "location", "reqaction", "resaction", "reqrulelabel", "resrulelabel", "reqtype", "req",
    "res", "sport", "durationms", "cip", "sip", "domcat", "respipcat", "deviceowner", "devicehostname",
];

/// SaaS security's 19.
pub(super) const SAAS: &[&str] = &[
    "time", "recordid", "company", "tenant", "login", "department", "applicationname", "filename", "filesource",
    "filemd5", "threatname", "policy", "dlpdictnames", "dlpdictcount", "dlpenginenames", "fullurl", "lastmodtime",
    "filescantimems", "filedownloadtimems",
];

/// Endpoint DLP's 14. What stands in the third and the fifth is not published: they are no one's name here.
pub(super) const ENDPOINT_DLP: &[&str] = &[
    "time", "recordid", "column_3", "department", "column_5", "filetypename", "filemd5", "dlpdictnames", "dlpcounts",
    "dlpengnames", "activitytype", "actiontaken", "severity", "triggeredrulelabel",
];
