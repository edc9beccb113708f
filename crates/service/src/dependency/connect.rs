use std::{error::Error as StdError, fmt, future::Future, sync::Arc, time::Duration};

use futures::{FutureExt as _, future::BoxFuture};
use seaworthy_core::Timeout;
use seaworthy_health::{CheckFailure, Health};
use tokio::{
    net::TcpStream,
    time::{self, Instant},
};

use super::config::ConnectConfig;

/// Something outside that a service connects to at start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    name: Arc<str>,
    address: Option<Arc<str>>,
    watched: bool,
}

impl Dependency {
    /// A dependency by the name that logs, probes and errors use.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self {
            name: name.into(),
            address: None,
            watched: false,
        }
    }

    /// Its TCP address as `host:port`, so that its return is noticed between two attempts.
    #[must_use]
    pub fn at(mut self, address: impl Into<Arc<str>>) -> Self {
        self.address = Some(address.into());
        self
    }

    /// Asks the address by a bare TCP connection every `health.interval`, so that readiness tells when it is gone (HLTH-2). A server that counts connections
    /// without a word of its protocol against their sender, as MySQL does, is better watched by a check that speaks to it.
    #[must_use]
    pub fn watched(mut self) -> Self {
        self.watched = true;
        self
    }

    /// What readiness asks of it from now on.
    pub(crate) fn probe(
        &self,
    ) -> Option<impl Fn() -> BoxFuture<'static, Result<(), CheckFailure>> + Send + Sync + 'static>
    {
        if !self.watched {
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

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    async fn answers(&self, within: Timeout) -> bool {
        let Some(address) = &self.address else {
            return false;
        };
        matches!(
            time::timeout(within.get(), TcpStream::connect(&**address)).await,
            Ok(Ok(_))
        )
    }
}

impl<T: Into<Arc<str>>> From<T> for Dependency {
    fn from(name: T) -> Self {
        Self::new(name)
    }
}

/// A dependency could not be connected within the limit.
#[derive(Debug)]
pub struct ConnectError {
    name: Arc<str>,
    attempts: u32,
    waited: Duration,
    last: Failure,
}

#[derive(Debug)]
enum Failure {
    Refused(Box<dyn StdError + Send + Sync>),
    Silent(Duration),
}

impl fmt::Display for ConnectError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            attempts,
            waited,
            last,
        } = self;
        write!(
            formatter,
            "{name} could not be connected within {:.1} s ({attempts} attempts)",
            waited.as_secs_f64()
        )?;
        match last {
            Failure::Refused(_) => Ok(()),
            Failure::Silent(limit) => {
                write!(formatter, ": the last one had no answer within {limit:?}")
            }
        }
    }
}

impl StdError for ConnectError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.last {
            Failure::Refused(error) => Some(&**error),
            Failure::Silent(_) => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => fmt::Display::fmt(error, formatter),
            Self::Silent(limit) => write!(formatter, "no answer within {limit:?}"),
        }
    }
}

/// Tries until it succeeds, or until `total` has passed where there is a total. `health` says meanwhile what is waited for.
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
    let begun = Instant::now();
    let end = total.map(|total| begun + total.get());
    let backoff = config.backoff();
    let mut attempts = 0;
    let mut answering = false;
    loop {
        let limit = end.map_or(config.attempt.get(), |end| {
            config.attempt.get().min(end - Instant::now())
        });
        let failure = match time::timeout(limit, attempt()).await {
            Ok(Ok(connected)) => {
                tracing::info!(
                    dependency = &*dependency.name,
                    attempts = attempts + 1,
                    "connected"
                );
                return Ok(connected);
            }
            Ok(Err(error)) => Failure::Refused(error.into()),
            Err(_elapsed) => Failure::Silent(limit),
        };
        let pause = backoff.delay(attempts);
        attempts += 1;
        let next = Instant::now() + pause;
        let next = end.map_or(next, |end| next.min(end));
        let problem = failure.to_string();
        tracing::warn!(
            dependency = &*dependency.name,
            attempts,
            problem,
            ?pause,
            "waiting for a dependency"
        );
        answering = rest(dependency, config.knock, next, answering).await;
        if end.is_some_and(|end| Instant::now() >= end) {
            return Err(ConnectError {
                name: Arc::clone(&dependency.name),
                attempts,
                waited: begun.elapsed(),
                last: failure,
            });
        }
    }
}

/// Waits until `next`, or until an address that was silent answers. Returns whether the address answered last: an attempt that fails although
/// it answered is not repeated early.
async fn rest(dependency: &Dependency, knock: Timeout, next: Instant, mut answering: bool) -> bool {
    if dependency.address.is_none() {
        time::sleep_until(next).await;
        return false;
    }
    while Instant::now() < next {
        time::sleep_until(next.min(Instant::now() + knock.get())).await;
        let answers = dependency.answers(knock).await;
        if answers && !answering {
            return true;
        }
        answering = answers;
    }
    answering
}
