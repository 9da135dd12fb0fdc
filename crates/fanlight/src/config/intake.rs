//! What comes in beside spans: streams, pushes and files, as typed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fanlight_identity::BearerPolicy;
use fanlight_intake::{Columns, FeedClock, FeedSettings, OauthSettings, TailFile, stream_port};
use fanlight_listen::{Access, Protocol};
use fanlight_model::Feed;
use http::HeaderName;

use super::access::Place;
use super::check::ConfigError;
use super::file;
use super::settings::{Listener, Reader};

/// Every feed's stream listener.
pub(super) fn streams(
    reader: &Reader<'_>,
    typed: &BTreeMap<Feed, file::Listener>,
    folder: &Path,
) -> Result<Vec<(Feed, Option<Listener>)>, ConfigError> {
    let untyped = file::Listener::default();
    let one = |feed: &Feed| {
        let section = format!("intake.{feed}");
        let place = Place {
            section: &section,
            default_port: stream_port(*feed),
            protocol: Protocol::Raw,
            takes_tokens: false,
        };
        Ok((*feed, reader.listener(place, typed.get(feed).unwrap_or(&untyped), folder)?))
    };
    Feed::ALL.iter().map(one).collect()
}

/// Who may push.
pub(super) fn push_access(
    reader: &Reader<'_>,
    typed: &file::Push,
    folder: &Path,
) -> Result<Access, ConfigError> {
    let (allow, token_file) = (typed.allow.clone(), typed.token_file.clone());
    let typed = file::Listener { allow, token_file, ..file::Listener::default() };
    reader.access_beside("intake.push", &typed, folder)
}

/// The header that carries a token as it is.
pub(super) fn push_header(
    reader: &Reader<'_>,
    typed: &file::Push,
) -> Result<Option<HeaderName>, ConfigError> {
    let parse = |text: &String| {
        HeaderName::try_from(text.as_str()).map_err(|_| {
            let hint = "letters, digits and `-`".to_owned();
            reader.source.error("intake.push.header", format!("`{text}` is not a header's name"), Some(hint))
        })
    };
    typed.header.as_ref().map(parse).transpose()
}

/// Whose tokens may push; a table without any of its keys is nobody's. The file is read relative to `folder`, checked, and read
/// again when the server starts.
pub(super) fn push_oauth(
    reader: &Reader<'_>,
    typed: &file::Oauth,
    folder: &Path,
) -> Result<Option<OauthSettings>, ConfigError> {
    let file::Oauth { issuer, audience, jwks_file, subjects } = typed;
    if issuer.is_none() && audience.is_none() && jwks_file.is_none() && subjects.is_empty() {
        return Ok(None);
    }
    let required = |key: &str, text: &Option<String>| {
        reader.required(&format!("intake.push.oauth.{key}"), text.as_deref()).map(str::to_owned)
    };
    let policy = BearerPolicy {
        issuer: required("issuer", issuer)?,
        audience: required("audience", audience)?,
        subjects: subjects.clone(),
    };
    let oauth = OauthSettings { policy, jwks_file: folder.join(required("jwks_file", jwks_file)?) };
    oauth
        .check()
        .map_err(|error| reader.source.error(&format!("intake.push.{}", error.key()), error.whole(), None))?;
    Ok(Some(oauth))
}

/// The files that are followed; they need not be there yet.
pub(super) fn tail(
    reader: &Reader<'_>,
    typed: &file::Tail,
    folder: &Path,
) -> Result<Vec<TailFile>, ConfigError> {
    let one = |(index, file): (usize, &file::TailFile)| {
        let at = |key: &str| format!("intake.tail.files.{index}.{key}");
        let path = folder.join(reader.required(&at("path"), file.path.as_deref())?);
        let feed = feed(reader, &at("feed"), file.feed.as_deref())?;
        Ok(TailFile { path, feed })
    };
    typed.files.iter().enumerate().map(one).collect()
}

fn feed(reader: &Reader<'_>, key: &str, name: Option<&str>) -> Result<Feed, ConfigError> {
    let name = reader.required(key, name)?;
    Feed::from_name(name).ok_or_else(|| {
        let known: Vec<String> = Feed::ALL.iter().map(|feed| format!("`{feed}`")).collect();
        let hint = format!("known: {}", known.join(", "));
        reader.source.error(key, format!("`{name}` is not a feed"), Some(hint))
    })
}

/// What the lines of feeds do not say. A template is read now, and once more when the server starts.
pub(super) fn feed_output(
    reader: &Reader<'_>,
    typed: &[file::FeedOutput],
    folder: &Path,
) -> Result<FeedSettings, ConfigError> {
    let (mut settings, mut told) = (FeedSettings::default(), BTreeSet::new());
    for (index, typed) in typed.iter().enumerate() {
        let at = |key: &str| format!("intake.feed_output.{index}.{key}");
        let feed = feed(reader, &at("feed"), typed.feed.as_deref())?;
        let wrong = |text: String, hint: &str| reader.source.error(&at("feed"), text, Some(hint.to_owned()));
        if !told.insert(feed) {
            return Err(wrong(format!("`{feed}` has a table already"), "say all of a feed in one table"));
        }
        if typed.zone.is_none() && typed.template_file.is_none() {
            return Err(wrong(format!("nothing is said of `{feed}`"), "add `template_file` or `zone`"));
        }
        if let Some(zone) = &typed.zone {
            let zone_seconds = zone_seconds(zone).ok_or_else(|| {
                let hint = "write `UTC`, or how far east of it like `+01:00`".to_owned();
                reader.source.error(&at("zone"), format!("`{zone}` is no zone that can be set"), Some(hint))
            })?;
            settings = settings.with_clock(feed, FeedClock { zone_seconds });
        }
        if let Some(file) = &typed.template_file {
            let wrong =
                |text, hint: &str| reader.source.error(&at("template_file"), text, Some(hint.to_owned()));
            let path = folder.join(file);
            let template = std::fs::read_to_string(&path).map_err(|cause| {
                wrong(
                    format!("cannot read `{}`: {cause}", path.display()),
                    "paste the feed output format there",
                )
            })?;
            let columns = Columns::from_template(&template).ok_or_else(|| {
                let text = format!("`{}` holds no template with cells: two tokens at least, between commas or tabs", path.display());
                wrong(text, "only CSV and TSV need their template; leave the key away for JSON, LEEF, CEF and key=value")
            })?;
            settings = settings.with_columns(feed, columns);
        }
    }
    Ok(settings)
}

/// `UTC`, `Z`, `+01:00`, `-03:30`.
fn zone_seconds(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("utc") || text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let number = |digits: &str, max: i64| -> Option<i64> {
        let is_two = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit());
        digits.parse().ok().filter(|number| is_two && *number <= max)
    };
    Some(sign * (number(hours, 14)? * 3_600 + number(minutes, 59)? * 60))
}
