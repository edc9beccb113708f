//! Flags for operators and for clients in other languages.

mod admin;
mod command;
#[cfg(feature = "grpc")]
mod grpc;
mod lint;
mod listing;
mod ofrep;

pub(crate) use admin::routes as admin_routes;
pub use command::flags_command;
#[cfg(feature = "grpc")]
pub use grpc::FlagServer;
#[cfg(feature = "grpc")]
pub(crate) use grpc::contract;
