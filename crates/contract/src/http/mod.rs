//! Serves the methods of a contract over HTTP, for generated code.

mod accept;
mod path;
mod request;
mod response;
mod route;
mod stream;
mod template;
#[cfg(test)]
mod tests;

pub use path::{Binding, BindingMatch, HttpPath};
pub use route::{RequestBody, Route, Routes};
pub use template::{PathTemplate, Segment, Variable};
