//! One breaker, one outage, one rate of calls: what happened.

use std::time::{Duration, Instant};

use seaworthy_resilience::{
    Outcome,
    circuit_breaker::{Admission, CircuitBreaker, CircuitBreakerConfig},
};
use seaworthy_telemetry::metrics::Metrics;
use seaworthy_testkit::simulation::Simulation;

/// The calls before the outage: the breaker knows how things usually are. The seed adds up to three
/// seconds, so that outages begin and end at any phase.
const CALM: Duration = Duration::from_secs(30);
/// The calls after it.
const AFTER: Duration = Duration::from_secs(20);
/// How long a call takes where time matters.
const QUICK: Duration = Duration::from_millis(20);

/// The fault of the dependency after the calm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Trouble {
    /// Every call fails at once for so long.
    Outage(Duration),
    /// This share of calls fails, all the time.
    Errors(f64),
    /// Every call exceeds the caller's timeout, which is this long, for a minute.
    Slow(Duration),
    /// No call gets a response for this time. Then all waiting calls get one. The run covers ten
    /// seconds.
    Pause(Duration),
    /// Five seconds down, five seconds up, for two minutes.
    Flapping,
}

/// The result of a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Findings {
    /// From the begin of the trouble to the first rejection.
    pub(crate) first_rejection: Option<Duration>,
    /// Of the calls while the dependency was down, the share that went to it.
    pub(crate) leaked: f64,
    /// Of the calls while the dependency was up, the share that went to it.
    pub(crate) passed_while_up: f64,
    /// From the end of the trouble until 99 % of the calls of each second succeed.
    pub(crate) recovery: Option<Duration>,
}

enum Event {
    Arrival,
    End {
        admission: Admission,
        outcome: Outcome,
        asked: Duration,
    },
}

struct Tally {
    calm: Duration,
    down: u64,
    leaked: u64,
    up: u64,
    passed: u64,
    first_rejection: Option<Duration>,
    /// When each call after the trouble asked, and whether it succeeded.
    after: Vec<(Duration, bool)>,
}

impl Trouble {
    fn length(self) -> Duration {
        match self {
            Self::Outage(length) => length,
            Self::Errors(_) => Duration::from_secs(120),
            Self::Slow(_) => Duration::from_secs(60),
            Self::Pause(_) => Duration::from_secs(10),
            Self::Flapping => Duration::from_secs(120),
        }
    }

    /// Whether the dependency is down at a time after the calm.
    fn is_down(self, since: Duration) -> bool {
        match self {
            Self::Outage(length) => since < length,
            Self::Errors(_) | Self::Pause(_) => false,
            Self::Slow(_) => since < self.length(),
            Self::Flapping => since < self.length() && since.as_secs() % 10 < 5,
        }
    }
}

/// Runs one scenario.
pub(crate) fn run(
    config: &CircuitBreakerConfig,
    trouble: Trouble,
    rate: u32,
    seed: u64,
) -> Findings {
    let mut simulation = Simulation::with_seed(seed);
    let start = simulation.now();
    let breaker = CircuitBreaker::new_at("simulated", config, &Metrics::new(), start);
    let calm = CALM + Duration::from_secs(3).mul_f64(simulation.share());
    let end = calm + trouble.length() + AFTER;
    let pause = Duration::from_secs(1) / rate;
    let mut tally = Tally {
        calm,
        down: 0,
        leaked: 0,
        up: 0,
        passed: 0,
        first_rejection: None,
        after: Vec::new(),
    };
    simulation.schedule(Duration::ZERO, Event::Arrival);
    while let Some(event) = simulation.next_event() {
        let (elapsed, now): (Duration, Instant) = (simulation.elapsed(), simulation.now());
        match event {
            Event::End {
                admission,
                outcome,
                asked,
            } => {
                tally.finish(trouble, asked, outcome == Outcome::Success);
                admission.report(outcome, now);
            }
            Event::Arrival => {
                if elapsed < end {
                    let next = simulation.jittered(pause);
                    simulation.schedule(next, Event::Arrival);
                }
                let draw = simulation.share();
                let admitted = breaker.admit_with(now, || draw);
                tally.ask(trouble, elapsed, admitted.is_ok());
                match admitted {
                    Ok(mut admission) => {
                        let (outcome, took) = call(&mut simulation, trouble, calm);
                        if took > Duration::ZERO {
                            admission.mark_pending();
                        }
                        let event = Event::End {
                            admission,
                            outcome,
                            asked: elapsed,
                        };
                        simulation.schedule(took, event);
                    }
                    Err(_) => tally.finish(trouble, elapsed, false),
                }
            }
        }
    }
    tally.findings(trouble)
}

