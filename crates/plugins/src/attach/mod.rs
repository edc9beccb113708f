//! The parts of the framework that call hooks: the request stack and authentication.

mod authentication;
mod request;

pub use authentication::PluginAuthentication;
pub(crate) use request::hooked;
