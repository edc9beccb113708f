//! The places of the framework that call hooks.

mod authentication;
mod request;

pub use authentication::PluginAuthentication;
pub(crate) use request::hooked;
