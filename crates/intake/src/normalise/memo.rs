//! What is worth keeping between records: names that come again and again, and the principals that they stand for. Bounded, and
//! without influence on what comes out.

use std::sync::Arc;

use fanlight_identity::PrincipalNamer;
use fanlight_model::{PrincipalId, PrincipalKind};

use crate::decode::compare::same;
use crate::decode::fast_hash::hash_text;

/// Shares equal texts, and names each principal once.
#[derive(Debug)]
pub(crate) struct Memo {
    namer: PrincipalNamer,
    texts: Vec<Option<Arc<str>>>,
    principals: Vec<Option<Named>>,
}

#[derive(Debug)]
struct Named {
    kind: PrincipalKind,
    issuer: &'static str,
    name: Arc<str>,
    id: PrincipalId,
}

/// A few thousand names are in use at a time; two that fall on one place push each other out.
const TEXTS: usize = 1 << 11;
const PRINCIPALS: usize = 1 << 11;

/// Longer texts are rarely the same twice, and must not fill the memory.
const MAX_SHARED_BYTES: usize = 128;

impl Memo {
    pub(crate) fn new(namer: PrincipalNamer) -> Self {
        let (mut texts, mut principals) = (Vec::new(), Vec::new());
        texts.resize_with(TEXTS, || None);
        principals.resize_with(PRINCIPALS, || None);
        Self { namer, texts, principals }
    }

    /// The text, shared with whoever asked for the same one before.
    pub(crate) fn text(&mut self, text: &str) -> Arc<str> {
        if text.len() > MAX_SHARED_BYTES {
            return Arc::from(text);
        }
        let Some(place) = self.texts.get_mut(place(hash_text(text), TEXTS)) else { return Arc::from(text) };
        match place {
            Some(known) if same(known, text) => Arc::clone(known),
            _ => {
                let new: Arc<str> = Arc::from(text);
                *place = Some(Arc::clone(&new));
                new
            }
        }
    }

    /// The pseudonym of a principal.
    pub(crate) fn principal(
        &mut self,
        kind: PrincipalKind,
        issuer: &'static str,
        name: &Arc<str>,
    ) -> PrincipalId {
        let place = place(hash_text(name), PRINCIPALS);
        if let Some(Some(known)) = self.principals.get(place)
            && known.kind == kind
            && known.issuer == issuer
            && (Arc::ptr_eq(&known.name, name) || known.name == *name)
        {
            return known.id.clone();
        }
        let id = self.namer.name(kind, issuer, name);
        if name.len() <= MAX_SHARED_BYTES
            && let Some(slot) = self.principals.get_mut(place)
        {
            *slot = Some(Named { kind, issuer, name: Arc::clone(name), id: id.clone() });
        }
        id
    }
}

/// The high bits are the well-mixed ones; the size is a power of two.
fn place(hash: u64, size: usize) -> usize {
    usize::try_from(hash >> 32).unwrap_or(0) & (size - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_one() {
        let mut memo = Memo::new(PrincipalNamer::for_tests());
        let (a, b) = (memo.text("Shop"), memo.text("Shop"));
        assert!(Arc::ptr_eq(&a, &b));
        assert_eq!(&*memo.text(&"x".repeat(1_000)), "x".repeat(1_000));
    }

    /// More names than there are places: each keeps its own id, kind and issuer.
    #[test]
    fn a_principal_is_never_taken_for_another() {
        let mut memo = Memo::new(PrincipalNamer::for_tests());
        let namer = PrincipalNamer::for_tests();
        for number in (0..10_000).chain(0..10) {
            let name: Arc<str> = format!("p{number}").into();
            for (kind, issuer) in
                [(PrincipalKind::Human, "zpa"), (PrincipalKind::Workload, "zpa"), (PrincipalKind::Human, "x")]
            {
                if number % 100 < 3 {
                    assert_eq!(memo.principal(kind, issuer, &name), namer.name(kind, issuer, &name));
                }
            }
        }
    }
}
