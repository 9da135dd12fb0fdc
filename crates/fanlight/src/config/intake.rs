//! What comes in beside spans: streams, pushes and files, as typed.

use std::collections::BTreeMap;
use std::path::Path;

use fanlight_identity::BearerPolicy;
use fanlight_intake::{OauthSettings, TailFile, stream_port};
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
        let name = reader.required(&at("feed"), file.feed.as_deref())?;
        let feed = Feed::from_name(name).ok_or_else(|| {
            let known: Vec<String> = Feed::ALL.iter().map(|feed| format!("`{feed}`")).collect();
            let hint = format!("known: {}", known.join(", "));
            reader.source.error(&at("feed"), format!("`{name}` is not a feed"), Some(hint))
        })?;
        Ok(TailFile { path, feed })
    };
    typed.files.iter().enumerate().map(one).collect()
}