fn call(
    simulation: &mut Simulation<Event>,
    trouble: Trouble,
    calm: Duration,
) -> (Outcome, Duration) {
    let since = simulation.elapsed().checked_sub(calm);
    let down = since.is_some_and(|since| trouble.is_down(since));
    match trouble {
        Trouble::Errors(share) if since.is_some() && simulation.chance(share) => {
            (Outcome::TRANSIENT, Duration::ZERO)
        }
        Trouble::Slow(timeout) if down => (Outcome::TRANSIENT, timeout),
        Trouble::Pause(length) => {
            let left = since.and_then(|since| length.checked_sub(since));
            (Outcome::Success, left.unwrap_or_default() + QUICK)
        }
        Trouble::Slow(_) => (Outcome::Success, QUICK),
        _ if down => (Outcome::TRANSIENT, Duration::ZERO),
        _ => (Outcome::Success, Duration::ZERO),
    }
}

impl Tally {
    fn ask(&mut self, trouble: Trouble, elapsed: Duration, admitted: bool) {
        let Some(since) = elapsed.checked_sub(self.calm) else {
            return;
        };
        if trouble.is_down(since) {
            self.down += 1;
            self.leaked += u64::from(admitted);
        } else if since < trouble.length() {
            self.up += 1;
            self.passed += u64::from(admitted);
        }
        if !admitted && self.first_rejection.is_none() {
            self.first_rejection = Some(since);
        }
    }

    fn finish(&mut self, trouble: Trouble, asked: Duration, succeeded: bool) {
        if let Some(after) = asked.checked_sub(self.calm + trouble.length()) {
            self.after.push((after, succeeded));
        }
    }

    fn findings(mut self, trouble: Trouble) -> Findings {
        self.after.sort_unstable();
        let share = |part: u64, whole: u64| {
            if whole == 0 {
                1.0
            } else {
                part as f64 / whole as f64
            }
        };
        Findings {
            first_rejection: self.first_rejection,
            leaked: share(self.leaked, self.down),
            passed_while_up: share(self.passed, self.up),
            recovery: match trouble {
                Trouble::Errors(_) => None,
                _ => self.recovery(),
            },
        }
    }

    /// The first tenth of a second from which every whole second has 99 % successes.
    fn recovery(&self) -> Option<Duration> {
        let tenth = Duration::from_millis(100);
        let mut tenths = vec![(0_u32, 0_u32); (AFTER.as_millis() / tenth.as_millis()) as usize];
        for (at, succeeded) in &self.after {
            if let Some((calls, successes)) = tenths.get_mut((at.as_millis() / 100) as usize) {
                *calls += 1;
                *successes += u32::from(*succeeded);
            }
        }
        let is_bad = |second: &[(u32, u32)]| {
            let (calls, successes) = second
                .iter()
                .fold((0, 0), |sum, tenth| (sum.0 + tenth.0, sum.1 + tenth.1));
            f64::from(successes) < 0.99 * f64::from(calls)
        };
        match tenths.windows(10).rposition(is_bad) {
            None => Some(Duration::ZERO),
            Some(last) => Some(tenth * (last as u32 + 1)).filter(|at| *at < AFTER / 2),
        }
    }
}
