use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The start of the timestamps: 2021-01-01T00:00:00Z, in milliseconds since 1970.
const EPOCH_MS: u64 = 1_609_459_200_000;
const NODE_BITS: u32 = 10;
const SEQUENCE_BITS: u32 = 12;
const MAX_NODE: u16 = (1 << NODE_BITS) - 1;
const MAX_SEQUENCE: u64 = (1 << SEQUENCE_BITS) - 1;
/// Maximum timestamp in milliseconds since `EPOCH_MS`: 41 bits, which last until 2090.
const MAX_MS: u64 = (1 << 41) - 1;
/// Maximum milliseconds of the IDs ahead of the clock, after a small step back or in a burst.
const MAX_AHEAD_MS: u64 = 1_000;

/// Generates numeric IDs that increase over time: 41 bits of milliseconds since 2021, 10 bits of
/// the node and 12 bits of a sequence. Share one generator in a process.
///
/// Each replica needs its own node from its settings. Two replicas with one node generate equal
/// IDs. Prefer [`new_id`](crate::new_id), which needs no node.
///
/// ```
/// use seaworthy_core::Snowflakes;
///
/// let ids = Snowflakes::new(7)?;
/// let (first, second) = (ids.generate()?, ids.generate()?);
/// assert!(first < second);
/// # Ok::<_, seaworthy_core::SnowflakeError>(())
/// ```
#[derive(Debug)]
pub struct Snowflakes {
    node: u16,
    /// The last milliseconds and sequence.
    last: AtomicU64,
}

/// An error that prevents the generation of an ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnowflakeError {
    /// The node has more than 10 bits.
    #[error("the node {0} is too large: use 0 to 1023, and another one for each replica")]
    Node(u16),
    /// The clock is further back than the last ID by this time.
    #[error("the clock went back by {0:?}: an ID could repeat, so check the time synchronization")]
    ClockWentBack(Duration),
    /// The clock is outside of the years 2021 to 2090.
    #[error("the clock is outside of the years 2021 to 2090: check the time of the machine")]
    ClockOutOfRange,
}

impl Snowflakes {
    /// Creates a generator for a node from 0 to 1023.
    ///
    /// # Errors
    /// [`SnowflakeError::Node`].
    pub const fn new(node: u16) -> Result<Self, SnowflakeError> {
        if node > MAX_NODE {
            return Err(SnowflakeError::Node(node));
        }
        Ok(Self {
            node,
            last: AtomicU64::new(0),
        })
    }

    /// Returns an ID that is larger than all earlier ones of this generator. It fits into an `i64`.
    ///
    /// # Errors
    /// [`SnowflakeError`] if the clock went back by more than a second, or is out of range.
    pub fn generate(&self) -> Result<u64, SnowflakeError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.ok().and_then(|now| u64::try_from(now.as_millis()).ok());
        self.generate_at(now.unwrap_or_default())
    }

    fn generate_at(&self, unix_ms: u64) -> Result<u64, SnowflakeError> {
        let now = unix_ms.checked_sub(EPOCH_MS);
        let now = now.filter(|now| *now <= MAX_MS - MAX_AHEAD_MS);
        let now = now.ok_or(SnowflakeError::ClockOutOfRange)?;
        let mut last = self.last.load(Ordering::Relaxed);
        loop {
            // A full millisecond continues in the next one.
            let tick = (now << SEQUENCE_BITS).max(last + 1);
            let ahead = (tick >> SEQUENCE_BITS) - now;
            if ahead > MAX_AHEAD_MS {
                return Err(SnowflakeError::ClockWentBack(Duration::from_millis(ahead)));
            }
            let (relaxed, node) = (Ordering::Relaxed, u64::from(self.node));
            match self
                .last
                .compare_exchange_weak(last, tick, relaxed, relaxed)
            {
                Ok(_) => {
                    let milliseconds = tick >> SEQUENCE_BITS << (NODE_BITS + SEQUENCE_BITS);
                    return Ok(milliseconds | node << SEQUENCE_BITS | tick & MAX_SEQUENCE);
                }
                Err(newer) => last = newer,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, sync::Arc, thread};

    use super::*;

    const NOW: u64 = EPOCH_MS + 5_000;

    #[test]
    fn snowflake_has_time_node_and_sequence_core_1() {
        let ids = Snowflakes::new(7).unwrap();
        assert_eq!(ids.generate_at(NOW).unwrap(), 5_000 << 22 | 7 << 12);
        assert_eq!(ids.generate_at(NOW).unwrap(), 5_000 << 22 | 7 << 12 | 1);
        assert_eq!(
            Snowflakes::new(1024).unwrap_err(),
            SnowflakeError::Node(1024)
        );
        assert!(i64::try_from(Snowflakes::new(1023).unwrap().generate().unwrap()).is_ok());
    }

    #[test]
    fn clock_that_is_set_back_repeats_no_id_core_1() {
        let ids = Snowflakes::new(0).unwrap();
        let first = ids.generate_at(NOW).unwrap();
        assert!(ids.generate_at(NOW - 900).unwrap() > first);
        let refused = ids.generate_at(NOW - 1_001).unwrap_err();
        assert!(matches!(refused, SnowflakeError::ClockWentBack(_)));
        assert!(ids.generate_at(NOW + 1).unwrap() > first);
        let before = ids.generate_at(EPOCH_MS - 1).unwrap_err();
        assert_eq!(before, SnowflakeError::ClockOutOfRange);
    }

    #[test]
    fn snowflakes_are_unique_across_threads_core_1() {
        let ids = Arc::new(Snowflakes::new(1).unwrap());
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let ids = Arc::clone(&ids);
                thread::spawn(move || {
                    (0..5_000)
                        .map(|_| ids.generate_at(NOW).unwrap())
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        let all = threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap());
        assert_eq!(all.collect::<HashSet<_>>().len(), 20_000);
    }
}
