//! What ZIA's engines did with a request: disposition and effects.
//!
//! The action decides, then which engine's rule it was, then words in the reason, whose list is open.

use fanlight_model::{Disposition, Effect};

use super::zia::is_yes;

/// The reading of one record; `None` where it does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) disposition: Option<Disposition>,
    pub(crate) effects: Vec<Effect>,
}

/// What a web record says of it, nulls taken out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Web<'a> {
    pub(crate) action: Option<&'a str>,
    pub(crate) reason: Option<&'a str>,
    pub(crate) ruletype: Option<&'a str>,
    pub(crate) status: Option<u16>,
    pub(crate) threat: bool,
    pub(crate) decrypted: Option<&'a str>,
    pub(crate) inspection: Option<&'a str>,
    pub(crate) throttle_flag: Option<&'a str>,
    pub(crate) throttled_bytes: u64,
    pub(crate) redirect_rule: bool,
    pub(crate) forward_type: Option<&'a str>,
    pub(crate) gateway: bool,
    pub(crate) app_segment: bool,
    pub(crate) bypassed: Option<&'a str>,
    pub(crate) device_type: Option<&'a str>,
    pub(crate) behind_isolation: bool,
}

/// Rule types of engines that look at content.
const CONTENT_RULES: &[&str] = &["dlp", "data loss prevention", "sandbox", "file type control", "sslpol"];

/// Ways of forwarding that are another way.
const OTHER_WAYS: &[&str] = &["zpa", "proxy chaining", "direct", "drop"];

fn is_one_of(text: Option<&str>, list: &[&str]) -> bool {
    text.is_some_and(|text| list.iter().any(|one| text.eq_ignore_ascii_case(one)))
}

fn holds(text: Option<&str>, words: &str) -> bool {
    text.is_some_and(|text| text.to_ascii_lowercase().contains(words))
}

/// Reads a web record.
pub(crate) fn web(web: &Web<'_>) -> Reading {
    let server_failed = holds(web.reason, "ssl connection to the server failing");
    let disposition = match web.action.map(str::to_ascii_lowercase).as_deref() {
        Some(_) if server_failed => Some(Disposition::Failed),
        Some(action) if action.contains("block") || action.contains("den") => Some(Disposition::Blocked),
        Some(action) if action.contains("allow") && web.status.is_some_and(|status| status >= 500) => {
            Some(Disposition::Failed)
        }
        Some(action) if action.contains("allow") => Some(Disposition::Allowed),
        _ => None,
    };
    let blocked = disposition == Some(Disposition::Blocked);
    let by_content = blocked && (is_one_of(web.ruletype, CONTENT_RULES) || web.threat);
    let inspected = is_yes(web.decrypted) || is_one_of(web.inspection, &["Inspected"]) || by_content;
    let another_way = is_one_of(web.forward_type, OTHER_WAYS);
    let isolated = holds(web.device_type, "browser isolation") && web.behind_isolation;
    Reading {
        disposition,
        effects: effects(&[
            (Effect::Throttled, is_yes(web.throttle_flag) || web.throttled_bytes > 0),
            (Effect::Rerouted, (web.redirect_rule && another_way) || web.gateway || web.app_segment),
            (Effect::Isolated, isolated),
            (Effect::Inspected, inspected),
            (Effect::Cautioned, holds(web.reason, "caution")),
            (Effect::Bypassed, is_yes(web.bypassed)),
        ]),
    }
}

/// The effects that hold.
pub(crate) fn effects(effects: &[(Effect, bool)]) -> Vec<Effect> {
    effects.iter().filter(|(_, holds)| *holds).map(|(effect, _)| *effect).collect()
}

/// Reads the action of a firewall: the console's words and the API's.
pub(crate) fn firewall(action: &str) -> Option<Disposition> {
    let action = action.to_ascii_lowercase();
    let begins = |words: &[&str]| words.iter().any(|word| action.starts_with(word));
    match () {
        () if begins(&["int_err", "cfg_timedout"]) => Some(Disposition::Failed),
        () if begins(&["drop", "block", "ips", "reset", "country", "den"]) => Some(Disposition::Blocked),
        () if action.contains("block") || action.contains("drop") => Some(Disposition::Blocked),
        () if begins(&["allow", "cfg_bypassed"]) => Some(Disposition::Allowed),
        () => None,
    }
}

/// True where intrusion prevention acted, which looks at content.
pub(crate) fn is_by_ips(action: &str) -> bool {
    action.get(..3).is_some_and(|begin| begin.eq_ignore_ascii_case("ips"))
}

