//! Why a token does not let in, and why keys cannot be used.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a token does not let in, for whoever sent it: nothing of the token, of a key or of the policy is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BearerError {
    /// It has more bytes than any that is meant.
    #[error("the token has more than 16 KiB; have the authorisation server put fewer claims into it")]
    TooLarge,
    /// It cannot be read.
    #[error(
        "the token is no signed JWT: {0}; ask for an access token that is one, neither opaque nor encrypted"
    )]
    Malformed(&'static str),
    /// Its header asks for what is not done.
    #[error("the token has the header `{0}`, which is refused; have the authorisation server leave it out")]
    Header(&'static str),
    /// It is of another kind.
    #[error("the token's `typ` is not the one of an access token; send the access token, and no other")]
    Type,
    /// Its algorithm is none of those that are taken.
    #[error(
        "the token is not signed by RS256, PS256, ES256 or EdDSA; have the authorisation server sign by one of them"
    )]
    Algorithm,
    /// Its algorithm is not the one of the key that it names.
    #[error(
        "the token's `alg` is not the one of its key; have the authorisation server publish its keys as it signs by them"
    )]
    NotOfTheKey,
    /// No key has its id.
    #[error(
        "the token's key is not among the authorisation server's keys as they are known here; if it has new ones, write them to `jwks_file`"
    )]
    UnknownKey,
    /// It names no key, and several could be meant.
    #[error(
        "the token names no key (`kid`) and several could be meant; have the authorisation server name it"
    )]
    KeyUnclear,
    /// Its signature is not the key's.
    #[error("the token's signature is wrong; get a new one from the authorisation server")]
    Signature,
    /// A claim has another type than it must.
    #[error("the token's `{0}` is not what RFC 7519 says it is; see to it at the authorisation server")]
    Claim(&'static str),
    /// Another server issued it.
    #[error(
        "the token's `iss` is not the one that `issuer` names; send a token of that authorisation server"
    )]
    Issuer,
    /// It is for somebody else.
    #[error("the token's `aud` is not the one that `audience` names; ask for a token with its scope")]
    Audience,
    /// It has no end.
    #[error("the token has no `exp`; have the authorisation server end its tokens")]
    NoExpiry,
    /// It is over.
    #[error("the token has expired; get a new one, and see that both clocks are right")]
    Expired,
    /// It has not begun.
    #[error("the token's `nbf` is still to come; see that both clocks are right")]
    NotYetValid,
    /// It was issued later than now.
    #[error("the token's `iat` is still to come; see that both clocks are right")]
    FromTheFuture,
    /// It wants a proof beside it.
    #[error(
        "the token is bound to a key (`cnf`), of which no proof can be sent here; ask for a plain bearer token"
    )]
    Bound,
    /// It is nobody's who is listed.
    #[error(
        "the token is for none of `subjects`; have its `sub` or client added there, or use a client that is listed"
    )]
    Subject,
}

impl BearerError {
    /// The word that counters use.
    pub fn word(self) -> &'static str {
        match self {
            Self::TooLarge => "jwt_too_large",
            Self::Malformed(_) => "jwt_malformed",
            Self::Header(_) => "jwt_header",
            Self::Type => "jwt_type",
            Self::Algorithm => "jwt_algorithm",
            Self::NotOfTheKey => "jwt_algorithm_of_key",
            Self::UnknownKey => "jwt_unknown_key",
            Self::KeyUnclear => "jwt_key_unclear",
            Self::Signature => "jwt_signature",
            Self::Claim(_) => "jwt_claim",
            Self::Issuer => "jwt_issuer",
            Self::Audience => "jwt_audience",
            Self::NoExpiry => "jwt_no_expiry",
            Self::Expired => "jwt_expired",
            Self::NotYetValid => "jwt_not_yet_valid",
            Self::FromTheFuture => "jwt_from_the_future",
            Self::Bound => "jwt_bound",
            Self::Subject => "jwt_subject",
        }
    }
}

/// Why a file of keys cannot be used.
#[derive(Debug, Error)]
pub enum JwksError {
    /// The system did not give it.
    #[error("cannot read `{}`", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// It is no set of keys, or holds one that must not be used.
    #[error("cannot use `{}`: {problem}", file.display())]
    Unusable {
        /// The file.
        file: PathBuf,
        /// What is wrong with it, and the way out.
        problem: String,
    },
    /// It is a set without a key that could verify a token.
    #[error(
        "cannot use `{}`: it holds no key for RS256, PS256, ES256 or EdDSA; write what the server's `jwks_uri` gives",
        file.display()
    )]
    Empty {
        /// The file.
        file: PathBuf,
    },
}
