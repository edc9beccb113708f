use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Maximum wait for a condition, longer than any awaited event takes.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The first interval between two checks of a condition, too short to delay a test.
const MIN_POLL_INTERVAL: Duration = Duration::from_millis(5);
/// Maximum interval between two short checks. More frequent ones take CPU time from the awaited
/// event.
const MAX_POLL_INTERVAL: Duration = Duration::from_millis(20);
/// Maximum interval between two checks that take long, such as those that start a program.
const MAX_LONG_POLL_INTERVAL: Duration = Duration::from_millis(200);

/// Waits until a condition holds. The interval between two checks is up to 20 ms, and up to 200 ms
/// if a check takes that long.
///
/// ```
/// use std::sync::atomic::{AtomicBool, Ordering};
/// use seaworthy_testkit::eventually;
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let done = AtomicBool::new(true);
/// eventually(async || done.load(Ordering::SeqCst)).await;
/// # });
/// ```
///
/// # Panics
/// The condition does not hold within a minute.
#[track_caller]
pub fn eventually(mut holds: impl AsyncFnMut() -> bool) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let end = Instant::now() + TIMEOUT;
        let mut interval = MIN_POLL_INTERVAL;
        loop {
            let began = Instant::now();
            if holds().await {
                return;
            }
            assert!(
                Instant::now() < end,
                "the condition at {caller} did not hold within {TIMEOUT:?}"
            );
            sleep(began.elapsed().clamp(interval, MAX_LONG_POLL_INTERVAL)).await;
            interval = (interval * 2).min(MAX_POLL_INTERVAL);
        }
    }
}

/// Maximum number of trials of [`once_within`].
const MAX_TRIALS: u32 = 5;

/// Repeats a trial until its duration is below a limit. `measure` gets the number of the trial,
/// which begins with 1. A busy machine delays some trials, and a defect delays all of them.
///
/// ```
/// use std::time::Duration;
/// use seaworthy_testkit::once_within;
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let limit = Duration::from_secs(1);
/// once_within(limit, async |trial| limit * 3 / (trial + 1)).await;
/// # });
/// ```
///
/// # Panics
/// No trial of five is below the limit.
#[track_caller]
pub fn once_within(
    limit: Duration,
    mut measure: impl AsyncFnMut(u32) -> Duration,
) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let mut durations = Vec::new();
        for trial in 1..=MAX_TRIALS {
            let duration = measure(trial).await;
            if duration < limit {
                return;
            }
            durations.push(duration);
        }
        assert!(
            durations.is_empty(),
            "the trials at {caller} took {durations:?}, but the limit is {limit:?}"
        );
    }
}
