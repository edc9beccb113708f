use std::{
    collections::VecDeque,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
    time::Duration,
};

use parking_lot::{Condvar, Mutex};

/// The time after which a thread without work ends, so that an unused plugin does not keep a
/// thread.
const LINGER: Duration = Duration::from_secs(10);
/// The nice value of the threads, in addition to that of the process. On a busy core the system
/// gives such a thread about a tenth of the time of another one. Requests without plugins thus keep
/// their core.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

type Work = Box<dyn FnOnce() + Send>;

/// Threads with a low priority, which run guests and compilations outside of the threads
/// of the service. They begin with their first work.
#[derive(Debug)]
pub(crate) struct GuestThreads {
    pool: Arc<Pool>,
    name: &'static str,
    max: usize,
}

#[derive(Default)]
struct Pool {
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Work>,
    threads: usize,
    /// The threads without work.
    idle: usize,
    is_over: bool,
}

impl GuestThreads {
    /// Creates a pool of at most `max` threads. Zero counts as one. `name` is the name of the threads
    /// in listings of the system.
    pub(crate) fn new(name: &'static str, max: usize) -> Self {
        Self {
            pool: Arc::default(),
            name,
            max: max.max(1),
        }
    }

    /// Runs work on a thread with a low priority. If all threads have work, it waits for one.
    ///
    /// # Errors
    /// The system cannot create a thread, and the pool has none.
    pub(crate) fn run(&self, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let mut state = self.pool.state.lock();
        state.waiting.push_back(Box::new(work));
        if state.waiting.len() > state.idle && state.threads < self.max {
            let pool = Arc::clone(&self.pool);
            let thread = thread::Builder::new().name(self.name.to_owned());
            match thread.spawn(move || pool.work()) {
                Ok(_) => state.threads += 1,
                // The other threads do the work later.
                Err(_) if state.threads > 0 => {}
                Err(error) => {
                    state.waiting.pop_back();
                    return Err(error);
                }
            }
        }
        self.pool.wake.notify_one();
        Ok(())
    }
}

impl Drop for GuestThreads {
    fn drop(&mut self) {
        self.pool.state.lock().is_over = true;
        self.pool.wake.notify_all();
    }
}

impl Pool {
    /// Does work until there is none for [`LINGER`].
    fn work(&self) {
        lower_priority();
        while let Some(work) = self.next() {
            // The owner of the work sees that its result is missing.
            drop(catch_unwind(AssertUnwindSafe(work)));
        }
    }

    fn next(&self) -> Option<Work> {
        let mut state = self.state.lock();
        loop {
            if let Some(work) = state.waiting.pop_front() {
                return Some(work);
            }
            state.idle += 1;
            let is_late = !state.is_over && self.wake.wait_for(&mut state, LINGER).timed_out();
            state.idle -= 1;
            if state.waiting.is_empty() && (state.is_over || is_late) {
                state.threads -= 1;
                return None;
            }
        }
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Pool").finish_non_exhaustive()
    }
}

/// Lowers the priority of the current thread. On Linux each thread has its own nice value.
#[cfg(target_os = "linux")]
fn lower_priority() {
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::warn!(problem = %error, "the priority of a thread of plugins cannot be lowered");
    }
}

/// On other systems the nice value is that of the whole process.
#[cfg(not(target_os = "linux"))]
fn lower_priority() {}

#[cfg(test)]
mod tests;
