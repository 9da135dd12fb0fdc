//! What goes wrong outside, against a whole server. Each case has a message with the way out, and a counter where it is a
//! record; and what was sound before and after it is in the store.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

mod disk;
mod refused_start;
mod requests;
mod stream;
