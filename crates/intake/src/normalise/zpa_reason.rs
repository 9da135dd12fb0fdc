//! What ZPA's `InternalReason` says of a connection: what the edge did, and what else.
//!
//! The groups are the vendor's own (`lssConfig/statusCodes`); a code that fits several rows belongs to the most specific one.
//! `ConnectionStatus` `close` is not a denial: every connection closes.

use std::borrow::Cow;
use std::sync::Arc;

use fanlight_model::{Disposition, Effect};

use crate::decode::note::Note;

/// What a record says of its connection.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Said<'a> {
    /// `InternalReason`.
    pub(crate) reason: Option<&'a str>,
    /// `ConnectionStatus`.
    pub(crate) status: Option<&'a str>,
    /// The record shows that the connection came to be.
    pub(crate) set_up: bool,
}

/// The reading of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// `None` where the record says nothing of it.
    pub(crate) disposition: Option<Disposition>,
    pub(crate) effects: Vec<Effect>,
    /// A word of the record that is on no list: its disposition is no hard fact.
    pub(crate) unknown: Option<Note>,
}

/// Codes that the vendor calls a success, or information.
const ALLOWED: &[&str] = &[
    "MT_CLOSED_TERMINATED",
    "BRK_MT_CLOSED_FROM_ASSISTANT",
    "BRK_MT_CLOSED_FROM_CLIENT",
    "AST_MT_TERMINATED",
    "BRK_MT_TERMINATED",
    "OPEN_OR_ACTIVE_CONNECTION",
    "BRK_MT_TERMINATED_IDLE_TIMEOUT",
    "MT_CLOSED_DTLS_CONN_GONE",
    "MT_CLOSED_DTLS_CONN_GONE_CLIENT_CLOSED",
    "MT_CLOSED_DTLS_CONN_GONE_AST_CLOSED",
    "MT_CLOSED_TLS_CONN_GONE",
    "MT_CLOSED_TLS_CONN_GONE_CLIENT_CLOSED",
    "MT_CLOSED_TLS_CONN_GONE_AST_CLOSED",
    "MT_CLOSED_TLS_CONN_GONE_MANUAL_DRAIN",
    "MT_CLOSED_TLS_CONN_GONE_UPGRADE",
];

/// A vendor rule, a stale sign-in or a disabled identity stopped it.
const BLOCKED: &[&str] = &[
    "BRK_MT_SETUP_FAIL_REJECTED_BY_POLICY",
    "BRK_MT_SETUP_FAIL_NO_POLICY_FOUND",
    "BRK_MT_SETUP_FAIL_REJECTED_BY_POLICY_APPROVAL",
    "BRK_MT_SETUP_FAIL_SAML_EXPIRED",
    "ZPN_ERR_AUTH_SAML_EXPIRED",
    "ZPN_ERR_AUTH_EXPIRED",
    "BRK_MT_SETUP_FAIL_SCIM_INACTIVE",
    "ZPN_ERR_SCIM_INACTIVE",
    "MT_CLOSED_TLS_CONN_GONE_SCIM_USER_DISABLE",
    "ZIA_MT_BLOCKED_BY_INSPECTION",
];

/// A rate limit acted; the set-up failed by it.
const THROTTLED: &[&str] = &[
    "BRK_MT_SETUP_FAIL_RATE_LIMIT_EXCEEDED",
    "BRK_MT_SETUP_FAIL_RATE_LIMIT_NUM_APP_EXCEEDED",
    "BRK_MT_SETUP_FAIL_RATE_LIMIT_LOOP_DETECTED",
    "BRK_MT_SETUP_FAIL_TOO_MANY_FAILED_ATTEMPTS",
    "AST_MT_SETUP_ERR_RATE_LIMIT_REACHED",
];

/// Open families of rate limits.
const THROTTLED_FAMILIES: &[&str] = &["BRK_MT_SETUP_FAIL_RATE_LIMIT_", "BRK_MT_SETUP_FAIL_ICMP_RATE_LIMIT_"];

/// The connection was moved to another service edge, or drained from one.
const REROUTED: &[&str] = &[
    "BRK_MT_TERMINATED_BRK_SWITCHED",
    "MT_CLOSED_TLS_CONN_GONE_MANUAL_DRAIN",
    "MT_CLOSED_TLS_CONN_GONE_UPGRADE",
];

