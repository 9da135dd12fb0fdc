//! ASP.NET Core: nothing of the socket.

use super::client::Outbound;
use super::protobuf::Attributes;
use super::scope::Scope;
use super::server::{Inbound, Told, stable};

pub(crate) fn server(inbound: &Inbound<'_>, into: &mut Attributes) -> (String, Scope, Told) {
    stable(inbound, into);
    (format!("{} {}", inbound.method, inbound.route), Scope::DotNetServer, Told::default())
}

pub(crate) fn client(outbound: &Outbound<'_>, into: &mut Attributes) -> (String, Scope) {
    outbound.stable(into);
    (outbound.method.to_owned(), Scope::DotNetClient)
}
