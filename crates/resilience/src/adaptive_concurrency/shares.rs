use super::priority::Priority;

/// How fast a class gives way in each window in which a more important one was refused.
const GIVES_WAY: f64 = 0.9;
/// How fast it comes back in each window in which none was.
const COMES_BACK: f64 = 0.02;
/// No class gives way further: below this the bottleneck, which the limit exceeds by a queue, would
/// be idle at times.
const LEAST: f64 = 0.65;
/// Refusals below this share of a class are chance: the others need not give way for them.
const BORNE: f64 = 0.02;
/// What the more important classes keep for themselves while they send anything.
const RESERVE: f64 = 0.1;
/// Windows for which a class that sent something counts as present.
const PRESENT: u32 = 20;

/// Which part of the limit each priority may fill.
#[derive(Debug)]
pub(super) struct Shares {
    shares: [f64; Priority::ALL.len()],
    absent: [u32; Priority::ALL.len()],
}

/// What came of one priority during a window.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Arrivals {
    pub(super) asked: u32,
    pub(super) refused: u32,
}

impl Shares {
    pub(super) fn new() -> Self {
        Self {
            shares: [1.0; Priority::ALL.len()],
            absent: [PRESENT; Priority::ALL.len()],
        }
    }

    pub(super) fn get(&self) -> [f64; Priority::ALL.len()] {
        self.shares
    }

    /// Adjusts the shares to what came in the last window.
    pub(super) fn adjust(&mut self, arrivals: [Arrivals; Priority::ALL.len()]) {
        let (mut ceiling, mut refused) = (1.0, false);
        let classes = self.shares.iter_mut().zip(&mut self.absent);
        for ((share, absent), came) in classes.zip(arrivals) {
            *share = if refused {
                (*share * GIVES_WAY).max(LEAST)
            } else {
                *share + COMES_BACK
            }
            .min(ceiling);
            *absent = if came.asked > 0 {
                0
            } else {
                absent.saturating_add(1)
            };
            if *absent < PRESENT {
                ceiling -= RESERVE;
            }
            refused |= f64::from(came.refused) > BORNE * f64::from(came.asked);
        }
    }
}
