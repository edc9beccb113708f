use std::{future::Future, path::PathBuf, pin::Pin};

use seaworthy_core::Secret;

/// The future that [`SecretSource::read`] returns.
pub type SecretFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Secret<String>, SecretError>> + Send + 'a>>;

/// A source of secrets with a scheme, such as `vault` for `vault:mount/path#key`.
pub trait SecretSource: Send + Sync {
    /// The scheme of its references, without the colon.
    fn scheme(&self) -> &str;

    /// Reads a secret, without a cache. `locator` is the part of the reference after the colon.
    ///
    /// # Errors
    /// [`SecretError`] without the secret.
    fn read<'a>(&'a self, locator: &'a str) -> SecretFuture<'a>;

    /// Returns the file of the secret, if it has one. Its change causes a reload.
    fn file(&self, _locator: &str) -> Option<PathBuf> {
        None
    }
}

/// A secret that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SecretError(String);

impl SecretError {
    /// An error with a message that does not contain the secret.
    pub fn new(problem: impl Into<String>) -> Self {
        Self(problem.into())
    }
}
