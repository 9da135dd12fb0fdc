mod budget;
mod fixture;
mod pruning;
mod slt;