/// Reads the actions on a question and its answer: `REQ_ALLOW`, `Allow`, `RES_BLOC`, or both in one, `Req(allow),Res(allow)`. True
/// beside it where it was the answer that was blocked.
pub(crate) fn dns(actions: [Option<&str>; 2]) -> (Option<Disposition>, bool) {
    let is = |action: Option<&str>, words: &[&str]| words.iter().any(|word| holds(action, word));
    let blocks = |action| is(action, &["bloc", "drop", "deny"]);
    let [question, answer] = actions;
    match () {
        () if blocks(question) => (Some(Disposition::Blocked), false),
        () if blocks(answer) => (Some(Disposition::Blocked), true),
        () if is(question, &["allow"]) || is(answer, &["allow"]) => (Some(Disposition::Allowed), false),
        () => (None, false),
    }
}

/// True where a DNS gateway failed over.
pub(crate) fn failed_over(flags: Option<&str>) -> bool {
    flags.is_some_and(|flags| flags.contains("SECONDARY_SERVER_RESPONSE_PASS") || flags.contains("FO_DEST_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_action_decides_and_the_reason_is_kept_for_the_rest() {
        let read = |action, reason, status| {
            web(&Web { action: Some(action), reason: Some(reason), status, ..Web::default() }).disposition
        };
        let failing = "Denied due to SSL connection to the server failing or a firewall policy";
        for (action, reason, status, disposition) in [
            ("Allowed", "Allowed", Some(200), Some(Disposition::Allowed)),
            ("Allowed", "Allowed", Some(503), Some(Disposition::Failed)),
            ("Blocked", "Not allowed to browse this category", Some(403), Some(Disposition::Blocked)),
            ("Blocked", failing, Some(403), Some(Disposition::Failed)),
            ("Mystery", "Allowed", None, None),
        ] {
            assert_eq!(read(action, reason, status), disposition, "{action} {reason}");
        }
    }

    #[test]
    fn each_effect_needs_its_own_evidence() {
        let of = |one: Web<'_>| web(&one).effects;
        let allowed = Web { action: Some("Allowed"), ..Web::default() };
        assert_eq!(of(Web { throttle_flag: Some("YES"), ..allowed }), [Effect::Throttled]);
        assert_eq!(of(Web { throttled_bytes: 1, ..allowed }), [Effect::Throttled]);
        assert_eq!(of(Web { redirect_rule: true, ..allowed }), []);
        assert_eq!(of(Web { redirect_rule: true, forward_type: Some("ZPA"), ..allowed }), [Effect::Rerouted]);
        assert_eq!(of(Web { inspection: Some("Not inspected because of SSL policy"), ..allowed }), []);
        assert_eq!(of(Web { decrypted: Some("Yes"), ..allowed }), [Effect::Inspected]);
        assert_eq!(of(Web { ruletype: Some("Sandbox"), ..allowed }), []);
        let blocked = Web { action: Some("Blocked"), ruletype: Some("Sandbox"), ..Web::default() };
        assert_eq!(of(blocked), [Effect::Inspected]);
        assert_eq!(of(Web { reason: Some("File attachment cautioned"), ..allowed }), [Effect::Cautioned]);
        assert_eq!(of(Web { bypassed: Some("1"), ..allowed }), [Effect::Bypassed]);
        assert_eq!(of(Web { device_type: Some("Cloud Browser Isolation"), ..allowed }), []);
    }

    #[test]
    fn firewalls_and_resolvers_have_words_of_their_own() {
        use Disposition::{Allowed, Blocked, Failed};
        for (action, disposition) in [
            ("Allow", Some(Allowed)),
            ("Allow due to insufficient app data", Some(Allowed)),
            ("Drop", Some(Blocked)),
            ("Block/ICMP", Some(Blocked)),
            ("IPS Reset", Some(Blocked)),
            ("COUNTRY_BLOCK", Some(Blocked)),
            ("INT_ERR_DROP", Some(Failed)),
            ("CFG_BYPASSED", Some(Allowed)),
            ("else", None),
        ] {
            assert_eq!(firewall(action), disposition, "{action}");
        }
        assert_eq!(dns([Some("REQ_ALLOW"), Some("RES_BLOC")]), (Some(Blocked), true));
        assert_eq!(dns([Some("Req(allow),Res(allow)"), None]), (Some(Allowed), false));
        assert_eq!(dns([None, Some("else")]), (None, false));
    }
}
