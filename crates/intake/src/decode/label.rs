//! Keys that mean what another key says: `cs1` with `cs1Label`, of CEF and of the JSON templates that took its keys over.

use super::flat_json::Object;

/// What a key is to another one of its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It means what it says.
    Plain,
    /// Its meaning stands at this place.
    Labelled(usize),
    /// It says what the key at this place means; `None` where that one is not there.
    Label(Option<usize>),
}

const SUFFIX: &str = "label";

/// True for `cs1Label` and its like, and not for `rulelabel`: what is labelled has a number.
pub(crate) fn is_label(key: &str) -> bool {
    labelled(key).is_some()
}

fn labelled(key: &str) -> Option<&str> {
    let (base, suffix) = key.split_at_checked(key.len().checked_sub(SUFFIX.len())?)?;
    let numbered = base.as_bytes().last().is_some_and(u8::is_ascii_digit);
    (numbered && suffix.eq_ignore_ascii_case(SUFFIX)).then_some(base)
}

/// The long spellings, which some templates give to the label only.
const LONG: &[(&str, &str)] =
    &[("deviceCustomNumber", "cn"), ("deviceCustomString", "cs"), ("deviceCustomFloatingPoint", "cfp")];

/// The role of each key, in their order.
pub(crate) fn roles(object: &Object<'_>) -> Vec<Role> {
    let mut roles = vec![Role::Plain; object.fields.len()];
    for (at, (key, _)) in object.fields.iter().enumerate() {
        let Some(base) = labelled(key) else { continue };
        let named = |name: &str| object.fields.iter().position(|(key, _)| key.eq_ignore_ascii_case(name));
        let short = || {
            let (long, short) = LONG.iter().find(|(long, _)| base.starts_with(long))?;
            named(&format!("{short}{}", base.get(long.len()..)?))
        };
        let value = named(base).or_else(short);
        if let Some(role) = roles.get_mut(at) {
            *role = Role::Label(value);
        }
        if let Some(role) = value.and_then(|value| roles.get_mut(value)) {
            *role = Role::Labelled(at);
        }
    }
    roles
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_label_is_no_label() {
        for key in ["cs1Label", "cs6label", "flexString1Label", "deviceCustomDate2Label", "cn3LABEL"] {
            assert!(is_label(key), "{key}");
        }
        for key in ["rulelabel", "erulelabel", "label", "1label2", "ipsrulelabel", "é1Labe", ""] {
            assert!(!is_label(key), "{key}");
        }
    }
}
