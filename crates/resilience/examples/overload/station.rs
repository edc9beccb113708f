//! A server that is the bottleneck, and the clients that overload it.

use std::{
    cmp::Ordering,
    collections::{BinaryHeap, VecDeque},
    time::Duration,
};

use seaworthy_resilience::{
    Outcome,
    adaptive_concurrency::{
        AdaptiveConcurrency, AdaptiveConcurrencyConfig, ConcurrencyPermit, Priority,
    },
};
use seaworthy_telemetry::metrics::Metrics;
use seaworthy_testkit::simulation::Simulation;

/// How work varies: the slowest of a hundred takes twice the median.
const SPREAD: f64 = 0.3;
/// The overload begins at once. During this time the limit finds its level and nothing is counted.
const WARM_UP: Duration = Duration::from_secs(5);
/// The overload after that. Its first five seconds are not counted either: the dependency that
/// becomes slower does so at their begin.
const OVERLOAD: Duration = Duration::from_secs(20);
/// The time after it, at half of the capacity.
const CALM: Duration = Duration::from_secs(6);
/// The client timeout. The server continues calls that their clients have cancelled.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(1);

/// The limit of the server.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Bottleneck {
    /// Work is shared by eight cores: each request is slowed by every other.
    Cpu,
    /// Ten connections, handed out in order.
    Pool,
    /// Twenty calls at once to a dependency that becomes five times slower after the warm-up.
    SlowDependency,
}

/// The result of a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Findings {
    /// Answers in time, a second, over the capacity.
    pub(crate) goodput: f64,
    /// The slowest of a hundred admitted requests.
    pub(crate) p99: Duration,
    /// Of the critical requests, which are a tenth, the share that was served in time.
    pub(crate) critical: f64,
    /// From the end of the overload to the last rejection or late response.
    pub(crate) recovery: Duration,
}

enum Event {
    Arrival,
    /// The request that is next to end, unless what runs has changed since.
    End(u64),
}

struct Job {
    permit: Option<ConcurrencyPermit>,
    asked: Duration,
    critical: bool,
    /// Seconds of work. While it runs, the progress of the station at which it ends.
    work: f64,
}

struct Station {
    bottleneck: Bottleneck,
    running: BinaryHeap<Job>,
    /// Seconds of work done for each request that ran all the time.
    progress: f64,
    waiting: VecDeque<Job>,
    advanced: Duration,
    version: u64,
}

impl Bottleneck {
    fn places(self) -> usize {
        match self {
            Self::Cpu => 8,
            Self::Pool => 10,
            Self::SlowDependency => 20,
        }
    }

    fn work(self, elapsed: Duration) -> Duration {
        match self {
            Self::Cpu => Duration::from_millis(20),
            Self::SlowDependency if elapsed >= WARM_UP => Duration::from_millis(100),
            Self::Pool | Self::SlowDependency => Duration::from_millis(20),
        }
    }

    /// Requests a second that it serves at best.
    fn capacity(self, elapsed: Duration) -> f64 {
        let mean = self.work(elapsed).as_secs_f64() * (SPREAD * SPREAD / 2.0).exp();
        self.places() as f64 / mean
    }
}

/// The next to end is the greatest.
impl Ord for Job {
    fn cmp(&self, other: &Self) -> Ordering {
        other.work.total_cmp(&self.work)
    }
}

impl PartialOrd for Job {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Job {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Job {}

impl Station {
    /// How fast each running request proceeds.
    fn pace(&self) -> f64 {
        match self.bottleneck {
            Bottleneck::Cpu => {
                (self.bottleneck.places() as f64 / self.running.len() as f64).min(1.0)
            }
            Bottleneck::Pool | Bottleneck::SlowDependency => 1.0,
        }
    }

    fn advance(&mut self, elapsed: Duration) {
        self.progress += (elapsed - self.advanced).as_secs_f64() * self.pace();
        self.advanced = elapsed;
    }

    fn enter(&mut self, mut job: Job) {
        if self.bottleneck == Bottleneck::Cpu || self.running.len() < self.bottleneck.places() {
            job.work += self.progress;
            self.running.push(job);
        } else {
            self.waiting.push_back(job);
        }
    }

    fn next_end(&mut self, simulation: &mut Simulation<Event>) {
        self.version += 1;
        if let Some(next) = self.running.peek() {
            let left = (next.work - self.progress).max(0.0);
            let wait = Duration::from_secs_f64(left / self.pace());
            simulation.schedule(wait + Duration::from_nanos(1), Event::End(self.version));
        }
    }

