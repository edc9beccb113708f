//! A deterministic simulation: virtual time, seeded chance, and events in order.
//!
//! Resilience policies depend on time and randomness, and fail in outages that last minutes. A
//! simulation of an hour with a thousand calls per second takes seconds, and the same seed produces
//! the same run on every machine. It is a plain event loop and not an executor, because the
//! policies take the time as a parameter.
//!
//! ```
//! use std::time::Duration;
//! use seaworthy_testkit::simulation::Simulation;
//!
//! let mut simulation = Simulation::with_seed(7);
//! simulation.schedule(Duration::from_secs(2), "second");
//! simulation.schedule(Duration::from_secs(1), "first");
//! assert_eq!(simulation.next_event(), Some("first"));
//! assert_eq!(simulation.elapsed(), Duration::from_secs(1));
//! ```

use std::{
    cmp::Ordering,
    collections::BinaryHeap,
    time::{Duration, Instant},
};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

/// A run of a simulation whose events are of the type `E`.
#[derive(Debug)]
pub struct Simulation<E> {
    start: Instant,
    elapsed: Duration,
    due: BinaryHeap<Due<E>>,
    scheduled: u64,
    random: StdRng,
}

#[derive(Debug)]
struct Due<E> {
    at: Duration,
    number: u64,
    event: E,
}

/// The earliest event is the greatest, because a heap returns the greatest first.
impl<E> Ord for Due<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

impl<E> PartialOrd for Due<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> PartialEq for Due<E> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<E> Eq for Due<E> {}

impl<E> Simulation<E> {
    /// Creates a run at time zero. The seed determines every random choice.
    #[must_use]
    pub fn with_seed(seed: u64) -> Self {
        Self {
            start: Instant::now(),
            elapsed: Duration::ZERO,
            due: BinaryHeap::new(),
            scheduled: 0,
            random: StdRng::seed_from_u64(seed),
        }
    }

    /// Schedules an event. Events at the same time keep the order in which they were scheduled.
    pub fn schedule(&mut self, wait: Duration, event: E) {
        self.due.push(Due {
            at: self.elapsed + wait,
            number: self.scheduled,
            event,
        });
        self.scheduled += 1;
    }

    /// Advances the time to the next event and removes it. Returns `None` if no event remains.
    pub fn next_event(&mut self) -> Option<E> {
        let due = self.due.pop()?;
        self.elapsed = due.at;
        Some(due.event)
    }

    /// Returns the time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// Returns the same time as an instant.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.start + self.elapsed
    }

    /// Returns a random number in `[0, 1)`.
    pub fn share(&mut self) -> f64 {
        self.random.random()
    }

    /// Returns true with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.share() < probability
    }

    /// Returns an exponentially distributed duration with this mean: the time between independent
    /// arrivals.
    pub fn exponential(&mut self, mean: Duration) -> Duration {
        mean.mul_f64(-(1.0 - self.share()).ln())
    }

    /// Returns a duration between 0.5 and 1.5 times `mean`.
    pub fn jittered(&mut self, mean: Duration) -> Duration {
        let share = self.share();
        mean.mul_f64(0.5 + share)
    }

    /// Returns a log-normally distributed duration: most are near the median, with a long tail.
    /// `spread` is the standard deviation of its logarithm.
    pub fn log_normal(&mut self, median: Duration, spread: f64) -> Duration {
        let radius = (-2.0 * (1.0 - self.share()).ln()).sqrt();
        let angle = std::f64::consts::TAU * self.share();
        median.mul_f64((spread * radius * angle.cos()).exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(seed: u64) -> Vec<(Duration, u32)> {
        let mut simulation = Simulation::with_seed(seed);
        for number in 0..100 {
            let wait = simulation.exponential(Duration::from_millis(10));
            simulation.schedule(wait, number);
        }
        std::iter::from_fn(|| {
            let event = simulation.next_event()?;
            Some((simulation.elapsed(), event))
        })
        .collect()
    }

    #[test]
    fn equal_seeds_give_equal_runs() {
        assert_eq!(trace(1), trace(1));
        assert_ne!(trace(1), trace(2));
    }

    #[test]
    fn time_is_monotonic_and_equal_times_keep_their_order() {
        let times: Vec<Duration> = trace(3).into_iter().map(|(at, _)| at).collect();
        assert!(times.is_sorted());
        let mut simulation = Simulation::with_seed(1);
        for number in 0..10 {
            simulation.schedule(Duration::from_secs(1), number);
        }
        let order: Vec<i32> = std::iter::from_fn(|| simulation.next_event()).collect();
        assert_eq!(order, (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn spreads_have_requested_mean_and_median() {
        let mut simulation = Simulation::<()>::with_seed(5);
        let unit = Duration::from_millis(100);
        let mean: Duration = (0..10_000)
            .map(|_| simulation.exponential(unit))
            .sum::<Duration>()
            / 10_000;
        assert!(
            (0.95..1.05).contains(&(mean.as_secs_f64() * 10.0)),
            "{mean:?}"
        );
        let above = (0..10_000)
            .filter(|_| simulation.log_normal(unit, 0.5) > unit)
            .count();
        assert!((4_800..5_200).contains(&above), "{above}");
    }
}
