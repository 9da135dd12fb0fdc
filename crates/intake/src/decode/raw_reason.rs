//! Why a line could not be read, in a word for counters and in a sentence for people.

use std::fmt;

use fanlight_model::Feed;

/// Why a line is kept raw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawReason {
    /// No JSON object is in it.
    NoObject,
    /// It is no JSON object even after mending what is known to go wrong.
    Malformed,
    /// It ends before its object does.
    CutOff,
    /// It has more fields than any template.
    TooManyFields,
    /// It has more objects than a sender that lost its newlines would glue together.
    TooManyObjects,
    /// Its keys are of no feed that is decoded.
    OtherFeed,
    /// Its cells have no names, and their number is not that of a template that is known or declared.
    UnknownColumns,
}

impl RawReason {
    /// The word that counters and the `reason` column use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoObject => "no_object",
            Self::Malformed => "malformed",
            Self::CutOff => "cut_off",
            Self::TooManyFields => "too_many_fields",
            Self::TooManyObjects => "too_many_objects",
            Self::OtherFeed => "other_feed",
            Self::UnknownColumns => "unknown_columns",
        }
    }
}

impl RawReason {
    /// What it is, and the way out for the lines of this feed.
    pub(crate) fn with_way_out(self, feed: Feed) -> String {
        let way_out = match (self, feed) {
            (Self::NoObject, Feed::ZiaNssAlert) => {
                "the NSS's alerts have one form (`<PRI>Mon dd hh:mm:ss [ip] ZscalerNSS: text`): let relays pass it on as it is".to_owned()
            }
            (Self::NoObject, Feed::Nginx) => {
                "nginx's own formats are not read; use the `log_format` that `fanlight config template nginx` prints".to_owned()
            }
            (Self::NoObject, Feed::Envoy) => {
                "Envoy's default text is not read; give its access log the `json_format` that `fanlight config template envoy` prints".to_owned()
            }
            (Self::NoObject, _) => {
                format!("set the feed's template to JSON (`fanlight config template {feed}` prints one)")
            }
            (Self::UnknownColumns, _) => {
                format!("declare the feed's template, or send JSON (`fanlight config template {feed}` prints one)")
            }
            _ => return self.to_string(),
        };
        match feed {
            Feed::ZiaNssAlert if self == Self::NoObject => format!("no alert in the line; {way_out}"),
            _ => format!("{self}; {way_out}"),
        }
    }
}

impl fmt::Display for RawReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoObject => f.write_str("no JSON object in the line"),
            Self::Malformed => f.write_str("not readable as a JSON object, even after mending"),
            Self::CutOff => f.write_str("the line ends inside its object: the sender closed early or cut the record"),
            Self::TooManyFields => f.write_str("more fields than any template has"),
            Self::TooManyObjects => f.write_str("too many objects in one line; does the template end in `\\n`?"),
            Self::OtherFeed => {
                f.write_str("an object with the keys of no feed that is known here; which log type is the receiver set to?")
            }
            Self::UnknownColumns => {
                f.write_str("cells without names in no order that is known")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A way out that is another feed's would send people astray.
    #[test]
    fn each_feed_has_its_own_way_out() {
        for (feed, words) in [
            (
                Feed::ZpaUserActivity,
                "set the feed's template to JSON (`fanlight config template zpa_user_activity`",
            ),
            (Feed::ZiaNssAlert, "let relays pass it on"),
            (Feed::Nginx, "`log_format`"),
            (Feed::Envoy, "`json_format`"),
        ] {
            let told = RawReason::NoObject.with_way_out(feed);
            assert!(told.contains(words), "{told}");
            assert_eq!(told.contains("template to JSON"), feed == Feed::ZpaUserActivity, "{told}");
        }
        assert_eq!(RawReason::CutOff.with_way_out(Feed::Nginx), RawReason::CutOff.to_string());
    }
}
