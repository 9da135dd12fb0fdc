//! Tokens that come in several renderings, and principals that come under several names.

use std::borrow::Cow;
use std::sync::Arc;

use fanlight_model::{PrincipalId, PrincipalKind};

use super::reader::{ISSUER, OBFUSCATED_PREFIX, Reader, is_obfuscated};
use crate::decode::feed_table::Token;
use crate::decode::note::Note;
use crate::decode::rendering::{from_base64, from_hex, renderings};

/// Names of ZIA that are no address: a short account name means nothing outside its tenant's ZIA.
const ZIA_ISSUER: &str = "zia";

/// Opaque numbers in a name's place: never the same namespace as names.
const ZIA_OBFUSCATED_ISSUER: &str = "zia.obfuscated";

impl Reader<'_, '_> {
    /// A token's text in whichever rendering it came: plain, else from `%HH`, else from base64. Opaque numbers are no text.
    pub(crate) fn rendered(&mut self, token: impl Token) -> Option<Arc<str>> {
        self.rendered_at(token.index())
    }

    pub(crate) fn rendered_at(&mut self, index: usize) -> Option<Arc<str>> {
        if let Some(plain) = self.wire.at(index) {
            return Some(self.memo.text(plain));
        }
        let renderings = renderings(self.wire.table(), index);
        let decoded = match (renderings.hex, renderings.base64) {
            (Some(at), _) if self.wire.at(at).is_some() => from_hex(self.wire.at(at)?),
            (_, Some(at)) => match from_base64(self.wire.at(at)?) {
                Some(text) => Cow::Owned(text),
                None => {
                    self.notes.add(Note::BadBase64(self.name_of(at)));
                    return None;
                }
            },
            _ => return None,
        };
        let text = decoded.trim();
        let nulls = self.wire.table().fields.get(index).map_or(&[][..], |field| field.nulls);
        (!nulls.contains(&text)).then(|| self.memo.text(text))
    }

    /// A token's text with `%HH` left as it is: in a URL most of it is the URL's own.
    pub(crate) fn rendered_url(&mut self, token: impl Token) -> Option<Arc<str>> {
        let index = token.index();
        let hex = renderings(self.wire.table(), index).hex;
        match hex.and_then(|at| self.wire.at(at)) {
            Some(text) if self.wire.at(index).is_none() => Some(Arc::from(text)),
            _ => self.rendered_at(index),
        }
    }

    /// A token's text, or an opaque number marked as one.
    pub(crate) fn rendered_or_opaque(&mut self, token: impl Token) -> Option<Arc<str>> {
        let index = token.index();
        self.rendered_at(index).or_else(|| {
            let number = self.wire.at(renderings(self.wire.table(), index).obfuscated?)?;
            Some(self.opaque(number))
        })
    }

    /// Who acted: the name as sent, and its pseudonym. A name that is one of the record's locations is nobody's: traffic of a place where
    /// nobody signed in bears the place's name.
    pub(crate) fn person(
        &mut self,
        token: impl Token,
        places: &[Option<Arc<str>>],
    ) -> (Option<Arc<str>>, Option<PrincipalId>) {
        let index = token.index();
        if let Some(name) = self.rendered_at(index) {
            if is_place(&name, places) {
                return (None, None);
            }
            let id = self.zia_principal(&name);
            return (Some(self.zia_marked(name)), Some(id));
        }
        let opaque = renderings(self.wire.table(), index).obfuscated.and_then(|at| self.wire.at(at));
        let Some(number) = opaque.map(|number| self.memo.text(number)) else { return (None, None) };
        let id = self.memo.principal(PrincipalKind::Human, ZIA_OBFUSCATED_ISSUER, &number);
        (Some(self.opaque(&number)), Some(id))
    }

    /// The pseudonym of a name that ZIA gives. An address is the same person in ZPA: both have it from the same identity provider.
    pub(crate) fn zia_principal(&mut self, name: &Arc<str>) -> PrincipalId {
        let service = name.contains("$@") || name.contains("$%40");
        let kind = if service { PrincipalKind::Workload } else { PrincipalKind::Human };
        let issuer = match () {
            () if is_opaque(name) => ZIA_OBFUSCATED_ISSUER,
            () if name.contains('@') => ISSUER,
            () => ZIA_ISSUER,
        };
        self.memo.principal(kind, issuer, name)
    }

    /// A name as ZIA gives it, marked where it is none.
    pub(crate) fn zia_marked(&mut self, name: Arc<str>) -> Arc<str> {
        if is_opaque(&name) { self.opaque(&name) } else { name }
    }

    fn opaque(&mut self, number: &str) -> Arc<str> {
        self.memo.text(&format!("{OBFUSCATED_PREFIX}{number}"))
    }
}

/// A feed whose setting obfuscates people writes a number under `login` itself. Names there are addresses.
fn is_opaque(name: &str) -> bool {
    is_obfuscated(name) || (!name.is_empty() && name.bytes().all(|digit| digit.is_ascii_digit()))
}

/// `Road Warrior`, or either half of `Site->Guests`.
fn is_place(name: &str, places: &[Option<Arc<str>>]) -> bool {
    let is = |place: &str| place.trim().eq_ignore_ascii_case(name);
    !name.contains('@') && places.iter().flatten().any(|place| is(place) || place.split("->").any(is))
}
