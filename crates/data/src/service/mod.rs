//! A database as a part of a service: connected before it is ready, watched, closed last.

mod command;
mod component;
mod connect;
mod probe;

pub use command::migrate_command;
