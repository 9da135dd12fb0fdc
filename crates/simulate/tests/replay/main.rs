//! Folders are sent to a sink over real sockets, and what came is compared with the files.

#![cfg(test)]

mod folder;
mod refused;
mod resumed;
mod sent;
mod sink;
