//! The program of the service, its operation log, and its committed files for operators.

#[path = "../adoption/mod.rs"]
mod adoption;
mod deployment;
mod operations;
