use std::{
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use argon2::Params;
use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    rand::{SecureRandom as _, SystemRandom},
};
use parking_lot::Mutex;
use seaworthy_core::{Error, Secret};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::{
    PasswordCheck,
    hash::{Memory, PasswordHash, SALT_LENGTH, Scheme},
    legacy::{self, LegacyCost},
};

/// The niceness of the threads, so that other work has priority.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// How long a thread without tasks keeps the memory of its last hash. Logins in succession
/// reuse it.
const MEMORY_TTL: Duration = Duration::from_secs(30);

/// A task, and the channel for its result.
pub(super) struct Job {
    pub(super) task: Task,
    pub(super) response: oneshot::Sender<Result<TaskResult, Error>>,
}

pub(super) enum Task {
    Hash(Secret<String>),
    Verify {
        password: Secret<String>,
        stored: PasswordHash,
        is_account: bool,
    },
}

pub(super) enum TaskResult {
    Hash(PasswordHash),
    Check(PasswordCheck),
}

/// Computes hashes on one thread.
pub(super) struct Worker {
    memory: Memory,
    params: Params,
    legacy: Arc<LegacyCost>,
}

impl Worker {
    pub(super) fn new(params: Params, legacy: Arc<LegacyCost>) -> Self {
        Self {
            memory: Memory::default(),
            params,
            legacy,
        }
    }

    /// Runs until the queue is closed.
    pub(super) fn run(mut self, queue: &Mutex<mpsc::Receiver<Job>>) {
        // On Linux the niceness is per thread. A failure only loses the lower priority.
        #[cfg(target_os = "linux")]
        let _ = rustix::process::nice(NICENESS);
        loop {
            let Ok(Job { task, response }) = self.next(queue, MEMORY_TTL) else {
                return;
            };
            // The request was cancelled, or its deadline has passed.
            if response.is_closed() {
                continue;
            }
            // The receiver may have been dropped.
            let _ = response.send(self.execute(task));
        }
    }

    fn next(
        &mut self,
        queue: &Mutex<mpsc::Receiver<Job>>,
        ttl: Duration,
    ) -> Result<Job, mpsc::RecvError> {
        let early = self.memory.is_held().then(|| self.wait(queue, ttl));
        early.flatten().unwrap_or_else(|| queue.lock().recv())
    }

    /// Waits for a job. Frees the memory of the last hash and returns `None` if no job arrives for
    /// `ttl`.
    fn wait(
        &mut self,
        queue: &Mutex<mpsc::Receiver<Job>>,
        ttl: Duration,
    ) -> Option<Result<Job, mpsc::RecvError>> {
        let deadline = Instant::now() + ttl;
        // Another thread holds the lock while it waits for a job.
        let received = queue
            .try_lock_until(deadline)
            .map(|queue| queue.recv_timeout(deadline.saturating_duration_since(Instant::now())));
        match received {
            Some(Ok(job)) => Some(Ok(job)),
            Some(Err(RecvTimeoutError::Disconnected)) => Some(Err(mpsc::RecvError)),
            Some(Err(RecvTimeoutError::Timeout)) | None => {
                self.memory = Memory::default();
                None
            }
        }
    }

    fn execute(&mut self, task: Task) -> Result<TaskResult, Error> {
        match task {
            Task::Hash(password) => self.hash(&password).map(TaskResult::Hash),
            Task::Verify {
                password,
                stored,
                is_account,
            } => self
                .verify(&password, &stored, is_account)
                .map(TaskResult::Check),
        }
    }

    fn verify(
        &mut self,
        password: &Secret<String>,
        stored: &PasswordHash,
        is_account: bool,
    ) -> Result<PasswordCheck, Error> {
        let bytes = password.expose().as_bytes();
        let (is_match, keeps_hash) = match stored.scheme().map_err(Error::internal)? {
            Scheme::Argon2id(parts) => {
                let tag = self.tag(&parts.params, bytes, &parts.salt)?;
                self.legacy.equalize(bytes, 0);
                let is_match = verify_slices_are_equal(&tag, &parts.tag).is_ok();
                (is_match, parts.has_params(&self.params))
            }
            Scheme::Bcrypt(hash) => {
                self.legacy.record(hash.cost());
                let is_match = hash.verify(bytes);
                self.legacy.equalize(bytes, hash.cost());
                if !is_match {
                    // The code below hashes a correct password.
                    self.tag(&self.params.clone(), bytes, &[0; SALT_LENGTH])?;
                }
                // A new hash of a longer password would require bytes that bcrypt has not checked.
                (is_match, bytes.len() > legacy::MAX_PASSWORD_BYTES)
            }
        };
        if !(is_match && is_account) {
            return Ok(PasswordCheck::Invalid);
        }
        let rehash = if keeps_hash {
            None
        } else {
            Some(self.hash(password)?)
        };
        Ok(PasswordCheck::Valid { rehash })
    }

    fn hash(&mut self, password: &Secret<String>) -> Result<PasswordHash, Error> {
        let mut salt = [0; SALT_LENGTH];
        SystemRandom::new()
            .fill(&mut salt)
            .map_err(|_| Error::internal("the operating system provides no random bytes"))?;
        let params = self.params.clone();
        let tag = self.tag(&params, password.expose().as_bytes(), &salt)?;
        Ok(PasswordHash::encode(&params, &salt, &tag))
    }

    fn tag(
        &mut self,
        params: &Params,
        password: &[u8],
        salt: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.memory
            .tag(params, password, salt)
            .map_err(|error| Error::internal(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(worker: &mut Worker) {
        let password = Secret::new("correct horse".to_owned());
        worker.hash(&password).unwrap();
        assert!(worker.memory.is_held());
    }

    #[test]
    fn idle_thread_frees_memory_of_hashes_auth_2() {
        let mut worker = Worker::new(Params::new(64, 1, 1, None).unwrap(), Arc::default());
        let (jobs, queue) = mpsc::sync_channel(1);
        let queue = Mutex::new(queue);
        let (response, _receiver) = oneshot::channel();
        let task = Task::Hash(Secret::new("another".to_owned()));
        hash(&mut worker);
        assert!(jobs.send(Job { task, response }).is_ok());
        assert!(worker.next(&queue, MEMORY_TTL).is_ok());
        assert!(worker.memory.is_held());
        assert!(worker.wait(&queue, Duration::ZERO).is_none());
        assert!(!worker.memory.is_held());
        hash(&mut worker);
        let waiting = queue.lock();
        assert!(worker.wait(&queue, Duration::ZERO).is_none());
        assert!(!worker.memory.is_held());
        drop(waiting);
        hash(&mut worker);
        drop(jobs);
        assert!(worker.next(&queue, MEMORY_TTL).is_err());
    }
}
