//! The number of students at which each part reaches its limit.

use super::{
    day::{DAY, HOUR, Second, connected, peak, push_delay},
    inputs::{
        BUSIEST_DAY, CALLS_PER_PAYMENT, COURSE_LOCK_MS, COURSES, EVENTS_PER_SECOND, LOOKBACK_DAYS,
        MAX_CONNECTIONS, MAX_PUSH_DELAY, MAX_REPLICAS, MAX_RETRY_AGE, PENDING_PER_THOUSAND,
        PROVIDER_CALL_MS, PURCHASE_PEAK_PERCENT, RECONCILIATION_TIMEOUT, RETRY_BATCH,
        RETRY_INTERVAL, SESSIONS_PER_PURCHASE, STATEMENTS_PER_SECOND, STATEMENTS_PER_SESSION,
        STREAM_ENTRIES_PER_SECOND, TARGET_PERCENT, WEBHOOKS_PER_MINUTE, WEBHOOKS_PER_PURCHASE,
    },
};

/// Limits are multiples of this number.
pub(crate) const STEP: u64 = 10_000;
/// The search ends here.
const MAX_STUDENTS: u64 = 100_000_000;

/// How a limit is raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remedy {
    Setting,
    Code,
    Server,
}

/// A part with a limited capacity.
pub(crate) struct Limit {
    pub(crate) name: &'static str,
    pub(crate) remedy: Remedy,
    pub(crate) how: &'static str,
    pub(crate) holds: fn(u64) -> bool,
}

/// The limits in the order of the code. The page sorts them.
pub(crate) const LIMITS: [Limit; 8] = [
    Limit {
        name: "connections of Socket.IO",
        remedy: Remedy::Setting,
        how: "`realtime.max_connections`, `maxReplicas`",
        holds: |students| connected(students) <= MAX_CONNECTIONS * MAX_REPLICAS,
    },
    Limit {
        name: "webhooks of the provider",
        remedy: Remedy::Setting,
        how: "`limits.webhook` of payment",
        holds: |students| webhooks_per_minute(students) <= WEBHOOKS_PER_MINUTE,
    },
    Limit {
        name: "pushes",
        remedy: Remedy::Code,
        how: "a worker per shard of `deliveries`",
        holds: |students| push_delay(students, 1) <= MAX_PUSH_DELAY,
    },
    Limit {
        name: "reconciliation with the provider",
        remedy: Remedy::Code,
        how: "concurrent calls, or a worker per day",
        holds: |students| reconciliation_seconds(students) <= RECONCILIATION_TIMEOUT,
    },
    Limit {
        name: "retries of pending allocations",
        remedy: Remedy::Code,
        how: "a larger batch, or a worker per zone",
        holds: |students| retry_age(students) <= MAX_RETRY_AGE,
    },
    Limit {
        name: "database of booking, two cores",
        remedy: Remedy::Server,
        how: "more cores, then shards by zone",
        holds: |students| fits(peak_statements(students, "booking"), STATEMENTS_PER_SECOND),
    },
    Limit {
        name: "events, all through one process",
        remedy: Remedy::Server,
        how: "replicas, up to 12 partitions",
        holds: |students| fits(peak(students, Second::events), EVENTS_PER_SECOND),
    },
    Limit {
        name: "live events of one gateway",
        remedy: Remedy::Code,
        how: "a stream per group of gateways",
        holds: |students| {
            fits(
                peak(students, Second::live_entries),
                STREAM_ENTRIES_PER_SECOND,
            )
        },
    },
];

impl Limit {
    /// Returns the largest number of students that the part serves, a multiple of [`STEP`].
    pub(crate) fn max_students(&self) -> u64 {
        let (mut low, mut high) = (0, MAX_STUDENTS / STEP);
        while low < high {
            let middle = (low + high).div_ceil(2);
            match (self.holds)(middle * STEP) {
                true => low = middle,
                false => high = middle - 1,
            }
        }
        low * STEP
    }
}

fn fits(rate: u64, capacity: u64) -> bool {
    rate * 100 <= capacity * TARGET_PERCENT
}

/// Purchases of a mean day: each student has one session per day.
pub(crate) const fn purchases_per_day(students: u64) -> u64 {
    students.div_ceil(SESSIONS_PER_PURCHASE)
}

/// Purchases in the busiest hour of the busiest day.
const fn purchases_per_hour(students: u64) -> u64 {
    purchases_per_day(students) * BUSIEST_DAY * PURCHASE_PEAK_PERCENT / 100
}

pub(crate) const fn webhooks_per_minute(students: u64) -> u64 {
    (purchases_per_hour(students) * WEBHOOKS_PER_PURCHASE).div_ceil(60)
}

/// The duration of a reconciliation, in seconds.
pub(crate) const fn reconciliation_seconds(students: u64) -> u64 {
    let payments = purchases_per_day(students) * LOOKBACK_DAYS;
    (payments * CALLS_PER_PAYMENT * PROVIDER_CALL_MS).div_ceil(1_000)
}

/// The time in which each pending allocation is tried once, in seconds.
pub(crate) const fn retry_age(students: u64) -> u64 {
    let pending = purchases_per_day(students) * 7 * PENDING_PER_THOUSAND / 1_000;
    pending.div_ceil(RETRY_BATCH) * RETRY_INTERVAL
}

/// The share of time in which the row of a course is locked, in percent.
pub(crate) const fn course_lock_percent(students: u64) -> u64 {
    let locked_ms = purchases_per_hour(students).div_ceil(COURSES) * COURSE_LOCK_MS;
    (locked_ms * 100).div_ceil(HOUR * 1_000)
}

/// Statements of a service at the busiest second. Those of booking belong to the steps of a
/// session, and those of the others to its events.
pub(crate) fn peak_statements(students: u64, service: &str) -> u64 {
    let known = STATEMENTS_PER_SESSION.iter();
    let statements = known
        .filter(|(name, _)| *name == service)
        .map(|(_, statements)| statements)
        .sum::<u64>();
    peak(students, |second| second.steps() * statements / 4)
}

/// Statements of a day, of all services.
pub(crate) fn statements_per_day(students: u64) -> u64 {
    let all = STATEMENTS_PER_SESSION.iter();
    students * all.map(|(_, statements)| statements).sum::<u64>()
}

/// Statements per second, as a mean of the day.
pub(crate) fn mean_statements(students: u64) -> u64 {
    statements_per_day(students).div_ceil(DAY)
}