    fn take_ended(&mut self) -> Option<Job> {
        let ended = self.running.pop()?;
        if let Some(job) = self.waiting.pop_front() {
            self.enter(job);
        }
        Some(ended)
    }
}

/// Runs one overload of `factor` times the capacity, with or without shedding.
pub(crate) fn run(
    bottleneck: Bottleneck,
    factor: f64,
    limit: Option<&AdaptiveConcurrencyConfig>,
    seed: u64,
) -> Findings {
    let mut simulation = Simulation::with_seed(seed);
    let now = simulation.now();
    let limit =
        limit.map(|config| AdaptiveConcurrency::new_at("simulated", config, &Metrics::new(), now));
    let mut station = Station {
        bottleneck,
        running: BinaryHeap::new(),
        progress: 0.0,
        waiting: VecDeque::new(),
        advanced: Duration::ZERO,
        version: 0,
    };
    let mut tally = Tally::default();
    simulation.schedule(Duration::ZERO, Event::Arrival);
    while let Some(event) = simulation.next_event() {
        let elapsed = simulation.elapsed();
        if elapsed >= WARM_UP + OVERLOAD + CALM {
            break;
        }
        station.advance(elapsed);
        match event {
            Event::End(version) if version != station.version => continue,
            Event::End(_) => {
                if let Some(mut job) = station.take_ended() {
                    tally.answer(job.asked, elapsed, job.critical);
                    if let Some(permit) = job.permit.take() {
                        permit.finish_at(Outcome::Success, simulation.now());
                    }
                }
            }
            Event::Arrival => {
                let load = if elapsed < WARM_UP + OVERLOAD {
                    factor
                } else {
                    0.5
                };
                let pause = Duration::from_secs_f64(1.0 / (load * bottleneck.capacity(elapsed)));
                let next = simulation.exponential(pause);
                simulation.schedule(next, Event::Arrival);
                let critical = simulation.chance(0.1);
                let work = simulation.log_normal(bottleneck.work(elapsed), SPREAD);
                tally.ask(elapsed, critical);
                let priority = if critical {
                    Priority::Critical
                } else {
                    Priority::Normal
                };
                let permit = match limit
                    .as_ref()
                    .map(|limit| limit.admit(priority, simulation.now()))
                {
                    Some(Err(_)) => {
                        tally.reject(elapsed);
                        continue;
                    }
                    Some(Ok(permit)) => Some(permit),
                    None => None,
                };
                station.enter(Job {
                    permit,
                    asked: elapsed,
                    critical,
                    work: work.as_secs_f64(),
                });
            }
        }
        station.next_end(&mut simulation);
    }
    tally.findings(bottleneck.capacity(WARM_UP))
}

#[derive(Default)]
struct Tally {
    in_time: u32,
    latencies: Vec<Duration>,
    critical_asked: u32,
    critical_in_time: u32,
    last_trouble: Duration,
}

fn is_counted(elapsed: Duration) -> bool {
    // The first five seconds are those in which the limit finds its new level.
    (WARM_UP + Duration::from_secs(5)..WARM_UP + OVERLOAD).contains(&elapsed)
}

impl Tally {
    fn ask(&mut self, elapsed: Duration, critical: bool) {
        self.critical_asked += u32::from(critical && is_counted(elapsed));
    }

    fn reject(&mut self, elapsed: Duration) {
        self.last_trouble = elapsed;
    }

    fn answer(&mut self, asked: Duration, elapsed: Duration, critical: bool) {
        let latency = elapsed - asked;
        let in_time = latency <= CLIENT_TIMEOUT;
        if !in_time {
            self.last_trouble = elapsed;
        }
        if is_counted(asked) {
            self.latencies.push(latency);
            self.critical_in_time += u32::from(critical && in_time);
        }
        self.in_time += u32::from(in_time && is_counted(elapsed));
    }

    fn findings(mut self, capacity: f64) -> Findings {
        self.latencies.sort_unstable();
        let p99 = self.latencies.get(self.latencies.len() * 99 / 100);
        let seconds = (OVERLOAD - Duration::from_secs(5)).as_secs_f64();
        Findings {
            goodput: f64::from(self.in_time) / seconds / capacity,
            p99: p99.copied().unwrap_or_default(),
            critical: f64::from(self.critical_in_time) / f64::from(self.critical_asked.max(1)),
            recovery: self.last_trouble.saturating_sub(WARM_UP + OVERLOAD),
        }
    }
}
