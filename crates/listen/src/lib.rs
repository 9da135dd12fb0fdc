//! The doorway that every listener stands behind: who may connect, how fast a peer has to be, and how it all ends.
//!
//! Addresses are bound all or none; peers are judged by their address, their token or their certificate, under rules that change
//! while connections stand; nobody alone takes all places, and whoever is slow, silent or gone gives its place back. TLS files
//! are read again when they change, and what cannot be used leaves what is in force. It never looks into a request's body, and
//! what it does is the same for every protocol: whoever serves one gets a [`Visitor`], or requests by [`serve_http`].
//!
//! ```
//! use fanlight_listen::{Access, Protocol};
//!
//! let access = Access::of(vec!["192.0.2.0/24".parse()?]);
//! assert!(access.is_restricted(), "so it may listen beyond loopback");
//! assert!(access.check(Protocol::Http1).is_ok(), "it names no file that could be wrong");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod access;
mod admission;
mod body;
mod der;
mod doorway;
mod expiry;
mod files;
mod guard;
mod handshake;
mod identity;
mod linger;
mod names;
mod peers;
mod places;
mod preface;
mod pulse;
mod seldom;
mod serve;
mod settings;
mod socket;
mod stage;
mod stream;
mod tls;
mod tokens;

pub use access::{Access, AccessError, TlsFiles};
pub use admission::{Admission, Prepared};
pub use body::{BodyError, RequestBody};
pub use doorway::{Doorway, ListenError, Tools, Visitor};
pub use files::Watched;
pub use guard::{Denied, Guard};
pub use identity::PeerIdentity;
pub use names::{Hosts, NameError};
pub use places::Places;
pub use serve::serve_http;
pub use settings::{Limits, Listener, Protocol, loopback};
pub use stage::STAGE;
pub use stream::Stream;
