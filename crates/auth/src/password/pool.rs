use std::{
    fmt,
    num::NonZeroU16,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use argon2::Params;
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use parking_lot::Mutex;
use schemars::JsonSchema;
use seaworthy_core::{Code, Error, Secret};
use seaworthy_telemetry::metrics::{Counter, Gauge, Metrics};
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, oneshot};

use super::{
    hash::{PasswordHash, PasswordParameters, SALT_LENGTH, Scheme},
    legacy::LegacyCost,
    reservation::PasswordReservation,
    worker::{Job, Task, TaskResult, Worker},
};

/// The default of `max_queued_hashes`. At 40 ms per hash on one core, the last waits a second.
const DEFAULT_MAX_QUEUED_HASHES: NonZeroU16 = NonZeroU16::new(32).unwrap();
/// Divisor of the queue length for verifications with bcrypt. A bcrypt hash of cost 12 takes about
/// six times as long as an Argon2id hash.
const LEGACY_QUEUE_PART: u16 = 4;
/// The `Retry-After` of a rejection. Half of the queue is processed in this time.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Settings of password hashing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PasswordsConfig {
    /// The cost of new hashes. Hashes with other parameters are replaced at the next login.
    pub parameters: PasswordParameters,
    /// The maximum number of concurrent hashes. The default is half the cores and at least one.
    pub max_concurrent_hashes: Option<NonZeroU16>,
    /// The maximum number of waiting hashes. Further ones get 503.
    pub max_queued_hashes: MaxQueuedHashes,
}

/// The maximum number of waiting hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct MaxQueuedHashes(NonZeroU16);

impl Default for MaxQueuedHashes {
    fn default() -> Self {
        Self(DEFAULT_MAX_QUEUED_HASHES)
    }
}

/// An error that prevents the start of password hashing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordsError {
    /// The parameters are out of range.
    #[error("`parameters` of password hashes are out of range")]
    Parameters,
    /// A thread cannot be started.
    #[error("a thread for hashing cannot be started")]
    Thread(#[from] std::io::Error),
    /// The operating system provides no random bytes.
    #[error("the operating system provides no random bytes")]
    Random,
}

/// The result of a password verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordCheck {
    /// The password is correct. Store `rehash` if it is set: the stored hash has other parameters.
    Valid {
        /// The new hash.
        rehash: Option<PasswordHash>,
    },
    /// The password is wrong, or the account does not exist. Both take the same time.
    Invalid,
}

/// Hashes and verifies passwords on separate threads. Cheap to clone. All clones share the threads.
///
/// ```
/// use seaworthy_auth::password::{PasswordCheck, Passwords, PasswordsConfig};
/// use seaworthy_core::Secret;
/// use seaworthy_telemetry::metrics::Metrics;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let passwords = Passwords::start(&PasswordsConfig::default(), &Metrics::new())?;
/// let stored = passwords.hash(Secret::new("correct horse battery".to_owned())).await?;
/// let given = Secret::new("correct horse battery".to_owned());
/// let check = passwords.verify(given, Some(stored.as_str())).await?;
/// assert_eq!(check, PasswordCheck::Valid { rehash: None });
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Passwords(Arc<Inner>);

struct Inner {
    jobs: mpsc::SyncSender<Job>,
    /// The queue of verifications that compute bcrypt hashes. They have one thread, so that they
    /// neither delay other hashes nor use up the cores.
    legacy_jobs: mpsc::SyncSender<Job>,
    legacy_cost: Arc<LegacyCost>,
    /// One permit for each hash that runs or waits.
    slots: Arc<Semaphore>,
    waiting: Gauge,
    hashed: Counter,
    refused: Counter,
    /// The hash that is compared if the account does not exist. No password matches it.
    absent: PasswordHash,
    params: Params,
}

