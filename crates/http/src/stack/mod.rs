//! The fixed order of steps that every request passes, as one service with one future.
//!
//! A dozen tower layers would be a dozen boxed futures. Each of them would read the clock and copy
//! the request. Here every step is a type with functions in its own file.
//! [`Service::call`](tower_service::Service::call) of [`StackService`] runs them in the order of
//! [`Step::ORDER`].

mod body;
mod builder;
mod caller;
mod exchange;
mod future;
mod layer_rejection;
mod replaced_text;
mod respond;
mod service;
mod step;

pub use body::StackBody;
pub use builder::{ErrorRenderer, Stack, StackBuilder, StackError};
pub use future::StackFuture;
pub use layer_rejection::layer_rejection;
pub use replaced_text::PublicErrorBody;
pub use service::StackService;
pub use step::Step;

#[cfg(test)]
mod tests;

#[cfg(test)]
mod grpc_tests;
