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
    texts: Vec<Set<Arc<str>>>,
    principals: Vec<Set<Named>>,
}

/// What falls on one place: who is found goes one further to the front, who is new takes the last place, so that names which come
/// again and again are not pushed out by ids that never do.
type Set<T> = [Option<T>; WAYS];

const WAYS: usize = 4;

#[derive(Debug)]
struct Named {
    kind: PrincipalKind,
    issuer: &'static str,
    name: Arc<str>,
    id: PrincipalId,
}

/// A few thousand names are in use at a time.
const SETS: usize = (1 << 11) / WAYS;

/// Longer texts are rarely the same twice, and must not fill the memory.
const MAX_SHARED_BYTES: usize = 128;

impl Memo {
    pub(crate) fn new(namer: PrincipalNamer) -> Self {
        let texts = std::iter::repeat_with(|| [const { None }; WAYS]).take(SETS).collect();
        let principals = std::iter::repeat_with(|| [const { None }; WAYS]).take(SETS).collect();
        Self { namer, texts, principals }
    }

    /// The text, shared with whoever asked for the same one before.
    pub(crate) fn text(&mut self, text: &str) -> Arc<str> {
        if text.len() > MAX_SHARED_BYTES {
            return Arc::from(text);
        }
        let Some(set) = self.texts.get_mut(place(text)) else { return Arc::from(text) };
        if let Some(known) = find(set, |known| same(known, text)) {
            return Arc::clone(known);
        }
        let new: Arc<str> = Arc::from(text);
        put(set, Arc::clone(&new));
        new
    }

    /// The pseudonym of a principal.
    pub(crate) fn principal(
        &mut self,
        kind: PrincipalKind,
        issuer: &'static str,
        name: &Arc<str>,
    ) -> PrincipalId {
        let is = |known: &Named| {
            (Arc::ptr_eq(&known.name, name) || known.name == *name)
                && known.kind == kind
                && known.issuer == issuer
        };
        let set = self.principals.get_mut(place(name));
        let Some(set) = set.filter(|_| name.len() <= MAX_SHARED_BYTES) else {
            return self.namer.name(kind, issuer, name);
        };
        if let Some(known) = find(set, is) {
            return known.id.clone();
        }
        let id = self.namer.name(kind, issuer, name);
        put(set, Named { kind, issuer, name: Arc::clone(name), id: id.clone() });
        id
    }
}

fn find<T>(set: &mut Set<T>, is: impl Fn(&T) -> bool) -> Option<&T> {
    let at = set.iter().position(|known| known.as_ref().is_some_and(&is))?;
    let to = at.saturating_sub(1);
    set.swap(at, to);
    set.get(to)?.as_ref()
}

fn put<T>(set: &mut Set<T>, new: T) {
    let free = set.iter().position(Option::is_none).unwrap_or(WAYS - 1);
    if let Some(place) = set.get_mut(free) {
        *place = Some(new);
    }
}

/// The high bits are the well-mixed ones; the number of sets is a power of two.
fn place(text: &str) -> usize {
    usize::try_from(hash_text(text) >> 32).unwrap_or(0) & (SETS - 1)
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

    /// Names that come again and again stay shared, however many ids come between.
    #[test]
    fn ids_that_never_come_again_push_no_name_out() {
        let mut memo = Memo::new(PrincipalNamer::for_tests());
        let names: Vec<String> = (0..300).map(|number| format!("person{number}@example.com")).collect();
        let mut new = 0;
        let mut texts: Vec<Arc<str>> = names.iter().map(|name| memo.text(name)).collect();
        for round in 0..20 {
            for (number, (name, text)) in names.iter().zip(&mut texts).enumerate() {
                memo.text(&format!("id {round} {number}"));
                let again = memo.text(name);
                new += usize::from(round > 2 && !Arc::ptr_eq(text, &again));
                *text = again;
            }
        }
        assert!(new * 100 < names.len() * 17, "{new}");
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
