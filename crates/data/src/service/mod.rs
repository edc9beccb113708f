//! A database as a component of a service.

mod command;
mod component;
mod connect;
mod probe;

pub use command::migrate_command;
