//! Real sockets: what a peer meets at a listener's door.

#![cfg(test)]

mod certificates;
mod client;
mod floods;
mod frames;
mod house;
mod limits;
mod log;
mod mutual;
mod rotation;
mod slow;
mod tls;
