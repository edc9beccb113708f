//! Tools to test services the hard way: faults, slow clients, real servers.

pub mod raw;

pub mod http;
pub mod process;
pub mod requirement;
