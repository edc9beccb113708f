use std::{error::Error as StdError, fmt, future::Future, sync::Arc, time::Duration};

use futures::{FutureExt as _, future::BoxFuture};
use seaworthy_core::Timeout;
use seaworthy_health::{CheckFailure, Health};
use tokio::{
    net::TcpStream,
    time::{self, Instant},
};

use super::config::ConnectConfig;

/// A server that the service connects to when it starts.
///
/// ```
/// use seaworthy_service::Dependency;
///
/// let dependency = Dependency::new("ledger").with_address("ledger.example.org:5000");
/// assert_eq!(dependency.name(), "ledger");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    name: Arc<str>,
    address: Option<Arc<str>>,
    has_health_check: bool,
}

impl Dependency {
    /// Creates a dependency with its name in logs, probes and errors.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self {
            name: name.into(),
            address: None,
            has_health_check: false,
        }
    }

    /// Sets the TCP address as `host:port`, which the start probes between two attempts.
    #[must_use]
    pub fn with_address(mut self, address: impl Into<Arc<str>>) -> Self {
        self.address = Some(address.into());
        self
    }

    /// Opens a TCP connection to the address every `health.interval`, so that readiness shows when
    /// the server is unreachable (HLTH-2). MySQL (`max_connect_errors`) and some other servers
    /// block clients that connect without using their protocol. For these servers register a health
    /// check that uses the protocol.
    #[must_use]
    pub fn with_health_check(mut self) -> Self {
        self.has_health_check = true;
        self
    }

    /// Returns its health check.
    pub(crate) fn probe(
        &self,
    ) -> Option<impl Fn() -> BoxFuture<'static, Result<(), CheckFailure>> + Send + Sync + 'static>
    {
        if !self.has_health_check {
            return None;
        }
        let address = self.address.clone()?;
        Some(move || {
            let address = Arc::clone(&address);
            async move {
                let connected = TcpStream::connect(&*address).await;
                connected
                    .map(drop)
                    .map_err(|error| CheckFailure::new(error.to_string()))
            }
            .boxed()
        })
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns whether the address accepts a connection within the timeout.
    async fn accepts_connection(&self, timeout: Timeout) -> bool {
        let Some(address) = &self.address else {
            return false;
        };
        matches!(
            time::timeout(timeout.get(), TcpStream::connect(&**address)).await,
            Ok(Ok(_))
        )
    }
}

impl<T: Into<Arc<str>>> From<T> for Dependency {
    fn from(name: T) -> Self {
        Self::new(name)
    }
}

/// The error of a dependency that could not be connected in time.
#[derive(Debug)]
pub struct ConnectError {
    name: Arc<str>,
    attempts: u32,
    elapsed: Duration,
    last: AttemptFailure,
}

#[derive(Debug)]
enum AttemptFailure {
    Failed(Box<dyn StdError + Send + Sync>),
    TimedOut(Duration),
}

impl fmt::Display for ConnectError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            attempts,
            elapsed,
            last,
        } = self;
        write!(
            formatter,
            "{name} did not accept a connection within {:.1} s ({attempts} attempts)",
            elapsed.as_secs_f64()
        )?;
        match last {
            AttemptFailure::Failed(_) => Ok(()),
            AttemptFailure::TimedOut(limit) => {
                write!(formatter, ": the last attempt timed out after {limit:?}")
            }
        }
    }
}

impl StdError for ConnectError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.last {
            AttemptFailure::Failed(error) => Some(&**error),
            AttemptFailure::TimedOut(_) => None,
        }
    }
}

impl fmt::Display for AttemptFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => fmt::Display::fmt(error, formatter),
            Self::TimedOut(limit) => write!(formatter, "the attempt timed out after {limit:?}"),
        }
    }
}

/// Connects a dependency. Retries until an attempt succeeds, or until `total` has passed. Until
/// then `health` shows that the service waits for the dependency.
pub(crate) async fn connect<T, E, A, F>(
    dependency: &Dependency,
    config: &ConnectConfig,
    total: Option<Timeout>,
    health: Option<&Health>,
    attempt: A,
) -> Result<T, ConnectError>
where
    A: Fn() -> F,
    F: Future<Output = Result<T, E>>,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    let _waiting = health.map(|health| health.waiting_for(Arc::clone(&dependency.name)));
    let started = Instant::now();
    let deadline = total.map(|total| started + total.get());
    let backoff = config.backoff();
    let mut attempts = 0;
    let mut is_reachable = false;
    loop {
        let timeout = config.attempt_timeout.get();
        let timeout = deadline.map_or(timeout, |deadline| timeout.min(deadline - Instant::now()));
        let failure = match time::timeout(timeout, attempt()).await {
            Ok(Ok(connected)) => {
                tracing::info!(
                    dependency = &*dependency.name,
                    attempts = attempts + 1,
                    "connected"
                );
                return Ok(connected);
            }
            Ok(Err(error)) => AttemptFailure::Failed(error.into()),
            Err(_elapsed) => AttemptFailure::TimedOut(timeout),
        };
        let delay = backoff.delay(attempts);
        attempts += 1;
        let next = Instant::now() + delay;
        let next = deadline.map_or(next, |deadline| next.min(deadline));
        let problem = failure.to_string();
        tracing::warn!(
            dependency = &*dependency.name,
            attempts,
            problem,
            backoff = ?delay,
            "waiting for a dependency"
        );
        is_reachable = back_off(dependency, config.probe_interval, next, is_reachable).await;
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(ConnectError {
                name: Arc::clone(&dependency.name),
                attempts,
                elapsed: started.elapsed(),
                last: failure,
            });
        }
    }
}

/// Waits until `next`, or until the address becomes reachable. Returns whether the last probe
/// reached it. If an attempt failed although the address was reachable, this waits until `next`.
async fn back_off(
    dependency: &Dependency,
    probe_interval: Timeout,
    next: Instant,
    mut is_reachable: bool,
) -> bool {
    if dependency.address.is_none() {
        time::sleep_until(next).await;
        return false;
    }
    while Instant::now() < next {
        time::sleep_until(next.min(Instant::now() + probe_interval.get())).await;
        let accepts = dependency.accepts_connection(probe_interval).await;
        if accepts && !is_reachable {
            return true;
        }
        is_reachable = accepts;
    }
    is_reachable
}
