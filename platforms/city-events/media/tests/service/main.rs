//! The program of the service, and its committed files for operators.

#[path = "../adoption/mod.rs"]
mod adoption;
mod deployment;
