use std::time::{Duration, Instant};

/// A call that takes ten times as long as the slowest of a while is no slow answer any more.
const TIMES_THE_SLOWEST: u32 = 10;
/// However quick the answers usually are, a pause of collecting garbage or of choosing a new leader is borne: a quarter of what is slow anyway.
const SHORTEST_PATIENCE: u32 = 4;
/// Answers without which nothing is known to be usual.
const EVIDENCE: u32 = 10;

/// Calls in flight that tell of an outage before they end: so many in a row wait for longer than is usual, and nothing has succeeded since the first of them began.
#[derive(Debug)]
pub(super) struct Silence {
    /// How many calls make a silence; 0 is none.
    enough: u32,
    slow_call_duration: Duration,
    window: Duration,
    /// The first calls since the last success that still wait, with their numbers.
    waiting: Vec<(u64, Instant)>,
    next_number: u64,
    current: Answers,
    previous: Answers,
    turns: Instant,
}

/// What the answers of one window took.
#[derive(Debug, Clone, Copy, Default)]
struct Answers {
    count: u32,
    slowest: Duration,
}

impl Silence {
    pub(super) fn new(
        enough: u32,
        slow_call_duration: Duration,
        window: Duration,
        now: Instant,
    ) -> Self {
        Self {
            enough,
            slow_call_duration,
            window,
            waiting: Vec::new(),
            next_number: 0,
            current: Answers::default(),
            previous: Answers::default(),
            turns: now + window,
        }
    }

    /// When the answers of another window begin to count.
    pub(super) fn turns(&self) -> Instant {
        self.turns
    }

    pub(super) fn advance(&mut self, now: Instant) {
        if now >= self.turns {
            // After a window without calls, what was usual before it is forgotten.
            let passed = now.duration_since(self.turns);
            self.previous = if passed < self.window {
                self.current
            } else {
                Answers::default()
            };
            self.current = Answers::default();
            self.turns = now + self.window;
        }
    }

    /// A call that began then has no answer yet; its number is for [`leaves`](Self::leaves).
    pub(super) fn waits(&mut self, began: Instant) -> u64 {
        self.next_number += 1;
        if self.waiting.len() < self.enough.try_into().unwrap_or(usize::MAX) {
            self.waiting.push((self.next_number, began));
        }
        self.next_number
    }

    /// A call waits no longer, and that says nothing here.
    pub(super) fn leaves(&mut self, number: u64) {
        self.waiting.retain(|(waiting, _)| *waiting != number);
    }

    /// A call succeeded: whoever waits is slow at worst.
    pub(super) fn ends(&mut self, took: Duration) {
        self.waiting.clear();
        self.current.count = self.current.count.saturating_add(1);
        self.current.slowest = self.current.slowest.max(took);
    }

    /// So many calls succeeded that took no time, while none waited.
    pub(super) fn count_answers(&mut self, number: u32) {
        self.current.count = self.current.count.saturating_add(number);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// When the calls that wait will have waited too long; `None` as long as they are too few.
    pub(super) fn due(&self) -> Option<Instant> {
        let enough = self.enough.try_into().ok()?;
        if self.waiting.is_empty() || self.waiting.len() < enough {
            return None;
        }
        let last = self.waiting.iter().map(|(_, began)| *began).max()?;
        Some(last + self.patience())
    }

    fn patience(&self) -> Duration {
        let answers = self.current.count.saturating_add(self.previous.count);
        if answers < EVIDENCE {
            return self.slow_call_duration;
        }
        let slowest = self.current.slowest.max(self.previous.slowest);
        let shortest = self.slow_call_duration / SHORTEST_PATIENCE;
        let usual = slowest.saturating_mul(TIMES_THE_SLOWEST);
        usual.clamp(shortest, self.slow_call_duration)
    }
}
