use std::{
    fmt::Debug,
    time::{Duration, Instant},
};

/// Time limit of everything that tests wait for, on the slowest machine.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Polls until the attempt succeeds, and returns its value. Panics with the last error after
/// [`TIMEOUT`].
pub(crate) async fn eventually<T, E: Debug>(mut attempt: impl AsyncFnMut() -> Result<T, E>) -> T {
    let start = Instant::now();
    loop {
        match attempt().await {
            Ok(value) => return value,
            Err(error) if start.elapsed() > TIMEOUT => {
                panic!("not after {TIMEOUT:?}: {error:?}")
            }
            Err(_) => tokio::time::sleep(POLL_INTERVAL).await,
        }
    }
}
