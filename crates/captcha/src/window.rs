//! The count of a sliding window.

use std::time::Duration;

use seaworthy_core::Timeout;
use seaworthy_data::microseconds;

/// Number of parts of a window. A code counts for the window, and at most for one part longer.
const PARTS: i64 = 12;
/// Maximum number of parts that one window can overlap.
const COUNTS: usize = 13;
/// Size of the stored start of the newest part, in bytes.
const BEGIN_BYTES: usize = size_of::<i64>();
const COUNT_BYTES: usize = size_of::<u32>();

/// A count of codes by parts of a window. Each interval as long as the window overlaps only parts
/// that count together, so it has no more codes than the limit. With fixed windows it could have
/// twice as many at their border.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SlidingCount {
    /// The length of a part in microseconds.
    part_us: i64,
    /// The time in microseconds since 1970.
    now_us: i64,
    /// The start of the newest part, in microseconds since 1970.
    newest_us: i64,
    /// The codes of each part, the newest part first.
    counts: [u32; COUNTS],
}

impl SlidingCount {
    /// Reads a stored count at a time. A count that was not stored yet is empty.
    pub(crate) fn read(stored: Option<&[u8]>, window: Timeout, now_us: i64) -> Self {
        let mut count = Self {
            part_us: microseconds(window.get()).div_euclid(PARTS) + 1,
            now_us,
            newest_us: now_us,
            counts: [0; COUNTS],
        };
        let stored = stored.and_then(|stored| stored.split_first_chunk::<BEGIN_BYTES>());
        if let Some((begin, counts)) = stored {
            count.newest_us = i64::from_le_bytes(*begin);
            let (counts, _) = counts.as_chunks::<COUNT_BYTES>();
            for (count, stored) in count.counts.iter_mut().zip(counts) {
                *count = u32::from_le_bytes(*stored);
            }
        }
        count.advance();
        count
    }

    /// Starts the part of the current time. If the database clock steps back, the newest part
    /// continues.
    fn advance(&mut self) {
        let passed = self.now_us.saturating_sub(self.newest_us) / self.part_us;
        let begun = usize::try_from(passed).unwrap_or(0);
        if begun == 0 {
            return;
        }
        let begun = begun.min(COUNTS);
        self.counts.rotate_right(begun);
        self.counts
            .iter_mut()
            .take(begun)
            .for_each(|count| *count = 0);
        self.newest_us += passed * self.part_us;
    }

    /// Returns the codes that count.
    pub(crate) fn total(&self) -> u64 {
        self.counts.iter().map(|count| u64::from(*count)).sum()
    }

    /// Counts a code. Returns the start of its part.
    ///
    /// # Errors
    /// The wait, if the limit does not allow the code.
    pub(crate) fn add(&mut self, max: u32) -> Result<i64, Duration> {
        if self.total() >= u64::from(max) {
            return Err(self.wait(max));
        }
        let [newest, ..] = &mut self.counts;
        *newest += 1;
        Ok(self.newest_us)
    }

    /// Returns the time until so many parts have ended that the limit allows a code.
    fn wait(&self, max: u32) -> Duration {
        let mut left = self.total();
        let mut ends_us = self.until_us();
        for count in self.counts.iter().rev() {
            left -= u64::from(*count);
            if left < u64::from(max) {
                break;
            }
            ends_us += self.part_us;
        }
        // The oldest part ends one window before the newest.
        let ends_us = ends_us - PARTS * self.part_us;
        Duration::from_micros((ends_us - self.now_us).max(0).unsigned_abs())
    }

    /// Subtracts a code of the part with this start. A part that does not count stays as it
    /// is, because its window has ended.
    pub(crate) fn remove(&mut self, begin_us: i64) {
        let age_us = self.newest_us.saturating_sub(begin_us);
        if age_us % self.part_us != 0 {
            return;
        }
        let age = usize::try_from(age_us / self.part_us);
        if let Some(count) = age.ok().and_then(|age| self.counts.get_mut(age)) {
            *count = count.saturating_sub(1);
        }
    }

    /// Returns the time after which no code counts, in microseconds since 1970.
    pub(crate) fn until_us(&self) -> i64 {
        self.newest_us + (PARTS + 1) * self.part_us
    }

    /// Returns the bytes to store.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let counts = self.counts.iter().flat_map(|count| count.to_le_bytes());
        self.newest_us
            .to_le_bytes()
            .into_iter()
            .chain(counts)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WINDOW: Timeout = Timeout::from_secs(60 * 60);
    const WINDOW_US: i64 = 60 * 60 * 1_000_000;
    const PART_US: i64 = WINDOW_US / PARTS + 1;
    const BEGIN: i64 = 1_700_000_000_000_000;

