//! Every task has an owner (LIFE-5).
//!
//! A bare `tokio::spawn` starts a task that no stop waits for, whose panic has no effect, and whose
//! log lines have no request ID. A task of [`Tasks`] has a name and the context of the request that
//! started it. Its panic is counted, and a stop waits for it.

mod component;
mod running;
mod stop;
mod tasks;

pub use stop::Stop;
pub use tasks::{TaskPanic, Tasks};

#[cfg(test)]
mod tests;
