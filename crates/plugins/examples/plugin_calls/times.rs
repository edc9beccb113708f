//! Results and their goals.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

/// The number of missed goals.
static MISSED: AtomicUsize = AtomicUsize::new(0);

/// Prints whether a goal is met.
pub(crate) fn goal(what: &str, is_met: bool) {
    let state = match is_met {
        true => "met",
        false => {
            MISSED.fetch_add(1, Ordering::Relaxed);
            "MISSED"
        }
    };
    println!("  goal {state}: {what}");
}

/// Returns the number of missed goals.
pub(crate) fn missed() -> usize {
    MISSED.load(Ordering::Relaxed)
}

/// Returns a quantile. `share` is in thousandths: 990 is the p99.
pub(crate) fn quantile(times: &mut [Duration], share: usize) -> Duration {
    times.sort_unstable();
    let last = times.len().saturating_sub(1);
    let at = (times.len() * share / 1_000).min(last);
    times.get(at).copied().unwrap_or_default()
}

/// Prints quantiles of durations. Returns the median.
pub(crate) fn print(what: &str, mut times: Vec<Duration>) -> Duration {
    let [p50, p99, max] = [500, 990, 1_000].map(|share| quantile(&mut times, share));
    println!("{what}: p50 {p50:?}, p99 {p99:?}, max {max:?}");
    p50
}
