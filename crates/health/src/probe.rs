use std::{fmt, future::Future, pin::Pin, sync::Arc};

/// The reason for a failed check. Only the admin listener and logs contain the text.
///
/// ```
/// use seaworthy_health::CheckFailure;
///
/// let failure = CheckFailure::new("the queue has 10,000 messages");
/// assert_eq!(failure.to_string(), "the queue has 10,000 messages");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CheckFailure(String);

impl CheckFailure {
    /// Creates a failure.
    pub fn new(explanation: impl Into<String>) -> Self {
        Self(explanation.into())
    }
}

type CheckFuture = Pin<Box<dyn Future<Output = Result<(), CheckFailure>> + Send>>;

#[derive(Clone)]
pub(crate) enum Source {
    /// A check that runs in the background.
    Polled(Arc<dyn Fn() -> CheckFuture + Send + Sync>),
    /// A check that reads state in memory when a report is created.
    Observed(Arc<dyn Fn() -> Result<(), CheckFailure> + Send + Sync>),
}

/// A health check and its name.
///
/// ```
/// use seaworthy_health::{CheckFailure, Health, HealthConfig, Probe, Readiness};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let health = Health::new(HealthConfig::default());
/// health.register(Probe::critical("database", || async { Ok(()) }));
/// health.register(Probe::optional("search", || async {
///     Err(CheckFailure::new("the index cannot be reached"))
/// }));
/// health.set_started();
/// health.refresh_once().await;
/// assert_ne!(health.readiness(), Readiness::NotReady, "an optional check does not decide");
/// # });
/// ```
#[derive(Clone)]
pub struct Probe {
    pub(crate) name: Arc<str>,
    pub(crate) critical: bool,
    pub(crate) source: Source,
}

impl Probe {
    /// Creates a critical check, whose failure makes the service unready.
    pub fn critical<F, R>(name: impl Into<Arc<str>>, check: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), CheckFailure>> + Send + 'static,
    {
        Self {
            name: name.into(),
            critical: true,
            source: Source::Polled(Arc::new(move || Box::pin(check()))),
        }
    }

    /// Creates an optional check, whose failure degrades the service.
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

    /// Creates a check that reads state in memory, such as the last run of a worker (HLTH-4). It
    /// must not block.
    pub fn from_fn<F>(name: impl Into<Arc<str>>, critical: bool, observe: F) -> Self
    where
        F: Fn() -> Result<(), CheckFailure> + Send + Sync + 'static,
    {
        Self {
            name: name.into(),
            critical,
            source: Source::Observed(Arc::new(observe)),
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
