use std::thread;

use super::*;

/// Number of requests, enough that threads overlap between a count and its lock.
const REQUESTS: u32 = 200_000;
const THREADS: usize = 4;

#[test]
fn counts_of_cancelled_requests_never_underflow_sec_3() {
    let state = Arc::new(ConnectionState::new(([127, 0, 0, 1], 1).into()));
    // Each cancelled request begins a window, so each stores the count of requests.
    let limit = ResetLimit {
        max: 0,
        window: Duration::ZERO,
    };
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..REQUESTS {
                    drop(InFlight::new(Arc::clone(&state), Some(limit)));
                }
            });
        }
    });
    let snapshot = state.snapshot(1);
    assert_eq!(snapshot.in_flight, 0);
    assert_eq!(snapshot.requests, u64::from(REQUESTS) * THREADS as u64);
}
