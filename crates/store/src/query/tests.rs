mod budget;
mod fixture;
mod slt;
