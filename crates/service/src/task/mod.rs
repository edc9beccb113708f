//! Every task has an owner (LIFE-5).
//!
//! A bare `tokio::spawn` makes a task that nobody stops, nobody misses when it dies, and whose log lines belong to no request. Tasks started through
//! [`Tasks`] have a name, run in the context of the request that started them, are counted when they panic, and are joined at stop.

mod component;
mod running;
mod stop;
mod tasks;

pub use stop::Stop;
pub use tasks::{TaskPanic, Tasks};

#[cfg(test)]
mod tests;
