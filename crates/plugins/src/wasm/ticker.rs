use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex};
use wasmtime::{Engine, EngineWeak};

/// The resolution of timeouts.
const TICK: Duration = Duration::from_millis(1);
/// How long the thread ticks after the last call, so that frequent calls do not wake it each time.
const LINGER: Duration = Duration::from_millis(50);

/// Advances the epoch of the engine while calls run. The thread sleeps while there are none.
pub(super) struct Ticker {
    running: AtomicUsize,
    sleeping: Mutex<Sleep>,
    wake: Condvar,
}

#[derive(Default)]
struct Sleep {
    is_sleeping: bool,
    is_over: bool,
}

/// A running call.
pub(super) struct Ticking(Arc<Ticker>);

impl Ticker {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system has no thread.
    pub(super) fn start(engine: &Engine) -> Result<Arc<Self>, String> {
        let ticker = Arc::new(Self {
            running: AtomicUsize::new(0),
            sleeping: Mutex::default(),
            wake: Condvar::new(),
        });
        let (weak, engine) = (Arc::downgrade(&ticker), engine.weak());
        thread::Builder::new()
            .name("plugin-ticker".to_owned())
            .spawn(move || {
                while let Some(ticker) = weak.upgrade() {
                    if !ticker.tick(&engine) {
                        return;
                    }
                }
            })
            .map_err(|error| format!("the clock thread cannot be started: {error}"))?;
        Ok(ticker)
    }

    /// Marks the begin of a call, whose end is the drop of the result.
    pub(super) fn begin(self: &Arc<Self>) -> Ticking {
        self.running.fetch_add(1, Ordering::SeqCst);
        let mut sleep = self.sleeping.lock();
        if sleep.is_sleeping {
            sleep.is_sleeping = false;
            self.wake.notify_one();
        }
        drop(sleep);
        Ticking(Arc::clone(self))
    }

    /// Ends the thread, which otherwise sleeps with a reference to this ticker.
    pub(super) fn end(&self) {
        self.sleeping.lock().is_over = true;
        self.wake.notify_one();
    }

    /// Ticks until no call has run for a while, and then sleeps until the next. False at the end.
    fn tick(&self, engine: &EngineWeak) -> bool {
        let mut idle = Instant::now();
        while idle.elapsed() < LINGER {
            thread::sleep(TICK);
            match engine.upgrade() {
                Some(engine) => engine.increment_epoch(),
                None => return false,
            }
            if self.running.load(Ordering::SeqCst) > 0 {
                idle = Instant::now();
            }
        }
        let mut sleep = self.sleeping.lock();
        if sleep.is_over {
            return false;
        }
        if self.running.load(Ordering::SeqCst) == 0 {
            sleep.is_sleeping = true;
            while sleep.is_sleeping && !sleep.is_over {
                self.wake.wait(&mut sleep);
            }
        }
        !sleep.is_over
    }
}

impl Drop for Ticking {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}
