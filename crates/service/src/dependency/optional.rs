use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use seaworthy_core::{Code, Error};

/// A dependency that a service can do without for a while (LIFE-7).
///
/// It is connected in the background, for as long as it takes. Until then its use fails at once with a clear error, the service stays ready,
/// and readiness reports `degraded`. Cheap to clone.
pub struct Optional<T> {
    name: Arc<str>,
    value: Arc<OnceLock<T>>,
}

/// An optional dependency is not connected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not available at present")]
pub struct NotConnected(Arc<str>);

impl From<NotConnected> for Error {
    fn from(error: NotConnected) -> Self {
        Self::new(
            Code::Unavailable,
            "DEPENDENCY_UNAVAILABLE",
            "a part of the service is not available at present",
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

    /// The connected dependency. Never waits.
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
