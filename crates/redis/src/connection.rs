mod replacement;
mod request;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use parking_lot::Mutex;
use redis::{Cmd, ErrorKind, FromRedisValue, RedisResult, Script, Value};
use seaworthy_core::{Secret, Timeout};
use tokio::{
    sync::{self, Semaphore},
    time::{self, Instant},
};

use crate::{
    config::RedisConfig,
    connector::{Connector, OpenConnection},
    error::RedisError,
};
use replacement::{follow_password, watch};
use request::{Bounded, Request};

/// The time limit of a connection attempt, in multiples of the timeout. Under Sentinel and in a
/// cluster an attempt has several steps, each of which may take as long as a call. The attempt
/// continues after its caller has timed out.
const CONNECT_STEPS: u32 = 10;

/// Maximum failures in a row on the connection to a cluster before it is replaced. While other
/// nodes respond, the connection reconnects to a failed node automatically.
const MAX_CLUSTER_FAILURES: u32 = 50;

/// A connection to Redis for concurrent calls. Cheap to clone. All clones share one connection.
///
/// It implements [`ConnectionLike`](redis::aio::ConnectionLike) of the crate `redis`, so that
/// scripts and pipelines of that crate run on it. [`request`](Self::request) and
/// [`invoke`](Self::invoke) return the errors of this crate.
///
/// ```no_run
/// use seaworthy_redis::{Redis, RedisConfig};
///
/// # async fn example(config: &RedisConfig) -> Result<(), seaworthy_redis::RedisError> {
/// let redis = Redis::new(config)?;
/// let visits: u64 = redis.request(redis::cmd("INCR").arg("visits")).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    connector: Mutex<CurrentConnector>,
    config: RedisConfig,
    /// The connection and its number, so that only the first of several failed calls closes it.
    open: Mutex<(u64, Option<OpenConnection>)>,
    /// Consecutive failures of the connection to a cluster.
    cluster_failures: AtomicU32,
    /// Held by the task that connects.
    connecting: Arc<sync::Mutex<()>>,
    /// The permits of concurrent commands, if their number is limited.
    commands: Option<Semaphore>,
}

/// Opens connections with the password that was the newest when it was created.
struct CurrentConnector {
    connector: Arc<Connector>,
    password: Option<Secret<String>>,
}

impl CurrentConnector {
    fn new(config: &RedisConfig) -> RedisResult<Self> {
        let password = config.password.as_ref().map(Secret::current);
        let config = RedisConfig {
            password: password.clone(),
            ..config.clone()
        };
        Ok(Self {
            connector: Arc::new(Connector::new(&config)?),
            password,
        })
    }

    fn has_password(&self, newest: &Secret<String>) -> bool {
        let known = self.password.as_ref().map(Secret::expose);
        known == Some(newest.expose())
    }
}

impl Redis {
    /// Creates a connection with these settings. The first call opens it.
    ///
    /// # Errors
    /// [`RedisError`] if the settings are invalid.
    pub fn new(config: &RedisConfig) -> Result<Self, RedisError> {
        Ok(Self(Arc::new(Inner {
            connector: Mutex::new(CurrentConnector::new(config)?),
            config: config.clone(),
            open: Mutex::new((0, None)),
            cluster_failures: AtomicU32::new(0),
            connecting: Arc::default(),
            commands: max_commands(config).map(Semaphore::new),
        })))
    }

