use super::priority::Priority;

/// Factor of a priority's share per window in which a more important priority was rejected.
const DECREASE: f64 = 0.9;
/// Increase of a share per window in which no more important priority was rejected.
const INCREASE: f64 = 0.02;
/// Minimum share. Below it the bottleneck would be idle at times, because the limit exceeds its
/// concurrency by a queue only.
const MIN_SHARE: f64 = 0.65;
/// Rejections below this part of a priority's requests are chance and do not change a share.
const TOLERATED_REJECTIONS: f64 = 0.02;
/// The part of the limit that each more important priority keeps while it is in use.
const RESERVE: f64 = 0.1;
/// Windows after its last request in which a priority counts as in use.
const WINDOWS_IN_USE: u32 = 20;

/// The part of the limit that each priority may fill.
#[derive(Debug)]
pub(super) struct Shares {
    shares: [f64; Priority::ALL.len()],
    unused: [u32; Priority::ALL.len()],
}

/// The requests of one priority during a window.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Arrivals {
    pub(super) arrived: u32,
    pub(super) rejected: u32,
}

impl Shares {
    pub(super) fn new() -> Self {
        Self {
            shares: [1.0; Priority::ALL.len()],
            unused: [WINDOWS_IN_USE; Priority::ALL.len()],
        }
    }

    pub(super) fn get(&self) -> [f64; Priority::ALL.len()] {
        self.shares
    }

    /// Adjusts the shares after a window.
    pub(super) fn adjust(&mut self, by_priority: [Arrivals; Priority::ALL.len()]) {
        let (mut ceiling, mut rejected) = (1.0, false);
        let shares = self.shares.iter_mut().zip(&mut self.unused);
        for ((share, unused), arrivals) in shares.zip(by_priority) {
            *share = if rejected {
                (*share * DECREASE).max(MIN_SHARE)
            } else {
                *share + INCREASE
            }
            .min(ceiling);
            *unused = if arrivals.arrived > 0 {
                0
            } else {
                unused.saturating_add(1)
            };
            if *unused < WINDOWS_IN_USE {
                ceiling -= RESERVE;
            }
            rejected |=
                f64::from(arrivals.rejected) > TOLERATED_REJECTIONS * f64::from(arrivals.arrived);
        }
    }
}
