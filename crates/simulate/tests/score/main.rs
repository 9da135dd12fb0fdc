//! The scorer, scored: what it says of answers whose quality is known by how they were made.

#![cfg(test)]

mod answers;
mod corrupted;
mod hand_made;
mod reports;
