use std::{
    fmt,
    num::NonZeroU16,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use argon2::Params;
use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    rand::{SecureRandom as _, SystemRandom},
};
use parking_lot::Mutex;
use schemars::JsonSchema;
use seaworthy_core::{Code, Error, Secret};
use seaworthy_telemetry::metrics::{Counter, Gauge, Metrics};
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, oneshot};

use super::{
    hash::{Memory, PasswordHash, PasswordParameters, SALT_LENGTH},
    reservation::PasswordReservation,
};

/// At 40 ms a hash, what waits longest waits a second: nobody is told to wait who then gives up.
const QUEUE: NonZeroU16 = NonZeroU16::new(32).unwrap();
/// What waits is half done after this long.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// How much the threads give way to all others, of 19: a core that has anything else to do does that first.
const NICENESS: i32 = 10;

/// How passwords are hashed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PasswordsConfig {
    /// What a new hash costs. Older hashes are replaced when their owners log in.
    pub parameters: PasswordParameters,
    /// How many are hashed at once; half the cores, at least one, without it.
    pub max_concurrent_hashes: Option<NonZeroU16>,
    /// How many wait.
    pub max_queued_hashes: MaxQueuedHashes,
}

/// How many wait for a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct MaxQueuedHashes(NonZeroU16);

impl Default for MaxQueuedHashes {
    fn default() -> Self {
        Self(QUEUE)
    }
}

/// Passwords that cannot be hashed here.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordsError {
    /// Argon2 has no such parameters, or they are beyond what is computed for anybody.
    #[error("the parameters of password hashes are out of range")]
    Parameters,
    /// A thread cannot be started.
    #[error("a thread for hashing cannot be started")]
    Thread(#[from] std::io::Error),
    /// The system has no randomness.
    #[error("the system has no randomness")]
    Random,
}

/// What a password proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordCheck {
    /// It is right. With `rehash`, store this in place of the old hash: it is made with the parameters of today.
    Right {
        /// The new hash.
        rehash: Option<PasswordHash>,
    },
    /// It is wrong, or there is no such account: the two take the same time and cannot be told apart by it.
    Wrong,
}

/// Hashes and checks passwords, on a few threads of its own. Cheap to clone; all clones share them.
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
/// assert_eq!(check, PasswordCheck::Right { rehash: None });
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Passwords(Arc<Inner>);

struct Inner {
    work: mpsc::SyncSender<Work>,
    /// As many as wait or are hashed, or are about to be.
    places: Arc<Semaphore>,
    waiting: Gauge,
    hashed: Counter,
    refused: Counter,
    /// What is compared where there is no account, made of a password that nobody has.
    nobody: PasswordHash,
    params: Params,
}

struct Work {
    task: Task,
    answer: oneshot::Sender<Result<Done, Error>>,
}

pub(super) enum Task {
    Hash(Secret<String>),
    Verify {
        password: Secret<String>,
        stored: PasswordHash,
        is_account: bool,
    },
}

pub(super) enum Done {
    Hash(PasswordHash),
    Check(PasswordCheck),
}

impl Passwords {
    /// Starts the threads. They end when the last clone is dropped.
    ///
    /// # Errors
    /// [`PasswordsError`] when they cannot be started or the parameters cannot be used.
    pub fn start(config: &PasswordsConfig, metrics: &Metrics) -> Result<Self, PasswordsError> {
        let params = config
            .parameters
            .params()
            .map_err(|_| PasswordsError::Parameters)?;
        let mut random = [0; SALT_LENGTH];
        SystemRandom::new()
            .fill(&mut random)
            .map_err(|_| PasswordsError::Random)?;
        // Any tag of this length: no password is ever found right by it.
        let nobody = PasswordHash::write(&params, &random, &[0; 32]);
        let places = usize::from(config.max_queued_hashes.0.get()) + usize::from(threads(config));
        let (work, queue) = mpsc::sync_channel(places);
        let queue = Arc::new(Mutex::new(queue));
        let waiting = metrics.gauge(
            "password_hashing_waiting",
            "Passwords that wait to be hashed or are.",
            &[],
        );
        for index in 0..threads(config) {
            let (queue, params) = (Arc::clone(&queue), params.clone());
            thread::Builder::new()
                .name(format!("password-{index}"))
                .spawn(move || run(&queue, &params))?;
        }
        Ok(Self(Arc::new(Inner {
            work,
            places: Arc::new(Semaphore::new(places)),
            waiting,
            hashed: metrics.counter(
                "password_hashing_total",
                "Passwords that were hashed, to be stored or to be compared.",
                &[],
            ),
            refused: metrics.counter(
                "password_hashing_refused_total",
                "Passwords that were not hashed because too many waited.",
                &[],
            ),
            nobody,
            params,
        })))
    }

