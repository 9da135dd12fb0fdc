//! The Java agent: the peer, and never the own side.

use super::client::Outbound;
use super::protobuf::Attributes;
use super::scope::Scope;
use super::server::{Inbound, Told, peer, stable};

pub(crate) fn server(inbound: &Inbound<'_>, into: &mut Attributes) -> (String, Scope, Told) {
    stable(inbound, into);
    peer(inbound, into);
    into.int("thread.id", 40 + i64::from(inbound.peer.port() % 200));
    into.text("thread.name", "http-nio-8080-exec");
    (
        format!("{} {}", inbound.method, inbound.route),
        Scope::JavaTomcat,
        Told { peer: true, ..Told::default() },
    )
}

/// OkHttp tells the peer; the JDK's own client does not.
pub(crate) fn client(outbound: &Outbound<'_>, into: &mut Attributes, tells_peer: bool) -> (String, Scope) {
    outbound.stable(into);
    if tells_peer {
        outbound.peer(into);
    }
    into.text("thread.name", "http-nio-8080-exec");
    (outbound.method.to_owned(), if tells_peer { Scope::JavaOkHttp } else { Scope::JavaHttpClient })
}
