use std::{
    collections::VecDeque,
    io, mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
    time::Duration,
};

use parking_lot::{Condvar, Mutex};

/// The time after which a thread without work ends, so that an unused plugin does not keep a
/// thread.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);
/// The nice value of the threads, in addition to that of the process. On a busy core the system
/// gives such a thread about a tenth of the time of another one. Requests without plugins thus keep
/// their core.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

type Work = Box<dyn FnOnce() -> Ended + Send>;

/// A function that runs after the work, for example to send its result. The thread is idle then, so
/// that the receiver can reuse it. Otherwise the pool would start another thread, whose stack uses
/// memory.
pub(crate) type Ended = Box<dyn FnOnce() + Send>;

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
}

#[derive(Default)]
struct State {
    /// Work that waits for an idle thread.
    waiting: VecDeque<Work>,
    threads: usize,
    /// The idle threads. The one that ran last gets the next work, so that the others end and
    /// release the memory of their stacks.
    idle: Vec<Arc<Idle>>,
    is_stopped: bool,
}

/// An idle thread.
#[derive(Default)]
struct Idle {
    next: Mutex<Next>,
    wake: Condvar,
}

#[derive(Default)]
enum Next {
    #[default]
    Unknown,
    Work(Work),
    /// The pool was dropped, so the thread ends.
    Stop,
}

impl GuestThreads {
    /// Creates a pool of at most `max` threads. Zero counts as one. `name` is the name of the
    /// threads in listings of the system.
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
    pub(crate) fn run(&self, work: impl FnOnce() -> Ended + Send + 'static) -> io::Result<()> {
        let mut state = self.pool.state.lock();
        if let Some(idle) = state.idle.pop() {
            *idle.next.lock() = Next::Work(Box::new(work));
            idle.wake.notify_one();
            return Ok(());
        }
        state.waiting.push_back(Box::new(work));
        if state.threads < self.max {
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
        Ok(())
    }
}

impl Drop for GuestThreads {
    fn drop(&mut self) {
        let mut state = self.pool.state.lock();
        state.is_stopped = true;
        state.idle.drain(..).for_each(|idle| {
            *idle.next.lock() = Next::Stop;
            idle.wake.notify_one();
        });
    }
}

impl Pool {
    /// Does work until there is none for [`IDLE_TIMEOUT`].
    fn work(&self) {
        lower_priority();
        let mut next = self.next(None);
        while let Some(work) = next {
            // The owner of the work sees that its result is missing.
            let ended = catch_unwind(AssertUnwindSafe(work)).ok();
            next = self.next(ended);
        }
    }

    /// Ends the last work, and returns the next one.
    fn next(&self, ended: Option<Ended>) -> Option<Work> {
        let idle = Arc::new(Idle::default());
        let waiting = {
            let mut state = self.state.lock();
            match state.waiting.pop_front() {
                Some(work) => Next::Work(work),
                None if state.is_stopped => Next::Stop,
                None => {
                    state.idle.push(Arc::clone(&idle));
                    Next::Unknown
                }
            }
        };
        end(ended);
        if let Next::Work(work) = waiting {
            return Some(work);
        }
        if let Next::Stop = waiting {
            self.state.lock().threads -= 1;
            return None;
        }
        {
            let mut next = idle.next.lock();
            if matches!(*next, Next::Unknown) {
                idle.wake.wait_for(&mut next, IDLE_TIMEOUT);
            }
        }
        // Work may arrive after the timeout, until the thread leaves the list.
        let mut state = self.state.lock();
        match mem::take(&mut *idle.next.lock()) {
            Next::Work(work) => Some(work),
            Next::Stop | Next::Unknown => {
                state.idle.retain(|other| !Arc::ptr_eq(other, &idle));
                state.threads -= 1;
                None
            }
        }
    }
}

fn end(ended: Option<Ended>) {
    if let Some(ended) = ended {
        drop(catch_unwind(AssertUnwindSafe(ended)));
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
