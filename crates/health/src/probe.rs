use std::{fmt, future::Future, pin::Pin, sync::Arc};

/// Why a check failed. The text is shown on the admin listener and in logs, never to the public.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CheckFailure(String);

impl CheckFailure {
    /// A failure with its explanation.
    pub fn new(explanation: impl Into<String>) -> Self {
        Self(explanation.into())
    }
}

type CheckFuture = Pin<Box<dyn Future<Output = Result<(), CheckFailure>> + Send>>;

#[derive(Clone)]
pub(crate) enum Examine {
    /// Asks a dependency, in the background.
    Ask(Arc<dyn Fn() -> CheckFuture + Send + Sync>),
    /// Looks at a state that the process keeps anyway, when the report is made.
    Look(Arc<dyn Fn() -> Result<(), CheckFailure> + Send + Sync>),
}

/// One thing whose health the service watches.
#[derive(Clone)]
pub struct Probe {
    pub(crate) name: Arc<str>,
    pub(crate) critical: bool,
    pub(crate) examine: Examine,
}

impl Probe {
    /// A check without which the service cannot work: its failure turns readiness off.
    pub fn critical<F, R>(name: impl Into<Arc<str>>, check: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), CheckFailure>> + Send + 'static,
    {
        Self {
            name: name.into(),
            critical: true,
            examine: Examine::Ask(Arc::new(move || Box::pin(check()))),
        }
    }

    /// A check whose failure only degrades the service.
    pub fn optional<F, R>(name: impl Into<Arc<str>>, check: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), CheckFailure>> + Send + 'static,
    {
        Self {
            critical: false,
            ..Self::critical(name, check)
        }
    }

    /// A check that only looks at a state in memory, such as a worker's last run (HLTH-4). It must not block.
    pub fn observed<F>(name: impl Into<Arc<str>>, critical: bool, look: F) -> Self
    where
        F: Fn() -> Result<(), CheckFailure> + Send + Sync + 'static,
    {
        Self {
            name: name.into(),
            critical,
            examine: Examine::Look(Arc::new(look)),
        }
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Probe")
            .field("name", &self.name)
            .field("critical", &self.critical)
            .finish_non_exhaustive()
    }
}
