use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Maximum wait for a condition, longer than any awaited event takes.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The interval between two checks of a condition, too short to delay a test.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// Waits until a condition holds.
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
        while !holds().await {
            assert!(
                Instant::now() < end,
                "the condition at {caller} did not hold within {TIMEOUT:?}"
            );
            sleep(POLL_INTERVAL).await;
        }
    }
}
