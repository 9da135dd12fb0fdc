//! What one peer has to show, judged by the rules of the moment and not by those that it came in under.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use tokio::sync::watch;

use crate::access::Rules;

/// Judges the requests of one connection.
#[derive(Clone, Debug)]
pub struct Guard {
    rules: watch::Receiver<Arc<Rules>>,
    peer: IpAddr,
}

/// Why a request is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// The peer's address is not in `allow`.
    Address,
    /// The listener wants a token and there is none.
    TokenMissing,
    /// The token is not one of the listener's.
    TokenWrong,
}

impl Guard {
    pub(crate) fn new(rules: watch::Receiver<Arc<Rules>>, peer: SocketAddr) -> Self {
        Self { rules, peer: peer.ip() }
    }

    /// Judges the peer's address.
    ///
    /// # Errors
    /// [`Denied::Address`].
    pub fn check_address(&self) -> Result<(), Denied> {
        if self.rules.borrow().allow(self.peer) { Ok(()) } else { Err(Denied::Address) }
    }

    /// Judges the address, and the token of `authorization: Bearer …` where the listener wants one.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Denied> {
        self.check_address()?;
        self.check_token(bearer(headers))
    }

    /// Judges a token that came otherwise; whoever wants none takes any.
    ///
    /// # Errors
    /// [`Denied::TokenMissing`], [`Denied::TokenWrong`].
    pub fn check_token(&self, presented: Option<&[u8]>) -> Result<(), Denied> {
        let rules = self.rules.borrow();
        match (&rules.tokens, presented) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(Denied::TokenMissing),
            (Some(tokens), Some(presented)) if tokens.contain(presented) => Ok(()),
            (Some(_), Some(_)) => Err(Denied::TokenWrong),
        }
    }

    /// Whether the rules want a token.
    pub fn wants_token(&self) -> bool {
        self.rules.borrow().tokens.is_some()
    }

    /// Whether a token is one of the listener's; where none is wanted, none is.
    pub fn knows_token(&self, presented: &[u8]) -> bool {
        self.rules.borrow().tokens.as_ref().is_some_and(|tokens| tokens.contain(presented))
    }

    /// Whether the rules list addresses, so that one which passes was meant.
    pub fn lists_addresses(&self) -> bool {
        !self.rules.borrow().allow.is_empty()
    }

    /// Waits until the peer's address is let in no more, for streams that last.
    pub async fn until_refused(&self) {
        let mut rules = self.rules.clone();
        loop {
            if !rules.borrow_and_update().allow(self.peer) {
                return;
            }
            if rules.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }
}

/// The token of the one `authorization` header; two are as good as none.
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(AUTHORIZATION).into_iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    let (scheme, token) = value.as_bytes().split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::Tokens;

    fn guard(tokens: Option<&str>) -> (watch::Sender<Arc<Rules>>, Guard) {
        let tokens = tokens.map(|text| Tokens::parse(text).unwrap());
        let rules =
            Rules { allow: vec!["192.0.2.0/24".parse().unwrap()], tokens, tls: None, remarks: Vec::new() };
        let (sender, receiver) = watch::channel(Arc::new(rules));
        (sender, Guard::new(receiver, "192.0.2.7:5".parse().unwrap()))
    }

    fn check(guard: &Guard, headers: &[&'static str], expected: Result<(), Denied>) {
        let mut map = HeaderMap::new();
        for value in headers {
            map.append(AUTHORIZATION, http::HeaderValue::from_static(value));
        }
        assert_eq!(guard.check(&map), expected, "{headers:?}");
    }

    #[test]
    fn one_right_token_lets_in() {
        let (_rules, guard) = guard(Some("the-token-of-july-2"));
        check(&guard, &["Bearer the-token-of-july-2"], Ok(()));
        check(&guard, &["bearer  the-token-of-july-2 "], Ok(()));
        check(&guard, &[], Err(Denied::TokenMissing));
        check(&guard, &["Basic dGhlOnRva2Vu"], Err(Denied::TokenMissing));
        check(&guard, &["Bearer"], Err(Denied::TokenMissing));
        check(&guard, &["Bearer "], Err(Denied::TokenWrong));
        check(&guard, &["Bearer the-token-of-july-3"], Err(Denied::TokenWrong));
        check(&guard, &["Bearer the-token-of-july-2", "Bearer x"], Err(Denied::TokenMissing));
    }

    /// Where none is wanted, whoever shows one has shown nothing.
    #[test]
    fn a_token_that_nobody_asked_for_is_not_known() {
        let (_rules, wanting) = guard(Some("the-token-of-july-2"));
        assert!(wanting.wants_token() && wanting.knows_token(b"the-token-of-july-2"));
        assert!(!wanting.knows_token(b"the-token-of-july-3"));
        let (_rules, open) = guard(None);
        assert!(!open.wants_token() && !open.knows_token(b"the-token-of-july-2"));
    }

    /// Whoever came in under older rules is judged by the new ones.
    #[tokio::test]
    async fn rules_that_change_hold_for_those_who_are_in() {
        let (rules, guard) = guard(None);
        check(&guard, &[], Ok(()));
        let mut narrower = Rules::clone(&rules.borrow());
        narrower.allow = vec!["198.51.100.0/24".parse().unwrap()];
        rules.send_replace(Arc::new(narrower));
        check(&guard, &[], Err(Denied::Address));
        guard.until_refused().await;
    }
}