impl Passwords {
    /// Starts the threads. They end when the last clone is dropped.
    ///
    /// # Errors
    /// [`PasswordsError`] if the threads cannot be started or the parameters are out of range.
    pub fn start(config: &PasswordsConfig, metrics: &Metrics) -> Result<Self, PasswordsError> {
        let params = config
            .parameters
            .params()
            .map_err(|_| PasswordsError::Parameters)?;
        let mut random = [0; SALT_LENGTH];
        SystemRandom::new()
            .fill(&mut random)
            .map_err(|_| PasswordsError::Random)?;
        // Any tag of this length. A match is rejected anyway.
        let absent = PasswordHash::encode(&params, &random, &[0; 32]);
        let slots = usize::from(config.max_queued_hashes.0.get()) + usize::from(threads(config));
        let (jobs, queue) = mpsc::sync_channel(slots);
        let queue = Arc::new(Mutex::new(queue));
        let legacy_slots = config.max_queued_hashes.0.get().div_ceil(LEGACY_QUEUE_PART);
        let (legacy_jobs, legacy_queue) = mpsc::sync_channel(legacy_slots.into());
        let legacy_queue = Mutex::new(legacy_queue);
        let legacy_cost = Arc::new(LegacyCost::default());
        let waiting = metrics.gauge(
            "password_hashing_waiting",
            "Password hashes that run or wait.",
            &[],
        );
        let worker = Worker::new(params.clone(), Arc::clone(&legacy_cost));
        thread::Builder::new()
            .name("password-legacy".to_owned())
            .spawn(move || worker.run(&legacy_queue))?;
        for index in 0..threads(config) {
            // These threads compute no bcrypt hashes.
            let worker = Worker::new(params.clone(), Arc::default());
            let queue = Arc::clone(&queue);
            thread::Builder::new()
                .name(format!("password-{index}"))
                .spawn(move || worker.run(&queue))?;
        }
        Ok(Self(Arc::new(Inner {
            jobs,
            legacy_jobs,
            legacy_cost,
            slots: Arc::new(Semaphore::new(slots)),
            waiting,
            hashed: metrics.counter(
                "password_hashing_total",
                "Password hashes that were computed.",
                &[],
            ),
            refused: metrics.counter(
                "password_hashing_rejected_total",
                "Password hashes that were rejected because too many waited.",
                &[],
            ),
            absent,
            params,
        })))
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// 503 `PASSWORDS_BUSY` with `Retry-After` if too many hashes wait.
    pub async fn hash(&self, password: Secret<String>) -> Result<PasswordHash, Error> {
        self.reserve()?.hash(password).await
    }

    /// Verifies a password against the stored hash of an account. `None`, for an account that does
    /// not exist, takes the same time.
    ///
    /// A malformed hash, or one whose cost is out of range, matches no password. It is logged.
    ///
    /// # Errors
    /// 503 `PASSWORDS_BUSY` with `Retry-After` if too many hashes wait.
    pub async fn verify(
        &self,
        password: Secret<String>,
        stored: Option<&str>,
    ) -> Result<PasswordCheck, Error> {
        self.reserve()?.verify(password, stored).await
    }

    /// Reserves a hash. Call it first in a login, so that a flood of logins is rejected before it
    /// uses the database.
    ///
    /// # Errors
    /// 503 `PASSWORDS_BUSY` with `Retry-After` if too many hashes wait.
    pub fn reserve(&self) -> Result<PasswordReservation, Error> {
        match Arc::clone(&self.0.slots).try_acquire_owned() {
            Ok(slot) => Ok(PasswordReservation::new(self.clone(), slot)),
            Err(_) => Err(self.reject()),
        }
    }

    pub(super) fn absent(&self) -> PasswordHash {
        self.0.absent.clone()
    }

    /// Returns whether a stored hash has the current parameters.
    #[must_use]
    pub fn is_current(&self, stored: &PasswordHash) -> bool {
        match stored.scheme() {
            Ok(Scheme::Argon2id(parts)) => parts.has_params(&self.0.params),
            Ok(Scheme::Bcrypt(_)) | Err(_) => false,
        }
    }

    /// Returns whether a task computes a bcrypt hash: to verify a password by one, or to take as
    /// long as such a verification.
    fn computes_bcrypt(&self, task: &Task) -> bool {
        match task {
            Task::Hash(_) => false,
            Task::Verify { stored, .. } => {
                self.0.legacy_cost.is_recorded() || matches!(stored.scheme(), Ok(Scheme::Bcrypt(_)))
            }
        }
    }

    fn reject(&self) -> Error {
        self.0.refused.increment();
        busy()
    }

    pub(super) async fn submit(&self, task: Task) -> Result<TaskResult, Error> {
        let (response, receiver) = oneshot::channel();
        let job = Job { task, response };
        let guard = self.0.waiting.guard();
        let jobs = if self.computes_bcrypt(&job.task) {
            &self.0.legacy_jobs
        } else {
            // Only cancelled requests can fill it, because a reservation bounds the others.
            &self.0.jobs
        };
        if jobs.try_send(job).is_err() {
            return Err(self.reject());
        }
        let result = receiver.await;
        drop(guard);
        if matches!(result, Ok(Ok(_))) {
            self.0.hashed.increment();
        }
        result.map_err(|_| Error::internal("the thread for hashing ended"))?
    }
}

fn busy() -> Error {
    let message = "too many passwords are being checked: try again in a second";
    Error::new(Code::Unavailable, "PASSWORDS_BUSY", message).with_retry_after(RETRY_AFTER)
}

fn threads(config: &PasswordsConfig) -> u16 {
    let half = || {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        u16::try_from(cores / 2).unwrap_or(u16::MAX).max(1)
    };
    config
        .max_concurrent_hashes
        .map_or_else(half, NonZeroU16::get)
}

impl fmt::Debug for Passwords {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Passwords")
    }
}
