//! What ZIA's three logs have in common.

use super::template::Around;

/// `{ "sourcetype" : "zscalernss-web", "event" :{…}}`, the form that is in use most.
pub(crate) const WEB: Around =
    Around { open: "{ \"sourcetype\" : \"zscalernss-web\", \"event\" :{", close: "}}", colon: ":" };
/// The same of the firewall.
pub(crate) const FIREWALL: Around =
    Around { open: "{ \"sourcetype\" : \"zscalernss-fw\", \"event\" :{", close: "}}", colon: ":" };
/// The same of DNS.
pub(crate) const DNS: Around =
    Around { open: "{ \"sourcetype\" : \"zscalernss-dns\", \"event\" :{", close: "}}", colon: ":" };

/// The words for what is not there, by token; most are `None`.
pub(crate) fn absent(token: &str) -> &'static str {
    match token {
        "dlpidentifier" | "throttlereqsize" | "throttlerespsize" | "bypassed_traffic"
        | "bypassed_session" | "riskscore" | "clt_sport" => "0",
        "externalspr" => "Inspected",
        "flow_type" => "N/A",
        "cloudname" => "zscaler.example.net",
        "tz" => "GMT",
        _ => "None",
    }
}
