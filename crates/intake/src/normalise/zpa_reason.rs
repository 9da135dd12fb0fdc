//! What ZPA's `InternalReason` says of a connection: what the edge did, and what else.
//!
//! The groups are the vendor's own (`lssConfig/statusCodes`); a code that fits several rows belongs to the most specific one.
//! `ConnectionStatus` `close` is not a denial: every connection closes.

use std::borrow::Cow;

use fanlight_model::{Disposition, Effect};

/// The reading of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// `None` where the record says nothing of it.
    pub(crate) disposition: Option<Disposition>,
    pub(crate) effects: Vec<Effect>,
    /// False for a code on no list: its disposition is no hard fact.
    pub(crate) known: bool,
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
    "BRK_MT_SETUP_FAIL_ICMP_RATE_LIMIT_EXCEEDED",
    "BRK_MT_SETUP_FAIL_ICMP_RATE_LIMIT_NUM_APP_EXCEEDED",
    "BRK_MT_SETUP_FAIL_TOO_MANY_FAILED_ATTEMPTS",
    "AST_MT_SETUP_ERR_RATE_LIMIT_REACHED",
];

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

/// Reads a record's code and status. `set_up` tells whether the record shows that the connection came to be.
pub(crate) fn read(reason: Option<&str>, status: Option<&str>, set_up: bool) -> Reading {
    let is = |word: &str| status.is_some_and(|status| status.eq_ignore_ascii_case(word));
    let lives = is("open") || is("active");
    let Some(reason) = reason else {
        let allowed = lives || set_up;
        return Reading {
            disposition: allowed.then_some(Disposition::Allowed),
            effects: Vec::new(),
            known: true,
        };
    };
    let code = canonical(reason);
    let listed = |list: &[&str]| list.contains(&&*code);
    let throttled =
        listed(THROTTLED) || (code.starts_with("FOHH_CLOSE_REASON_") && code.ends_with("_FLOW_CONTROL"));
    let mut effects = Vec::new();
    effects.extend(throttled.then_some(Effect::Throttled));
    effects.extend(listed(REROUTED).then_some(Effect::Rerouted));
    effects.extend((code == "ZIA_MT_BLOCKED_BY_INSPECTION").then_some(Effect::Inspected));
    let (disposition, known) = if listed(BLOCKED) {
        (Disposition::Blocked, true)
    } else if listed(ALLOWED) {
        (Disposition::Allowed, true)
    } else if throttled || is_listed_failure(&code) {
        (Disposition::Failed, true)
    } else {
        (by_prefix(&code, lives), false)
    };
    Reading { disposition: Some(disposition), effects, known }
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

/// A code on no list: a live connection lives, a code of a blocking or closing family is taken with its family, and any other is
/// a failure.
fn by_prefix(code: &str, lives: bool) -> Disposition {
    const BLOCKING: &[&str] = &["BRK_MT_SETUP_FAIL_REJECTED_BY_POLICY_", "ZPN_ERR_AUTH_"];
    const CLOSING: &[&str] = &["MT_CLOSED_TLS_CONN_GONE_", "MT_CLOSED_DTLS_CONN_GONE_"];
    let begins = |families: &[&str]| families.iter().any(|family| code.starts_with(family));
    if begins(BLOCKING) {
        Disposition::Blocked
    } else if lives || begins(CLOSING) {
        Disposition::Allowed
    } else {
        Disposition::Failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(reason: &str, status: &str, expected: Disposition, effects: &[Effect], known: bool) {
        let reading = read(Some(reason), Some(status), false);
        let expected = Reading { disposition: Some(expected), effects: effects.to_vec(), known };
        assert_eq!(reading, expected, "{reason} {status}");
    }

    #[test]
    fn each_group_of_codes_has_its_disposition() {
        use Disposition::{Allowed, Blocked, Failed};
        check("MT_CLOSED_TERMINATED", "close", Allowed, &[], true);
        check("OPEN_OR_ACTIVE_CONNECTION", "active", Allowed, &[], true);
        check("BRK_MT_TERMINATED_IDLE_TIMEOUT", "close", Allowed, &[], true);
        check("MT_CLOSED_TLS_CONN_GONE_UPGRADE", "close", Allowed, &[Effect::Rerouted], true);
        check("BRK_MT_SETUP_FAIL_REJECTED_BY_POLICY", "close", Blocked, &[], true);
        check("brk_mt_setup_fail_no_policy_found", "close", Blocked, &[], true);
        check("SE_MT_SETUP_FAIL_SAML_EXPIRED", "close", Blocked, &[], true);
        check("MT_CLOSED_TLS_CONN_GONE_SCIM_USER_DISABLE", "close", Blocked, &[], true);
        check("ZIA_MT_BLOCKED_BY_INSPECTION", "close", Blocked, &[Effect::Inspected], true);
        check("APP_NOT_REACHABLE", "close", Failed, &[], true);
        check("AST_MT_SETUP_ERR_OPEN_SERVER_TIMEOUT", "close", Failed, &[], true);
        check("AC_MT_SETUP_ERR_OPEN_SERVER_CONN", "close", Failed, &[], true);
        check("BRK_MT_AUTH_SAML_FAILURE", "close", Failed, &[], true);
        check("BRK_MT_SETUP_FAIL_RATE_LIMIT_EXCEEDED", "close", Failed, &[Effect::Throttled], true);
        check("AST_MT_SETUP_ERR_RATE_LIMIT_REACHED", "close", Failed, &[Effect::Throttled], true);
        check("FOHH_CLOSE_REASON_TX_FLOW_CONTROL", "close", Failed, &[Effect::Throttled], true);
        check("BRK_MT_TERMINATED_BRK_SWITCHED", "close", Failed, &[Effect::Rerouted], true);
    }

    #[test]
    fn a_code_on_no_list_goes_by_its_prefix_and_is_no_hard_fact() {
        check("ZIA_HALF_CLOSE_S", "close", Disposition::Failed, &[], false);
        check("BRK_MT_SETUP_FAIL_APP_PORT_NOT_FOUND", "close", Disposition::Failed, &[], false);
        check("MT_CLOSED_TLS_CONN_GONE_SOMETHING", "close", Disposition::Allowed, &[], false);
        check("NEW_STATE", "active", Disposition::Allowed, &[], false);
    }

    /// `close` alone says neither that it was denied nor that it went well.
    #[test]
    fn a_closed_connection_without_a_code_was_allowed_if_it_was_ever_set_up() {
        assert_eq!(read(None, Some("close"), true).disposition, Some(Disposition::Allowed));
        assert_eq!(read(None, Some("close"), false).disposition, None);
        assert_eq!(read(None, Some("Open"), false).disposition, Some(Disposition::Allowed));
    }
}
