//! The one fixed middleware order, as one service with one future.
//!
//! A dozen tower layers would be a dozen boxed futures, each with its own look at the clock and its own copy of the request. Here every concern is a type
//! with plain functions in a file of its own, and [`Service::call`](tower_service::Service::call) of [`StackService`] calls them in the order of
//! [`ORDER`]: reading it top to bottom is reading what happens to a request.

mod answer;
mod body;
mod builder;
mod describe;
mod exchange;
mod future;
mod service;

pub use body::StackBody;
pub use builder::{ErrorForm, Stack, StackBuilder, StackError};
pub use describe::ORDER;
pub use future::StackFuture;
pub use service::StackService;

#[cfg(test)]
mod tests;

#[cfg(test)]
mod call_tests;
