use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use seaworthy_core::{Code, Error};

/// A dependency without which the service stays ready (LIFE-7). Cheap to clone.
///
/// The service connects it in the background. Until then every use fails immediately with
/// [`NotConnected`], and readiness reports `degraded`.
pub struct Optional<T> {
    name: Arc<str>,
    value: Arc<OnceLock<T>>,
}

/// The error of a use of an optional dependency that is not connected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not connected")]
pub struct NotConnected(Arc<str>);

impl From<NotConnected> for Error {
    fn from(error: NotConnected) -> Self {
        Self::new(
            Code::Unavailable,
            "DEPENDENCY_UNAVAILABLE",
            "a part of the service is not available: try again later",
        )
        .with_cause(error)
    }
}

impl<T> Optional<T> {
    pub(crate) fn new(name: Arc<str>) -> Self {
        Self {
            name,
            value: Arc::new(OnceLock::new()),
        }
    }

    pub(crate) fn set(&self, value: T) {
        let _ = self.value.set(value);
    }

    /// Returns the dependency. Never waits.
    ///
    /// # Errors
    /// [`NotConnected`] until the first connection succeeds.
    pub fn get(&self) -> Result<&T, NotConnected> {
        self.value
            .get()
            .ok_or_else(|| NotConnected(Arc::clone(&self.name)))
    }
}

impl<T> Clone for Optional<T> {
    fn clone(&self) -> Self {
        Self {
            name: Arc::clone(&self.name),
            value: Arc::clone(&self.value),
        }
    }
}

impl<T> fmt::Debug for Optional<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let connected = self.value.get().is_some();
        formatter
            .debug_struct("Optional")
            .field("name", &self.name)
            .field("connected", &connected)
            .finish()
    }
}
