//! Real sockets: what a sender meets, and what of it is in the log.

#![cfg(test)]

mod grpc;
mod http;
mod listeners;
mod lss;
mod names;
mod oauth;
mod push;
mod slow;
mod streams;
mod support;
mod tail;
mod tokens;