    /// Creates another connection to the same Redis with another timeout, for commands that block,
    /// such as `XREADGROUP … BLOCK`.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn with_timeout(&self, timeout: Timeout) -> Result<Self, RedisError> {
        Self::new(&RedisConfig {
            timeout,
            ..self.0.config.clone()
        })
    }

    /// Returns the settings of the connection.
    #[must_use]
    pub fn config(&self) -> &RedisConfig {
        &self.0.config
    }

    /// Sends a command and returns its reply, within the timeout.
    ///
    /// # Errors
    /// [`RedisError`].
    pub async fn request<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, RedisError> {
        command
            .query_async(&mut self.clone())
            .await
            .map_err(RedisError::from)
    }

    /// Runs a script, which Redis stores by its hash. The timeout covers all steps, including the
    /// loading of the script.
    ///
    /// # Errors
    /// [`RedisError`].
    pub async fn invoke<T: FromRedisValue>(
        &self,
        script: &Script,
        keys: &[&str],
        arguments: &[&[u8]],
    ) -> Result<T, RedisError> {
        let mut invocation = script.prepare_invoke();
        for key in keys {
            invocation.key(*key);
        }
        for argument in arguments {
            invocation.arg(*argument);
        }
        invocation
            .invoke_async(&mut Bounded {
                redis: self.clone(),
                deadline: self.deadline(),
            })
            .await
            .map_err(RedisError::from)
    }

    /// Checks that Redis responds.
    ///
    /// # Errors
    /// [`RedisError`] if it does not.
    pub async fn check(&self) -> Result<(), RedisError> {
        self.request::<Value>(&redis::cmd("PING")).await.map(drop)
    }

    /// Returns the deadline of a request that starts at this moment.
    fn deadline(&self) -> Instant {
        Instant::now() + self.0.config.timeout.get()
    }

    /// Connects if necessary and sends a request, both until the deadline. Closes a broken
    /// connection, so that the next request opens a new one.
    async fn bounded(&self, deadline: Instant, request: Request<'_>) -> RedisResult<Vec<Value>> {
        let _permit = match &self.0.commands {
            Some(commands) => match time::timeout_at(deadline, commands.acquire()).await {
                Ok(Ok(permit)) => Some(permit),
                _ => return Err(timed_out()),
            },
            None => None,
        };
        let (number, mut open) = match time::timeout_at(deadline, self.open()).await {
            Ok(opened) => opened?,
            Err(_elapsed) => return Err(timed_out()),
        };
        let sent = Instant::now();
        match time::timeout_at(deadline, request.send(&mut open)).await {
            Ok(answer) => {
                if self.is_broken(&open, answer.as_ref().err()) {
                    self.0.close(number);
                }
                answer
            }
            Err(_elapsed) => {
                // Keep the connection if the server had less than half of the timeout to reply.
                let had_all = sent.elapsed() >= self.0.config.timeout.get() / 2;
                let error = timed_out();
                if had_all && self.is_broken(&open, Some(&error)) {
                    self.0.close(number);
                }
                Err(error)
            }
        }
    }

    /// Whether a connection is unusable after a reply.
    fn is_broken(&self, open: &OpenConnection, error: Option<&redis::RedisError>) -> bool {
        let failed = error.is_some_and(breaks_connection);
        match open {
            OpenConnection::Server(_) => failed,
            OpenConnection::Cluster(_) if failed => {
                let failures = self.0.cluster_failures.fetch_add(1, Ordering::Relaxed);
                failures >= MAX_CLUSTER_FAILURES
            }
            OpenConnection::Cluster(_) => {
                self.0.cluster_failures.store(0, Ordering::Relaxed);
                false
            }
        }
    }

    async fn command(&self, deadline: Instant, command: &Cmd) -> RedisResult<Value> {
        let mut answers = self.bounded(deadline, Request::Command(command)).await?;
        Ok(answers.pop().unwrap_or(Value::Nil))
    }

    async fn open(&self) -> RedisResult<(u64, OpenConnection)> {
        if let Some(open) = self.current() {
            return Ok(open);
        }
        // Concurrent callers wait for the caller that connects.
        let connecting = Arc::clone(&self.0.connecting).lock_owned().await;
        if let Some(open) = self.current() {
            return Ok(open);
        }
        // The attempt continues after its caller has timed out, so that later callers use its
        // result.
        let redis = self.clone();
        let connected = tokio::spawn(async move {
            let opened = redis.connect().await;
            drop(connecting);
            opened
        });
        connected.await.unwrap_or_else(|_panicked| Err(timed_out()))
    }

    fn current(&self) -> Option<(u64, OpenConnection)> {
        let open = self.0.open.lock();
        open.1.clone().map(|connection| (open.0, connection))
    }

    async fn connect(&self) -> RedisResult<(u64, OpenConnection)> {
        let within = self.0.config.timeout.get().saturating_mul(CONNECT_STEPS);
        // Read the version first: if the password rotates while connecting, reconnect.
        let version = self.0.password_version();
        let connector = self.0.connector()?;
        let (connection, master) = time::timeout(within, connector.open())
            .await
            .unwrap_or_else(|_elapsed| Err(timed_out()))?;
        self.0.cluster_failures.store(0, Ordering::Relaxed);
        let number = {
            let mut open = self.0.open.lock();
            open.0 += 1;
            open.1 = Some(connection.clone());
            open.0
        };
        if let (Connector::Sentinel(sentinels), Some(master)) = (&*connector, master) {
            let watch = watch(
                Arc::downgrade(&self.0),
                number,
                Arc::clone(sentinels),
                master,
            );
            tokio::spawn(watch);
        }
        if self.0.config.password.is_some() {
            tokio::spawn(follow_password(Arc::downgrade(&self.0), number, version));
        }
        Ok((number, connection))
    }
}

impl Inner {
    /// Returns the connector with the newest password (CONF-5).
    fn connector(&self) -> RedisResult<Arc<Connector>> {
        let mut current = self.connector.lock();
        if let Some(password) = &self.config.password
            && !current.has_password(&password.current())
        {
            *current = CurrentConnector::new(&self.config)?;
        }
        Ok(Arc::clone(&current.connector))
    }

    /// Returns the version of the newest password.
    fn password_version(&self) -> u64 {
        self.config.password.as_ref().map_or(0, Secret::version)
    }

    /// Closes the connection of this number, unless a later one is open.
    fn close(&self, number: u64) {
        let mut open = self.open.lock();
        if open.0 == number {
            open.1 = None;
        }
    }

    fn is_open(&self, number: u64) -> bool {
        let open = self.open.lock();
        open.0 == number && open.1.is_some()
    }
}

/// Returns the maximum number of commands at the same time, if there is one.
fn max_commands(config: &RedisConfig) -> Option<usize> {
    let wanted = usize::try_from(config.url.max_commands()?.get()).ok()?;
    Some(wanted.min(Semaphore::MAX_PERMITS))
}

fn timed_out() -> redis::RedisError {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}

/// Whether the connection is unusable after an error. Timeouts count, because the server may be a
/// replaced master. The errors of a replica count too.
fn breaks_connection(error: &redis::RedisError) -> bool {
    error.is_io_error()
        || error.is_timeout()
        || error.is_connection_dropped()
        || error.is_unrecoverable_error()
        || matches!(error.kind(), ErrorKind::ClusterConnectionNotFound)
        || matches!(error.code(), Some("READONLY" | "LOADING" | "MASTERDOWN"))
}

impl fmt::Debug for Redis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Redis")
            .field("url", &self.0.config.url)
            .finish_non_exhaustive()
    }
}