/// Error codes with nothing after them, and all that begin with one that ends in `_`.
const FAILED: &[&str] = &[
    "AST_MT_SETUP_ERR_",
    "AST_MT_SETUP_TIMEOUT",
    "AST_MT_SETUP_TIMEOUT_",
    "BRK_CONN_UPGRADE_REQUEST_",
    "BRK_MT_AUTH_",
    "BRK_MT_CLOSED_ZIA_CONN_GONE_CLOSED",
    "BRK_MT_RESET_FROM_SERVER",
    "BRK_MT_SETUP_TIMEOUT",
    "BRK_MT_TERMINATED_APPROVAL_TIMEOUT",
    "BRK_MT_TERMINATED_BRK_SWITCHED",
    "BRK_MT_ZVPN_",
    "BROKER_NOT_ENABLED",
    "C2C_",
    "CUSTOMER_NOT_ENABLED",
    "DSP_MT_SETUP_FAIL_",
    "EXPTR_FCONN_GONE",
    "EXPTR_MT_TLS_SETUP_FAIL_",
    "FOHH_CLOSE_REASON_",
    "FQDN_",
    "INVALID_DOMAIN",
    "APP_NOT_AVAILABLE",
    "APP_NOT_REACHABLE",
    "MT_CLOSED_INTERNAL_ERROR",
    "NO_CONNECTOR_AVAILABLE",
    "ZIA_MT_BLOCKED_BY_SYSTEM_ERROR",
    "ZPN_ERR_",
    "CLT_CONN_FAILED",
    "CLT_DOUBLEENCRYPT_NOT_SUPPORTED",
    "CLT_DUPLICATE_TAG",
    "CLT_INVALID_CLIENT",
    "CLT_INVALID_DOMAIN",
    "CLT_INVALID_TAG",
    "CLT_PORT_UNREACHABLE",
    "CLT_PROBE_FAILED",
    "CLT_PROTOCOL_NOT_SUPPORTED",
    "CLT_READ_FAILED",
    "CLT_WRONG_PORT",
];

/// `BRK_MT_SETUP_FAIL_` is an open family of errors; these are the listed ones.
const SETUP_FAIL: &[&str] = &[
    "APP_NOT_FOUND",
    "BIND_RECV_IN_BAD_STATE",
    "BIND_TO_AST_LOCAL_OWNER",
    "BIND_TO_CLIENT_LOCAL_OWNER",
    "CANNOT_PROMOTE",
    "CANNOT_SEND_MT_COMPLETE",
    "CANNOT_SEND_TO_DISPATCHER",
    "CONNECTOR_GROUPS_MISSING",
    "CTRL_BRK_CANNOT_FIND_CONNECTOR",
    "DUPLICATE_TAG_ID",
    "REPEATED_DISPATCH",
];

/// The vendor's help page spells the components that the wire calls BRK, AST, DSP and EXPTR otherwise.
const PREFIX_ALIASES: &[(&str, &str)] =
    &[("SE_", "BRK_"), ("AC_", "AST_"), ("CA_", "DSP_"), ("BA_", "EXPTR_")];

/// Reads a record's code and status. What is on no list allows nothing by itself: `has_traffic` tells whether bytes went to the app
/// and came from it, so that it was let through, whatever the word means.
pub(crate) fn read(said: Said<'_>, has_traffic: impl FnOnce() -> bool) -> Reading {
    let is = |word: &str| said.status.is_some_and(|status| status.eq_ignore_ascii_case(word));
    let lives = is("open") || is("active");
    let unknown_status =
        said.status.filter(|_| !lives && !is("close")).map(|status| Note::UnknownStatus(named(status)));
    let Some(reason) = said.reason else {
        let allowed = if unknown_status.is_some() { has_traffic() } else { lives || said.set_up };
        let disposition = allowed.then_some(Disposition::Allowed);
        return Reading { disposition, effects: Vec::new(), unknown: unknown_status };
    };
    let code = canonical(reason);
    let listed = |list: &[&str]| list.contains(&&*code);
    let throttled = listed(THROTTLED)
        || THROTTLED_FAMILIES.iter().any(|family| code.starts_with(family))
        || (code.starts_with("FOHH_CLOSE_REASON_") && code.ends_with("_FLOW_CONTROL"));
    let mut effects = Vec::new();
    effects.extend(throttled.then_some(Effect::Throttled));
    effects.extend(listed(REROUTED).then_some(Effect::Rerouted));
    effects.extend((code == "ZIA_MT_BLOCKED_BY_INSPECTION").then_some(Effect::Inspected));
    let known = if listed(BLOCKED) {
        Some(Disposition::Blocked)
    } else if listed(ALLOWED) {
        Some(Disposition::Allowed)
    } else if throttled || is_listed_failure(&code) {
        Some(Disposition::Failed)
    } else {
        None
    };
    match known {
        Some(_) => Reading { disposition: known, effects, unknown: unknown_status },
        None => Reading {
            disposition: by_prefix(&code, lives, has_traffic),
            effects,
            unknown: Some(Note::UnknownReason(named(reason))),
        },
    }
}

