use std::{
    fmt,
    sync::{
        Arc, Weak,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use redis::{
    Cmd, ErrorKind, FromRedisValue, Pipeline, RedisFuture, RedisResult, Script, Value,
    aio::ConnectionLike,
};
use seaworthy_core::Timeout;
use tokio::{
    sync,
    time::{self, Instant},
};

use crate::{
    config::RedisConfig,
    error::RedisError,
    link::{Link, Open},
    sentinel::{Master, Sentinels},
};

/// Connecting takes several steps under Sentinel and in a cluster, each of which may take as long as an answer: whoever asks waits for one of them, and what was
/// begun goes on for this many.
const STEPS: u32 = 10;

/// How often the Sentinels are asked whether the connected server is still the master. A replaced
/// master may still answer, and all writes to it are lost.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// The connection of a cluster repairs the links to its nodes by itself, while other nodes answer.
/// After this many failures in a row it is replaced.
const MAX_CLUSTER_FAILURES: u32 = 50;

/// A Redis. Cheap to clone; all clones share one connection, over which many ask at once.
///
/// It is a [`ConnectionLike`] of the crate `redis`, so that scripts and pipelines of that crate run on it; [`ask`](Self::ask) and [`invoke`](Self::invoke) do the same with this crate's errors.
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    link: Link,
    config: RedisConfig,
    /// The connection with its number, so that of all who see it break only the first lets go of it.
    open: Mutex<(u64, Option<Open>)>,
    /// Failures in a row of the connection to a cluster.
    cluster_failures: AtomicU32,
    /// Held by the one that connects.
    connecting: Arc<sync::Mutex<()>>,
}

impl Redis {
    /// A Redis by its settings. It does not connect yet.
    ///
    /// # Errors
    /// [`RedisError`] where the settings cannot be a Redis.
    pub fn new(config: &RedisConfig) -> Result<Self, RedisError> {
        Ok(Self(Arc::new(Inner {
            link: Link::new(config)?,
            config: config.clone(),
            open: Mutex::new((0, None)),
            cluster_failures: AtomicU32::new(0),
            connecting: Arc::default(),
        })))
    }

    /// Another connection to the same Redis whose answers may take as long as `timeout`, for commands that wait, such as `XREADGROUP … BLOCK`.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn patient(&self, timeout: Timeout) -> Result<Self, RedisError> {
        Self::new(&RedisConfig {
            timeout,
            ..self.0.config.clone()
        })
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &RedisConfig {
        &self.0.config
    }

    /// Sends a command and reads its answer, within the timeout.
    ///
    /// # Errors
    /// [`RedisError`].
    pub async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, RedisError> {
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

    /// Asks whether it is there.
    ///
    /// # Errors
    /// [`RedisError`] where it is not.
    pub async fn check(&self) -> Result<(), RedisError> {
        self.ask::<Value>(&redis::cmd("PING")).await.map(drop)
    }

    /// Returns the deadline of a request that starts at this moment.
    fn deadline(&self) -> Instant {
        Instant::now() + self.0.config.timeout.get()
    }

    /// Connects if necessary and sends a request, both until the deadline. Closes a broken
    /// connection, so that the next request opens a new one.
    async fn bounded(&self, deadline: Instant, question: Question<'_>) -> RedisResult<Vec<Value>> {
        let (number, mut open) = match time::timeout_at(deadline, self.open()).await {
            Ok(opened) => opened?,
            Err(_elapsed) => return Err(late()),
        };
        let asked = Instant::now();
        match time::timeout_at(deadline, question.ask(&mut open)).await {
            Ok(answer) => {
                if self.is_over(&open, answer.as_ref().err()) {
                    self.let_go(number);
                }
                answer
            }
            Err(_elapsed) => {
                // A server that had less than the full time for its answer keeps its connection.
                let had_all = asked.elapsed() >= self.0.config.timeout.get() / 2;
                let error = late();
                if had_all && self.is_over(&open, Some(&error)) {
                    self.let_go(number);
                }
                Err(error)
            }
        }
    }

    /// Whether a connection is unusable after an answer.
    fn is_over(&self, open: &Open, error: Option<&redis::RedisError>) -> bool {
        let failed = error.is_some_and(broke);
        match open {
            Open::Server(_) => failed,
            Open::Cluster(_) if failed => {
                let failures = self.0.cluster_failures.fetch_add(1, Ordering::Relaxed);
                failures >= MAX_CLUSTER_FAILURES
            }
            Open::Cluster(_) => {
                self.0.cluster_failures.store(0, Ordering::Relaxed);
                false
            }
        }
    }

    async fn command(&self, deadline: Instant, command: &Cmd) -> RedisResult<Value> {
        let mut answers = self.bounded(deadline, Question::Command(command)).await?;
        Ok(answers.pop().unwrap_or(Value::Nil))
    }

    async fn open(&self) -> RedisResult<(u64, Open)> {
        if let Some(open) = self.is_open() {
            return Ok(open);
        }
        // All who find no connection wait for the one that makes it.
        let connecting = Arc::clone(&self.0.connecting).lock_owned().await;
        if let Some(open) = self.is_open() {
            return Ok(open);
        }
        // Whoever began it may give up before it is made; the next one finds it then, and does not begin anew in vain.
        let redis = self.clone();
        let making = tokio::spawn(async move {
            let opened = redis.connect().await;
            drop(connecting);
            opened
        });
        making.await.unwrap_or_else(|_ended| Err(late()))
    }

    fn is_open(&self) -> Option<(u64, Open)> {
        let open = self.0.open.lock();
        open.1.clone().map(|connection| (open.0, connection))
    }

    async fn connect(&self) -> RedisResult<(u64, Open)> {
        let within = self.0.config.timeout.get().saturating_mul(STEPS);
        let (connection, master) = time::timeout(within, self.0.link.open())
            .await
            .unwrap_or_else(|_elapsed| Err(late()))?;
        self.0.cluster_failures.store(0, Ordering::Relaxed);
        let number = {
            let mut open = self.0.open.lock();
            open.0 += 1;
            open.1 = Some(connection.clone());
            open.0
        };
        if let (Link::Sentinel(sentinels), Some(master)) = (&self.0.link, master) {
            let watch = watch(
                Arc::downgrade(&self.0),
                number,
                Arc::clone(sentinels),
                master,
            );
            tokio::spawn(watch);
        }
        Ok((number, connection))
    }

    fn let_go(&self, number: u64) {
        self.0.let_go(number);
    }
}

impl Inner {
    fn let_go(&self, number: u64) {
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

/// Closes a connection when the Sentinels name another master than its own. Ends with the
/// connection.
async fn watch(redis: Weak<Inner>, number: u64, sentinels: Arc<Sentinels>, master: Master) {
    loop {
        time::sleep(POLL_INTERVAL).await;
        if !redis.upgrade().is_some_and(|redis| redis.is_open(number)) {
            return;
        }
        // If no Sentinel answers, the connection stays.
        let Ok(named) = sentinels.master().await else {
            continue;
        };
        if named.replaces(&master) {
            tracing::warn!("Redis has another master, so the connection is replaced");
            if let Some(redis) = redis.upgrade() {
                redis.let_go(number);
            }
            return;
        }
    }
}

fn late() -> redis::RedisError {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}

/// Whether the connection is of no more use. A timeout counts: the server behind it may be one that was replaced; so does a server that became a replica.
fn broke(error: &redis::RedisError) -> bool {
    error.is_io_error()
        || error.is_timeout()
        || error.is_connection_dropped()
        || error.is_unrecoverable_error()
        || matches!(error.kind(), ErrorKind::ClusterConnectionNotFound)
        || matches!(error.code(), Some("READONLY" | "LOADING" | "MASTERDOWN"))
}

/// What is asked.
enum Question<'a> {
    Command(&'a Cmd),
    Pipeline(&'a Pipeline, usize, usize),
}

impl Question<'_> {
    async fn ask(&self, open: &mut Open) -> RedisResult<Vec<Value>> {
        match (self, open) {
            (Self::Command(command), Open::Server(connection)) => {
                Ok(vec![connection.req_packed_command(command).await?])
            }
            (Self::Command(command), Open::Cluster(connection)) => {
                Ok(vec![connection.req_packed_command(command).await?])
            }
            (Self::Pipeline(pipeline, offset, count), Open::Server(connection)) => {
                connection
                    .req_packed_commands(pipeline, *offset, *count)
                    .await
            }
            (Self::Pipeline(pipeline, offset, count), Open::Cluster(connection)) => {
                connection
                    .req_packed_commands(pipeline, *offset, *count)
                    .await
            }
        }
    }
}

/// A Redis with one deadline for several commands.
struct Bounded {
    redis: Redis,
    deadline: Instant,
}

impl ConnectionLike for Bounded {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(self.redis.command(self.deadline, command))
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        let question = Question::Pipeline(pipeline, offset, count);
        Box::pin(self.redis.bounded(self.deadline, question))
    }

    fn get_db(&self) -> i64 {
        self.redis.get_db()
    }
}

impl ConnectionLike for Redis {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(self.command(self.deadline(), command))
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        let question = Question::Pipeline(pipeline, offset, count);
        Box::pin(self.bounded(self.deadline(), question))
    }

    fn get_db(&self) -> i64 {
        self.0.config.url.database()
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Redis")
            .field("url", &self.0.config.url)
            .finish_non_exhaustive()
    }
}