    /// The hash to store of a new password.
    ///
    /// # Errors
    /// 503 with `Retry-After` where too many wait.
    pub async fn hash(&self, password: Secret<String>) -> Result<PasswordHash, Error> {
        self.reserve()?.hash(password).await
    }

    /// Looks whether a password is that of an account, by its stored hash. Without an account (`None`) it takes as long and is wrong.
    ///
    /// # Errors
    /// 503 with `Retry-After` where too many wait; 500 where the stored hash cannot be read.
    pub async fn verify(
        &self,
        password: Secret<String>,
        stored: Option<&str>,
    ) -> Result<PasswordCheck, Error> {
        self.reserve()?.verify(password, stored).await
    }

    /// A place among those whose passwords are hashed. Take it before whatever else a login costs: a flood then is refused before it has asked a database anything, and others keep theirs.
    ///
    /// # Errors
    /// 503 with `Retry-After` where too many wait.
    pub fn reserve(&self) -> Result<PasswordReservation, Error> {
        match Arc::clone(&self.0.places).try_acquire_owned() {
            Ok(place) => Ok(PasswordReservation::new(self.clone(), place)),
            Err(_) => Err(self.refuse()),
        }
    }

    pub(super) fn nobody(&self) -> PasswordHash {
        self.0.nobody.clone()
    }

    /// Whether a stored hash is of the parameters of today.
    #[must_use]
    pub fn is_current(&self, stored: &PasswordHash) -> bool {
        stored
            .parts()
            .is_ok_and(|parts| is_current(&parts.params, &self.0.params))
    }

    fn refuse(&self) -> Error {
        self.0.refused.increment();
        busy()
    }

    pub(super) async fn ask(&self, task: Task) -> Result<Done, Error> {
        let (answer, answered) = oneshot::channel();
        let work = Work { task, answer };
        let raised = self.0.waiting.guard();
        // Full only of what was asked by those who have gone away since.
        if self.0.work.try_send(work).is_err() {
            return Err(self.refuse());
        }
        let done = answered.await;
        drop(raised);
        if matches!(done, Ok(Ok(_))) {
            self.0.hashed.increment();
        }
        done.map_err(|_| Error::internal("the thread for hashing ended"))?
    }
}

fn busy() -> Error {
    let message = "too many passwords are being checked; try again in a moment";
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

fn run(queue: &Mutex<mpsc::Receiver<Work>>, params: &Params) {
    // On Linux the niceness is the thread's own. Where it is the process's or is refused, nothing is lost but the courtesy.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(NICENESS);
    let mut memory = Memory::default();
    loop {
        let next = queue.lock().recv();
        let Ok(Work { task, answer }) = next else {
            return;
        };
        // Whoever asked has gone away: the request was cancelled or its deadline has passed.
        if answer.is_closed() {
            continue;
        }
        // Nobody may be listening any more.
        let _ = answer.send(work(&mut memory, params, task));
    }
}

fn work(memory: &mut Memory, params: &Params, task: Task) -> Result<Done, Error> {
    match task {
        Task::Hash(password) => hash(memory, params, &password).map(Done::Hash),
        Task::Verify {
            password,
            stored,
            is_account,
        } => {
            let parts = stored.parts().map_err(Error::internal)?;
            let tag = memory
                .tag(&parts.params, password.expose().as_bytes(), &parts.salt)
                .map_err(|error| Error::internal(error.to_string()))?;
            let is_same = verify_slices_are_equal(&tag, &parts.tag).is_ok();
            if !(is_same && is_account) {
                return Ok(Done::Check(PasswordCheck::Wrong));
            }
            let rehash = if is_current(&parts.params, params) {
                None
            } else {
                Some(hash(memory, params, &password)?)
            };
            Ok(Done::Check(PasswordCheck::Right { rehash }))
        }
    }
}

fn hash(
    memory: &mut Memory,
    params: &Params,
    password: &Secret<String>,
) -> Result<PasswordHash, Error> {
    let mut salt = [0; SALT_LENGTH];
    SystemRandom::new()
        .fill(&mut salt)
        .map_err(|_| Error::internal("the system has no randomness"))?;
    let tag = memory
        .tag(params, password.expose().as_bytes(), &salt)
        .map_err(|error| Error::internal(error.to_string()))?;
    Ok(PasswordHash::write(params, &salt, &tag))
}

fn is_current(stored: &Params, today: &Params) -> bool {
    stored.m_cost() == today.m_cost()
        && stored.t_cost() == today.t_cost()
        && stored.p_cost() == today.p_cost()
}

impl fmt::Debug for Passwords {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Passwords")
    }
}
