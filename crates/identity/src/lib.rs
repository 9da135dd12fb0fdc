//! Who a principal is: names become pseudonyms here, and nowhere else.
//!
//! It holds the key that turns a person's or workload's name into a stable id. It never stores names and never turns an id
//! back into one.
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

mod keys;
mod principal;

pub use keys::{KeyError, SecretFile};
pub use principal::PrincipalNamer;
