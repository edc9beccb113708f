//! A database as a part of a service: connected before it is ready, watched, closed last.

mod component;
mod connect;
mod probe;
