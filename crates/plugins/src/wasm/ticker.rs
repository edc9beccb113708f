use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex};
use wasmtime::{Engine, EngineWeak};

use crate::runtime::TICK;

/// The time between two ticks while a guest runs for longer than a tick. At each tick the guest
/// lets other threads run first. Some schedulers delay a new thread even if its priority is higher.
/// A request whose thread waits for the core of the guest thus waits only
/// briefly.
const SHORT_TICK: Duration = Duration::from_micros(250);
/// The time that the thread ticks after the last call, so that frequent calls do not wake it.
const IDLE_TIMEOUT: Duration = Duration::from_millis(50);

/// Advances the epoch of the engine while calls run. Its thread sleeps while no call runs, and ends
/// when this value is dropped. The engine and its programs share the value.
pub(super) struct Ticker(Arc<Clock>);

/// The state that the thread shares with the calls.
#[derive(Default)]
struct Clock {
    running: AtomicUsize,
    /// Whether a guest was running at the last tick.
    has_long_guest: AtomicBool,
    sleeping: Mutex<Sleep>,
    wake: Condvar,
}

#[derive(Default)]
struct Sleep {
    is_sleeping: bool,
    is_stopped: bool,
}

/// A running call. Dropping it ends the call.
pub(super) struct Ticking<'a>(&'a Clock);

impl Ticker {
    /// Starts the thread, which calls `on_tick` at each [`TICK`].
    ///
    /// # Errors
    /// The system has no thread.
    pub(super) fn start(
        engine: &Engine,
        on_tick: impl Fn() + Send + 'static,
    ) -> Result<Self, String> {
        let clock = Arc::new(Clock::default());
        let (thread_clock, engine) = (Arc::clone(&clock), engine.weak());
        thread::Builder::new()
            .name("plugin-ticker".to_owned())
            .spawn(move || while thread_clock.tick(&engine, &on_tick) {})
            .map_err(|error| format!("the clock thread cannot be started: {error}"))?;
        Ok(Self(clock))
    }

    /// Marks the start of a call.
    pub(super) fn begin(&self) -> Ticking<'_> {
        self.0.running.fetch_add(1, Ordering::SeqCst);
        let mut sleep = self.0.sleeping.lock();
        if sleep.is_sleeping {
            sleep.is_sleeping = false;
            self.0.wake.notify_one();
        }
        drop(sleep);
        Ticking(&self.0)
    }

    /// Marks that a guest was running at a tick, so that the next ones follow sooner.
    pub(super) fn mark_long_guest(&self) {
        self.0.has_long_guest.store(true, Ordering::Relaxed);
    }

    /// Returns true if the next tick follows sooner.
    #[cfg(test)]
    pub(super) fn is_short(&self) -> bool {
        self.0.has_long_guest.load(Ordering::Relaxed)
    }

    /// Returns true if the thread sleeps or has ended.
    #[cfg(test)]
    pub(super) fn is_idle(&self) -> bool {
        Arc::strong_count(&self.0) == 1 || self.0.sleeping.lock().is_sleeping
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.0.sleeping.lock().is_stopped = true;
        self.0.wake.notify_one();
    }
}

impl Clock {
    /// Ticks until no call has run for [`IDLE_TIMEOUT`], then sleeps until the next call. Returns
    /// false if the thread must end.
    fn tick(&self, engine: &EngineWeak, on_tick: &impl Fn()) -> bool {
        let mut idle = Instant::now();
        let mut ticked = idle;
        while idle.elapsed() < IDLE_TIMEOUT {
            thread::sleep(self.tick_interval());
            match engine.upgrade() {
                Some(engine) => engine.increment_epoch(),
                None => return false,
            }
            if self.running.load(Ordering::SeqCst) > 0 {
                idle = Instant::now();
                if ticked.elapsed() >= TICK {
                    ticked = idle;
                    on_tick();
                }
            }
        }
        let mut sleep = self.sleeping.lock();
        if sleep.is_stopped {
            return false;
        }
        if self.running.load(Ordering::SeqCst) == 0 {
            sleep.is_sleeping = true;
            while sleep.is_sleeping && !sleep.is_stopped {
                self.wake.wait(&mut sleep);
            }
        }
        !sleep.is_stopped
    }

    /// Returns the time until the next tick.
    fn tick_interval(&self) -> Duration {
        match self.has_long_guest.swap(false, Ordering::Relaxed) {
            true => SHORT_TICK,
            false => TICK,
        }
    }
}

impl Drop for Ticking<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tick_follows_sooner_after_a_guest_was_seen_plug_2() {
        let clock = Arc::new(Clock::default());
        assert_eq!(clock.tick_interval(), TICK);
        let ticker = Ticker(Arc::clone(&clock));
        ticker.mark_long_guest();
        assert_eq!(
            [clock.tick_interval(), clock.tick_interval()],
            [SHORT_TICK, TICK]
        );
    }

    #[test]
    fn thread_ends_with_its_ticker_plug_2() {
        /// Far longer than the thread needs on a loaded machine.
        const TIMEOUT: Duration = Duration::from_secs(30);
        let engine = Engine::default();
        let ticker = Ticker::start(&engine, || ()).unwrap();
        drop(ticker.begin());
        let clock = Arc::downgrade(&ticker.0);
        drop(ticker);
        let begun = Instant::now();
        while clock.strong_count() > 0 {
            assert!(begun.elapsed() < TIMEOUT, "the thread still runs");
            thread::yield_now();
        }
    }
}
