//! Secrets come by reference (CONF-5): the configuration says where one lies, and a [`SecretSource`] fetches it.

mod environment;
mod file;
mod leaf;
mod reference;
mod source;

pub use environment::EnvironmentSecrets;
pub use file::FileSecrets;
pub(crate) use leaf::SecretLeaf;
pub(crate) use reference::Reference;
pub use source::{SecretError, SecretFuture, SecretSource};
