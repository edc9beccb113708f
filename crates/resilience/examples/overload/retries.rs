//! A server that is loaded well, a hiccup, and clients that try again.

use std::{collections::VecDeque, num::NonZeroU32, time::Duration};

use seaworthy_core::Ratio;
use seaworthy_resilience::{
    Outcome,
    retry::{Retry, RetryBudgetConfig, RetryConfig},
};
use seaworthy_telemetry::metrics::Metrics;
use seaworthy_testkit::simulation::Simulation;

/// Requests a second that the server can do, one after the other.
const CAPACITY: f64 = 1_000.0;
/// Requests a second that the clients want.
const LOAD: f64 = 700.0;
/// A client retries after this time. The server still completes the first request.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(1);
/// The server stands still from here
const HICCUP_BEGINS: Duration = Duration::from_secs(10);
/// to here.
const HICCUP_ENDS: Duration = Duration::from_secs(13);
/// The end of the run.
const END: Duration = Duration::from_secs(120);

/// The share of requests that succeed in each second.
pub(crate) struct Findings {
    seconds: Vec<(u32, u32)>,
}

enum Event {
    Arrival,
    Attempt { begun: Duration, attempts: u32 },
    TimedOut { ticket: u64 },
    Served,
}

struct Attempt {
    ticket: u64,
    begun: Duration,
    attempts: u32,
}

/// Runs the hiccup with a budget or without.
pub(crate) fn run(budget: bool, seed: u64) -> Findings {
    let mut simulation = Simulation::with_seed(seed);
    let config = RetryConfig {
        max_attempts: NonZeroU32::new(4).unwrap_or(NonZeroU32::MIN),
        budget: RetryBudgetConfig {
            ratio: if budget {
                Ratio::percent(20)
            } else {
                Ratio::ONE
            },
            min_retries_per_second: if budget { 10 } else { 1_000_000 },
            ..RetryBudgetConfig::default()
        },
        ..RetryConfig::default()
    };
    let retry = Retry::new_at("simulated", &config, &Metrics::new(), simulation.now());
    let mut queue: VecDeque<u64> = VecDeque::new();
    let mut pending: std::collections::BTreeMap<u64, Attempt> = std::collections::BTreeMap::new();
    let mut tickets = 0;
    let mut busy = false;
    let mut findings = Findings {
        seconds: vec![(0, 0); END.as_secs() as usize + 1],
    };
    simulation.schedule(Duration::ZERO, Event::Arrival);
    while let Some(event) = simulation.next_event() {
        let elapsed = simulation.elapsed();
        if elapsed >= END {
            break;
        }
        match event {
            Event::Arrival => {
                let next = simulation.exponential(Duration::from_secs_f64(1.0 / LOAD));
                simulation.schedule(next, Event::Arrival);
                retry.begin();
                findings.ask(elapsed);
                simulation.schedule(
                    Duration::ZERO,
                    Event::Attempt {
                        begun: elapsed,
                        attempts: 1,
                    },
                );
            }
            Event::Attempt { begun, attempts } => {
                tickets += 1;
                pending.insert(
                    tickets,
                    Attempt {
                        ticket: tickets,
                        begun,
                        attempts,
                    },
                );
                queue.push_back(tickets);
                simulation.schedule(CLIENT_TIMEOUT, Event::TimedOut { ticket: tickets });
                if !busy {
                    busy = true;
                    serve(&mut simulation);
                }
            }
            Event::TimedOut { ticket } => {
                if let Some(attempt) = pending.remove(&ticket) {
                    let share = simulation.share();
                    let wait = retry.delay_at(attempt.attempts, share);
                    let now = simulation.now();
                    if let Some(wait) =
                        retry.next_delay_with(Outcome::TRANSIENT, attempt.attempts, wait, now)
                    {
                        let (begun, attempts) = (attempt.begun, attempt.attempts + 1);
                        simulation.schedule(wait, Event::Attempt { begun, attempts });
                    }
                }
            }
            Event::Served => {
                if let Some(attempt) = queue.pop_front().and_then(|ticket| pending.remove(&ticket))
                {
                    debug_assert!(attempt.ticket <= tickets);
                    findings.succeed(attempt.begun);
                }
                busy = !queue.is_empty();
                if busy {
                    serve(&mut simulation);
                }
            }
        }
    }
    findings
}

fn serve(simulation: &mut Simulation<Event>) {
    let elapsed = simulation.elapsed();
    let stands_still = if (HICCUP_BEGINS..HICCUP_ENDS).contains(&elapsed) {
        HICCUP_ENDS - elapsed
    } else {
        Duration::ZERO
    };
    let work = simulation.exponential(Duration::from_secs_f64(1.0 / CAPACITY));
    simulation.schedule(stands_still + work, Event::Served);
}

impl Findings {
    fn ask(&mut self, begun: Duration) {
        if let Some((asked, _)) = self.seconds.get_mut(begun.as_secs() as usize) {
            *asked += 1;
        }
    }

    fn succeed(&mut self, begun: Duration) {
        if let Some((_, succeeded)) = self.seconds.get_mut(begun.as_secs() as usize) {
            *succeeded += 1;
        }
    }

    /// The share of the requests begun between two seconds that succeeded.
    pub(crate) fn success(&self, from: usize, to: usize) -> f64 {
        let seconds = self.seconds.get(from..to).unwrap_or_default();
        let (asked, succeeded) = seconds
            .iter()
            .fold((0, 0), |sum, second| (sum.0 + second.0, sum.1 + second.1));
        f64::from(succeeded) / f64::from(asked.max(1))
    }
}
