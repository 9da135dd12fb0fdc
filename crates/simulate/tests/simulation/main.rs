//! The invented company: the same for one seed, readable from the wire, and of one piece with its truth.

#![cfg(test)]

mod determinism;
mod feeds;
mod identities;
mod keys;
mod run;
mod scenarios;
mod spans;
mod truth;
