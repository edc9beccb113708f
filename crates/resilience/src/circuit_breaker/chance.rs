//! What chance explains, and what it does not.

/// A run that would come by chance once in so many calls: at a thousand calls a second, once in eleven days.
const RARE: f64 = 1e-9;
/// Where more than this share fails usually, the rate decides, not a run.
const MOST_USUAL: f64 = 0.5;
/// Calls without which nothing is known to be usual.
const EVIDENCE: f64 = 10.0;
/// What remains of the memory after one bucket: with twenty to a window, the memory is two windows long.
const REMAINS: f64 = 0.975;
/// Two standard deviations: one narrow case in forty is judged too early.
const DEVIATIONS: f64 = 2.0;

/// The usual share of failures, from calls that were no outage.
#[derive(Debug, Default)]
pub(super) struct Usual {
    good: f64,
    bad: f64,
}

impl Usual {
    pub(super) fn fade(&mut self, buckets: u32) {
        if buckets > 0 {
            let remains = REMAINS.powi(i32::try_from(buckets).unwrap_or(i32::MAX));
            self.good *= remains;
            self.bad *= remains;
        }
    }

    /// A success that ended a run of `run` failures.
    pub(super) fn count(&mut self, run: u32) {
        self.good += 1.0;
        self.bad += f64::from(run);
    }

    /// So many successes after a success.
    pub(super) fn count_good(&mut self, number: u32) {
        self.good += f64::from(number);
    }

    /// Whether a run of failures is so long that, with the usual share of failures, it is not chance.
    pub(super) fn is_surprised_by(&self, run: u32) -> bool {
        let calls = self.good + self.bad;
        if calls < EVIDENCE {
            return true;
        }
        let share = (self.bad / calls).min(MOST_USUAL);
        share <= 0.0 || f64::from(run) * share.ln() < RARE.ln()
    }
}

/// Whether `hits` of `calls` show that the true share is above `threshold`: the lower end of the Wilson score interval is.
pub(super) fn exceeds(hits: u32, calls: u32, threshold: f64) -> bool {
    let (hits, calls) = (f64::from(hits), f64::from(calls));
    if calls <= 0.0 || hits < threshold * calls {
        return false;
    }
    if hits >= calls {
        return true;
    }
    let share = hits / calls;
    let square = DEVIATIONS * DEVIATIONS;
    let spread = (share * (1.0 - share) / calls + square / (4.0 * calls * calls)).sqrt();
    let lower = (share + square / (2.0 * calls) - DEVIATIONS * spread) / (1.0 + square / calls);
    lower >= threshold
}
