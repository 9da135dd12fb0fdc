//! What a proxy did with a request: a filter of its own refused, it could not reach the app, or it let the request through.

use fanlight_model::Disposition;

/// A filter's own answer, told by `RESPONSE_CODE_DETAILS`: its status alone may as well be the app's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal<'a> {
    /// The rule, where there was one and not only none that allowed it.
    Rule(Option<&'a str>),
    Limit,
    Credential,
}

impl<'a> Refusal<'a> {
    pub(super) fn of(details: &'a str) -> Option<Self> {
        const RULE: &str = "rbac_access_denied_matched_policy";
        if let Some(named) = details.strip_prefix(RULE) {
            // Names of rules hold brackets of their own.
            let inside = named.strip_prefix('[').and_then(|rest| rest.rsplit_once(']'));
            let rule = inside.map(|(rule, _)| rule).filter(|rule| !matches!(*rule, "" | "none"));
            return Some(Self::Rule(rule));
        }
        match details {
            "rbac_access_denied" => Some(Self::Rule(None)),
            "request_rate_limited" | "local_rate_limited" => Some(Self::Limit),
            "ext_authz_denied" => Some(Self::Credential),
            _ if details.starts_with("jwt_authn_access_denied") => Some(Self::Credential),
            _ => None,
        }
    }
}

/// Flags of a peer that could not be reached, or answered badly; the client's own end (`DC`) is not among them.
const FAILED: &[&str] = &[
    "UH", "UF", "UO", "NR", "URX", "NC", "UT", "UC", "LH", "UR", "LR", "FI", "UPE", "UMSDR", "OM", "DF",
    "SI", "DT",
];

pub(super) fn has_flag(flags: Option<&str>, list: &[&str]) -> bool {
    flags.is_some_and(|flags| flags.split(',').any(|flag| list.contains(&flag.trim())))
}

/// By its flags and status: it refused (external authorisation, a rate limit), it failed to reach the app, or it let the request through.
pub(super) fn by_flags(flags: Option<&str>, status: Option<u16>) -> Option<Disposition> {
    match status {
        _ if has_flag(flags, &["UAEX", "RL", "RLSE"]) => Some(Disposition::Blocked),
        _ if has_flag(flags, FAILED) => Some(Disposition::Failed),
        Some(502..=504) => Some(Disposition::Failed),
        Some(_) => Some(Disposition::Allowed),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_refused_says_so_in_the_details() {
        for (details, refusal) in [
            ("rbac_access_denied_matched_policy[staff-only]", Some(Refusal::Rule(Some("staff-only")))),
            (
                "rbac_access_denied_matched_policy[ns[shop]-policy[staff]-rule[0]]",
                Some(Refusal::Rule(Some("ns[shop]-policy[staff]-rule[0]"))),
            ),
            ("rbac_access_denied_matched_policy[none]", Some(Refusal::Rule(None))),
            ("request_rate_limited", Some(Refusal::Limit)),
            ("jwt_authn_access_denied{Jwt_is_missing}", Some(Refusal::Credential)),
            ("via_upstream", None),
        ] {
            assert_eq!(Refusal::of(details), refusal, "{details}");
        }
    }

    #[test]
    fn a_rate_limit_is_no_failure_and_a_client_that_left_is_none_either() {
        assert_eq!(by_flags(Some("RL"), Some(429)), Some(Disposition::Blocked));
        assert_eq!(by_flags(Some("UF,URX"), Some(503)), Some(Disposition::Failed));
        assert_eq!(by_flags(Some("DC"), Some(0)), Some(Disposition::Allowed));
        assert_eq!(by_flags(None, Some(404)), Some(Disposition::Allowed));
    }
}
