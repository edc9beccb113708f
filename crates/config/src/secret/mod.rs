//! Secrets by reference (CONF-5): the configuration names the location of a secret, and a
//! [`SecretSource`] reads it.

mod environment;
mod file;
mod leaf;
mod reference;
mod rotations;
mod source;
mod sources;

pub use environment::EnvironmentSecrets;
pub use file::FileSecrets;
pub(crate) use leaf::SecretLeaf;
pub(crate) use reference::{Reference, ReferenceKey};
pub(crate) use rotations::Rotations;
pub use source::{SecretError, SecretFuture, SecretSource};
pub(crate) use sources::SecretSources;