    /// Counts codes at times of a window. Returns the times of the codes that the limit allows.
    fn allowed(times: impl IntoIterator<Item = i64>, max: u32) -> Vec<i64> {
        let mut stored: Option<Vec<u8>> = None;
        let is_allowed = |time: &i64| {
            let mut count = SlidingCount::read(stored.as_deref(), WINDOW, BEGIN + time);
            let counted = count.add(max).is_ok();
            stored = Some(count.to_bytes());
            counted
        };
        times.into_iter().filter(is_allowed).collect()
    }

    proptest! {
        #[test]
        fn no_window_exceeds_the_limit_auth_2(
            mut times in prop::collection::vec(0..4 * WINDOW_US, 0..200),
            max in 1..20_u32,
        ) {
            times.sort_unstable();
            let allowed = allowed(times, max);
            for (index, first) in allowed.iter().enumerate() {
                let window = allowed.iter().skip(index).take_while(|time| **time - first < WINDOW_US);
                prop_assert!(window.count() <= usize::try_from(max).unwrap());
            }
        }

        #[test]
        fn code_is_allowed_after_the_wait_auth_2(
            mut times in prop::collection::vec(0..WINDOW_US, 1..40),
            max in 1..20_u32,
        ) {
            times.sort_unstable();
            let mut stored: Option<Vec<u8>> = None;
            for time in times {
                let mut count = SlidingCount::read(stored.as_deref(), WINDOW, BEGIN + time);
                if let Err(wait) = count.add(max) {
                    let wait = i64::try_from(wait.as_micros()).unwrap();
                    prop_assert!(wait > 0 && wait <= WINDOW_US + 2 * PART_US, "{wait}");
                    let at = |now| SlidingCount::read(stored.as_deref(), WINDOW, now).add(max);
                    prop_assert!(at(BEGIN + time + wait - 1).is_err());
                    prop_assert!(at(BEGIN + time + wait).is_ok());
                }
                stored = Some(count.to_bytes());
            }
        }
    }

    #[test]
    fn border_does_not_double_the_rate_auth_2() {
        let late = (0..10).map(|code| WINDOW_US - 10 + code);
        let next = (0..10).map(|code| WINDOW_US + code);
        let times = [0].into_iter().chain(late).chain(next);
        assert_eq!(allowed(times, 10).len(), 10);
        // A window later all codes are allowed again.
        let times = (0..10).chain((0..10).map(|code| (PARTS + 1) * PART_US + code));
        assert_eq!(allowed(times, 10).len(), 20);
    }

    #[test]
    fn code_is_subtracted_from_its_own_part_auth_2() {
        let mut count = SlidingCount::read(None, WINDOW, BEGIN);
        let early = count.add(9).unwrap();
        let mut count = SlidingCount::read(Some(&count.to_bytes()), WINDOW, BEGIN + WINDOW_US / 2);
        let late = count.add(9).unwrap();
        assert!(late > early);
        count.remove(early);
        count.remove(early);
        assert_eq!(count.total(), 1, "the other part keeps its code");
        // The part ended long ago, or another row counts.
        let long_ago = BEGIN + 3 * WINDOW_US;
        let mut later = SlidingCount::read(Some(&count.to_bytes()), WINDOW, long_ago);
        later.add(9).unwrap();
        later.remove(late);
        later.remove(later.newest_us + 1);
        later.remove(later.newest_us - 1);
        assert_eq!(later.total(), 1);
    }

    #[test]
    fn stored_count_is_valid_with_other_windows_and_times_auth_2() {
        let mut count = SlidingCount::read(None, WINDOW, BEGIN);
        count.add(9).unwrap();
        let stored = count.to_bytes();
        let earlier = SlidingCount::read(Some(&stored), WINDOW, BEGIN - WINDOW_US);
        assert_eq!(earlier.total(), 1);
        let shorter = Timeout::from_secs(1);
        assert_eq!(SlidingCount::read(Some(&stored), shorter, BEGIN).total(), 1);
        let expired = SlidingCount::read(Some(&stored), shorter, BEGIN + 3_000_000);
        assert_eq!(expired.total(), 0);
        assert!(count.until_us() > BEGIN + WINDOW_US);
        let end = SlidingCount::read(Some(&stored), WINDOW, count.until_us());
        assert_eq!(end.total(), 0);
        // An earlier version has stored no parts.
        assert_eq!(SlidingCount::read(Some(&[]), WINDOW, BEGIN).total(), 0);
    }
}
