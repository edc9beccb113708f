//! The gRPC APIs of flagd.

pub(crate) mod contract;
mod errors;
mod evaluation;
mod events;
mod server;
mod structure;
mod sync;

pub use server::FlagServer;
