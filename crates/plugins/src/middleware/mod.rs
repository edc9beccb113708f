//! The parts of the framework that call hooks: the request stack and authentication.

mod address_limit;
mod authentication;
mod request;

pub(crate) use address_limit::AddressLimit;
pub use authentication::PluginAuthentication;
pub(crate) use request::hooked;
