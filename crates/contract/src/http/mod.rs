//! The HTTP side of a contract: routes, requests, answers. Called by generated code.

mod accept;
mod path;
mod request;
mod response;
mod route;
mod stream;
mod template;
#[cfg(test)]
mod tests;

pub use path::{Binding, Choice, HttpPath};
pub use route::{RequestBody, Route, Routes};
pub use template::{PathTemplate, Segment, Variable};
