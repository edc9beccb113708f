use std::{future::Future, path::PathBuf, pin::Pin};

use seaworthy_core::Secret;

/// The future that [`SecretSource::read`] returns.
pub type SecretFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Secret<String>, SecretError>> + Send + 'a>>;

/// A place where secrets lie, addressed by a scheme: `env:NAME`, `file:/run/secrets/name`, `vault:path#key`.
pub trait SecretSource: Send + Sync {
    /// The word before the colon.
    fn scheme(&self) -> &str;

    /// Fetches a secret anew. `locator` is what stands behind the colon.
    ///
    /// # Errors
    /// [`SecretError`], which says what is wrong and never holds the secret.
    fn read<'a>(&'a self, locator: &'a str) -> SecretFuture<'a>;

    /// The file whose change means that the secret has changed, where there is one: the watcher looks at its directory.
    fn file(&self, _locator: &str) -> Option<PathBuf> {
        None
    }
}

/// A secret cannot be fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SecretError(String);

impl SecretError {
    /// An error that says what is wrong, never what the secret is.
    pub fn new(problem: impl Into<String>) -> Self {
        Self(problem.into())
    }
}
