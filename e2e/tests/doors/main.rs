//! A whole server's doors: its configuration is changed under load, its certificates are exchanged, its peers are slow, hostile
//! or gone.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

mod descriptors;
mod floods;
mod half_open;
mod load;
mod reload;
mod scene;
mod slow;
mod targets;
mod tls;