/// The beginning of a word that came from outside: codes are shorter.
fn named(word: &str) -> Arc<str> {
    const MOST: usize = 80;
    word.trim_ascii().chars().take(MOST).collect::<String>().into()
}

fn canonical(reason: &str) -> Cow<'_, str> {
    let code = match reason.trim_ascii() {
        upper if !upper.bytes().any(|byte| byte.is_ascii_lowercase()) => Cow::Borrowed(upper),
        mixed => Cow::Owned(mixed.to_ascii_uppercase()),
    };
    for (alias, prefix) in PREFIX_ALIASES {
        if let Some(rest) = code.strip_prefix(alias) {
            return Cow::Owned(format!("{prefix}{rest}"));
        }
    }
    code
}

fn is_listed_failure(code: &str) -> bool {
    let family = |listed: &str| {
        if listed.ends_with('_') { code.starts_with(listed) } else { code == listed }
    };
    FAILED.iter().any(|listed| family(listed))
        || (code.starts_with("BRK_MT_") && code.contains("ZVPN_"))
        || code.strip_prefix("BRK_MT_SETUP_FAIL_").is_some_and(|rest| SETUP_FAIL.contains(&rest))
}

/// A code on no list: one of a blocking family blocks, bytes both ways show that the connection was let through, one of the set-up or
/// of a connection that is over is a failure, and any other says nothing. A closing family has a block among it
/// (`…_SCIM_USER_DISABLE`), so that a new member of it allows nothing by itself.
fn by_prefix(code: &str, lives: bool, has_traffic: impl FnOnce() -> bool) -> Option<Disposition> {
    const BLOCKING: &[&str] = &["BRK_MT_SETUP_FAIL_REJECTED_BY_POLICY_"];
    const CLOSING: &[&str] = &["MT_CLOSED_TLS_CONN_GONE_", "MT_CLOSED_DTLS_CONN_GONE_"];
    const SETTING_UP: &[&str] = &["BRK_MT_SETUP_FAIL_", "AST_MT_SETUP_", "DSP_MT_SETUP_", "EXPTR_MT_"];
    let begins = |families: &[&str]| families.iter().any(|family| code.starts_with(family));
    if begins(BLOCKING) {
        Some(Disposition::Blocked)
    } else if begins(SETTING_UP) {
        Some(Disposition::Failed)
    } else if lives || begins(CLOSING) {
        has_traffic().then_some(Disposition::Allowed)
    } else {
        Some(Disposition::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said<'a>(reason: &'a str, status: &'a str) -> Said<'a> {
        Said { reason: Some(reason), status: Some(status), ..Said::default() }
    }

    fn check(reason: &str, status: &str, expected: Disposition, effects: &[Effect]) {
        let expected = Reading { disposition: Some(expected), effects: effects.to_vec(), unknown: None };
        assert_eq!(read(said(reason, status), || false), expected, "{reason} {status}");
    }

    /// Without bytes, and with bytes both ways.
    fn check_unknown(reason: &str, status: &str, without: Option<Disposition>, with: Option<Disposition>) {
        for (has_traffic, expected) in [(false, without), (true, with)] {
            let reading = read(Said { set_up: true, ..said(reason, status) }, || has_traffic);
            assert_eq!(reading.disposition, expected, "{reason} {status} {has_traffic}");
            assert_eq!(reading.unknown, Some(Note::UnknownReason(reason.into())), "{reason} {status}");
        }
    }

    #[test]
    fn each_group_of_codes_has_its_disposition() {
        use Disposition::{Allowed, Blocked, Failed};
        check("MT_CLOSED_TERMINATED", "close", Allowed, &[]);
        check("OPEN_OR_ACTIVE_CONNECTION", "active", Allowed, &[]);
        check("BRK_MT_TERMINATED_IDLE_TIMEOUT", "close", Allowed, &[]);
        check("MT_CLOSED_TLS_CONN_GONE_UPGRADE", "close", Allowed, &[Effect::Rerouted]);
        check("BRK_MT_SETUP_FAIL_REJECTED_BY_POLICY", "close", Blocked, &[]);
        check("brk_mt_setup_fail_no_policy_found", "close", Blocked, &[]);
        check("SE_MT_SETUP_FAIL_SAML_EXPIRED", "close", Blocked, &[]);
        check("MT_CLOSED_TLS_CONN_GONE_SCIM_USER_DISABLE", "close", Blocked, &[]);
        check("ZIA_MT_BLOCKED_BY_INSPECTION", "close", Blocked, &[Effect::Inspected]);
        check("APP_NOT_REACHABLE", "close", Failed, &[]);
        check("AST_MT_SETUP_ERR_OPEN_SERVER_TIMEOUT", "close", Failed, &[]);
        check("AC_MT_SETUP_ERR_OPEN_SERVER_CONN", "close", Failed, &[]);
        check("BRK_MT_AUTH_SAML_FAILURE", "close", Failed, &[]);
        check("BRK_MT_SETUP_FAIL_RATE_LIMIT_EXCEEDED", "close", Failed, &[Effect::Throttled]);
        check("AST_MT_SETUP_ERR_RATE_LIMIT_REACHED", "close", Failed, &[Effect::Throttled]);
        check("FOHH_CLOSE_REASON_TX_FLOW_CONTROL", "close", Failed, &[Effect::Throttled]);
        check("BRK_MT_TERMINATED_BRK_SWITCHED", "close", Failed, &[Effect::Rerouted]);
    }

    /// The vendor lists the limits of ICMP as a family.
    #[test]
    fn a_rate_limit_is_one_whatever_it_counts() {
        for code in ["ICMP_RATE_LIMIT_EXCEEDED", "ICMP_RATE_LIMIT_NUM_APP_EXCEEDED", "ICMP_RATE_LIMIT_NEW"] {
            let code = format!("BRK_MT_SETUP_FAIL_{code}");
            check(&code, "active", Disposition::Failed, &[Effect::Throttled]);
        }
    }

    #[test]
    fn a_code_on_no_list_allows_nothing_without_bytes() {
        use Disposition::{Allowed, Blocked, Failed};
        check_unknown("NEW_STATE", "active", None, Some(Allowed));
        check_unknown("NEW_STATE", "open", None, Some(Allowed));
        check_unknown("MT_CLOSED_TLS_CONN_GONE_SOMETHING", "close", None, Some(Allowed));
        check_unknown("ZIA_HALF_CLOSE_S", "close", Some(Failed), Some(Failed));
        check_unknown("BRK_MT_SETUP_FAIL_APP_PORT_NOT_FOUND", "active", Some(Failed), Some(Failed));
        check_unknown("BRK_MT_SETUP_FAIL_REJECTED_BY_POLICY_NEW", "active", Some(Blocked), Some(Blocked));
    }

    #[test]
    fn a_status_on_no_list_allows_nothing_without_bytes() {
        let said = Said { reason: None, status: Some("Pending"), set_up: true };
        let read = |has_traffic| read(said, || has_traffic);
        assert_eq!(read(false).disposition, None);
        assert_eq!(read(true).disposition, Some(Disposition::Allowed));
        assert_eq!(read(true).unknown, Some(Note::UnknownStatus("Pending".into())));
    }

    /// `close` alone says neither that it was denied nor that it went well.
    #[test]
    fn a_closed_connection_without_a_code_was_allowed_if_it_was_ever_set_up() {
        let of =
            |status, set_up| read(Said { reason: None, status: Some(status), set_up }, || false).disposition;
        assert_eq!(of("close", true), Some(Disposition::Allowed));
        assert_eq!(of("close", false), None);
        assert_eq!(of("Open", false), Some(Disposition::Allowed));
    }
}
