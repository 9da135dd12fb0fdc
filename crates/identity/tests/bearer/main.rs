//! Access tokens: those that let in, and everything that looks like one.

#![cfg(test)]

mod forged;
mod keys;
mod mutated;
mod support;
mod times;
