//! Bearer tokens, one a line of a file: two lines while one is exchanged for the other.

use std::fmt;

use fanlight_model::hash_parts;

/// More than anybody exchanges at once; each request is compared with all of them.
const MAX_TOKENS: usize = 100;

/// Below this a token can be guessed.
const SHORT_CHARACTERS: usize = 16;

/// The tokens that are let in, kept as their hashes: what is not in memory cannot leak from it.
#[derive(Clone)]
pub(crate) struct Tokens {
    hashes: Vec<[u8; 16]>,
    /// True where one is so short that it can be guessed.
    pub(crate) is_weak: bool,
}

impl Tokens {
    /// Reads a file's text. Empty lines, and those that begin with `#`, are for people.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let tokens: Vec<&str> =
            text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        if tokens.len() > MAX_TOKENS {
            return Err(format!("it holds more than {MAX_TOKENS} tokens"));
        }
        if !tokens.iter().all(|token| token.bytes().all(|byte| byte.is_ascii_graphic())) {
            return Err("a token holds more than visible ASCII; write one a line, without spaces".to_owned());
        }
        let is_weak = tokens.iter().any(|token| token.len() < SHORT_CHARACTERS);
        let hashes = tokens.into_iter().map(|token| hash_parts(&[token.as_bytes()])).collect();
        Ok(Self { hashes, is_weak })
    }

    /// Nobody is let in.
    pub(crate) fn none() -> Self {
        Self { hashes: Vec::new(), is_weak: false }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// True for one of them. Takes the same time whatever is wrong with `presented`: all hashes are compared, all of each.
    pub(crate) fn contain(&self, presented: &[u8]) -> bool {
        let hash = hash_parts(&[presented]);
        let matching = self.hashes.iter().fold(0_u8, |matching, own| {
            let differing = own.iter().zip(hash).fold(0, |differing, (own, other)| differing | (own ^ other));
            matching | u8::from(std::hint::black_box(differing) == 0)
        });
        std::hint::black_box(matching) != 0
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens({})", self.hashes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_a_token_and_nothing_else_is() {
        let tokens =
            Tokens::parse("# since June\nthe-token-of-june-1\r\n\n  the-token-of-july-2  \n").unwrap();
        assert!(tokens.contain(b"the-token-of-june-1") && tokens.contain(b"the-token-of-july-2"));
        for wrong in
            ["", "# since June", "the-token-of-june-", "the-token-of-june-12", "the-token-of-june-1 "]
        {
            assert!(!tokens.contain(wrong.as_bytes()), "{wrong}");
        }
        assert!(!tokens.is_weak && Tokens::parse("short").unwrap().is_weak);
        assert_eq!(format!("{tokens:?}"), "Tokens(2)", "no token is shown");
    }

    #[test]
    fn what_is_no_token_is_refused_and_nothing_is_none() {
        for wrong in ["two words\n", "smörgås\n", &"a-token-of-many\n".repeat(101)] {
            assert!(Tokens::parse(wrong).is_err(), "{wrong}");
        }
        for empty in ["", "\n# only words\n"] {
            assert!(Tokens::parse(empty).unwrap().is_empty(), "{empty}");
        }
        assert!(!Tokens::none().contain(b""));
    }
}
