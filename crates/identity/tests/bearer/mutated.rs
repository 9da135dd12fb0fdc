//! One byte of a good token is another.

use std::sync::LazyLock;

use fanlight_identity::JwtVerifier;
use proptest::prelude::*;

use crate::support::{claims, signers, verifier, verify};

/// A good token of each algorithm, and who takes it.
static GOOD: LazyLock<Vec<(String, JwtVerifier)>> = LazyLock::new(|| {
    let of =
        |signer| (crate::support::Signer::token(signer, &claims()), verifier(std::slice::from_ref(signer)));
    signers().iter().map(of).collect()
});

fn with(token: &str, at: usize, letter: u8) -> Option<String> {
    let mut bytes = token.as_bytes().to_vec();
    let former = std::mem::replace(&mut bytes[at], letter);
    (former != letter).then(|| String::from_utf8(bytes).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn no_byte_can_be_another(which in 0_usize..4, at: prop::sample::Index, letter in 0_u8..128) {
        let (token, verifier) = &GOOD[which];
        prop_assert!(verify(verifier, token).is_ok());
        if let Some(mutated) = with(token, at.index(token.len()), letter) {
            prop_assert!(verify(verifier, &mutated).is_err(), "{mutated}");
        }
    }

    #[test]
    fn nothing_makes_it_panic(text in "[ -~]{0,300}", parts in "[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{0,60}") {
        let (_, verifier) = &GOOD[2];
        prop_assert!(verify(verifier, &text).is_err());
        prop_assert!(verify(verifier, &parts).is_err());
    }
}

/// The last character of a part has bits that mean nothing; they are not free to choose.
#[test]
fn no_part_has_a_second_spelling() {
    for (token, verifier) in GOOD.iter() {
        let ends = token.match_indices('.').map(|(at, _)| at - 1).chain([token.len() - 1]);
        for at in ends {
            for letter in 0..128 {
                if let Some(mutated) = with(token, at, letter) {
                    assert!(verify(verifier, &mutated).is_err(), "{mutated}");
                }
            }
        }
        for longer in [format!("{token}A"), format!("{token}."), format!(".{token}"), token[1..].to_owned()] {
            assert!(verify(verifier, &longer).is_err(), "{longer}");
        }
    }
}
