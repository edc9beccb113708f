use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use rand::RngExt as _;
use uuid::Uuid;

/// The last tick of this process: milliseconds since the epoch, shifted left by 12 bits that hold a
/// fraction of the millisecond.
static LAST_TICK: AtomicU64 = AtomicU64::new(0);

const FRACTION_BITS: u32 = 12;
const NANOS_PER_MILLISECOND: u64 = 1_000_000;

/// Returns a new UUIDv7 that is larger than all earlier ones of this process (CORE-1).
///
/// RFC 9562, section 6.2, method 3: the 12 bits of `rand_a` hold the fraction of the millisecond. A
/// tick that is already used is replaced by the next one. The order therefore holds within a tick,
/// between threads, and after the clock steps back. The 62 random bits come from the thread's
/// ChaCha generator, which needs no system call per identifier.
#[must_use]
pub fn new_id() -> Uuid {
    let tick = next_tick(clock_tick());
    let milliseconds = tick >> FRACTION_BITS;
    let fraction = tick & ((1 << FRACTION_BITS) - 1);
    let random: u64 = rand::rng().random();
    let high = (milliseconds << 16) | 0x7000 | fraction;
    let low = (random >> 2) | (0b10 << 62);
    Uuid::from_u64_pair(high, low)
}

fn clock_tick() -> u64 {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let milliseconds = since_epoch.as_secs() * 1_000 + u64::from(since_epoch.subsec_millis());
    let nanos = u64::from(since_epoch.subsec_nanos()) % NANOS_PER_MILLISECOND;
    (milliseconds << FRACTION_BITS) | ((nanos << FRACTION_BITS) / NANOS_PER_MILLISECOND)
}

fn next_tick(now: u64) -> u64 {
    let mut last = LAST_TICK.load(Ordering::Relaxed);
    loop {
        let tick = now.max(last + 1);
        match LAST_TICK.compare_exchange_weak(last, tick, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return tick,
            Err(newer) => last = newer,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, thread};

    use super::*;

    #[test]
    fn new_id_has_version_7_and_rfc_variant_core_1() {
        let id = new_id();
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
    }

    #[test]
    fn new_id_contains_creation_time_core_1() {
        let before = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let (seconds, _) = new_id().get_timestamp().unwrap().to_unix();
        assert!(seconds >= before && seconds <= before + 60);
    }

    #[test]
    fn new_ids_increase_and_are_unique_across_threads_core_1() {
        let lists: Vec<Vec<Uuid>> = (0..4)
            .map(|_| thread::spawn(|| (0..20_000).map(|_| new_id()).collect::<Vec<_>>()))
            .collect::<Vec<_>>()
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect();
        for list in &lists {
            assert!(list.is_sorted_by(|left, right| left < right));
        }
        let unique: HashSet<Uuid> = lists.iter().flatten().copied().collect();
        assert_eq!(unique.len(), 80_000);
    }

    #[test]
    fn new_ids_increase_after_clock_steps_back_core_1() {
        let later = next_tick(clock_tick() + 1_000);
        assert!(next_tick(0) > later);
    }
}
