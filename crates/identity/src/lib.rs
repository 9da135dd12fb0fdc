//! Who it is: names become pseudonyms here, and tokens of an authorisation server are verified here, and nowhere else.
//!
//! It holds the key that turns a person's or workload's name into a stable id. It never stores names and never turns an id
//! back into one. It never asks anybody for a key: those that verify tokens come from a file.
//!
//! ```
//! use fanlight_identity::PrincipalNamer;
//! use fanlight_model::PrincipalKind;
//!
//! let namer = PrincipalNamer::with_key("default", [7; 32]);
//! let ana = namer.name(PrincipalKind::Human, "zpa", "Ana@Example.com");
//! assert_eq!(ana, namer.name(PrincipalKind::Human, "zpa", " ana@example.com "));
//! assert!(ana.0.starts_with("fl:default:h:"));
//! ```

mod bearer;
mod keys;
mod principal;

pub use bearer::{Bearer, BearerError, BearerPolicy, JwksError, JwtVerifier};
pub use keys::{KeyError, SecretFile};
pub use principal::PrincipalNamer;
