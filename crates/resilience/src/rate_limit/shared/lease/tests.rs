use std::sync::atomic::{AtomicU32, Ordering};

use super::{
    Table,
    state::{Lease, LeaseDecision},
};
use crate::rate_limit::RateLimitKey;

#[test]
fn searches_a_full_table_once_for_many_new_keys_res_6() {
    const KEYS: usize = 1_000;
    let second = 1_000_000_000;
    let key = |number: usize| RateLimitKey::Route(format!("key {number}").into());
    let mut table = Table::new(KEYS);
    for number in 0..KEYS {
        table
            .get_or_add(&key(number), 0)
            .unwrap()
            .renew(1, 0, second);
    }
    for number in KEYS..2 * KEYS {
        assert!(table.get_or_add(&key(number), 0).is_none());
    }
    assert_eq!(table.searches, 1);
    // Existing leases are found without a search.
    assert!(table.get_or_add(&key(0), 0).is_some());
    // All leases have ended.
    assert!(table.get_or_add(&key(KEYS), second).is_some());
    assert_eq!(table.searches, 2);
}

#[test]
fn keeps_leases_that_are_being_renewed_res_6() {
    let mut table = Table::new(1);
    let renewing = table
        .get_or_add(&RateLimitKey::Route("a".into()), 0)
        .unwrap();
    assert!(
        table
            .get_or_add(&RateLimitKey::Route("b".into()), 0)
            .is_none()
    );
    drop(renewing);
    let later = 1_000_000_000;
    assert!(
        table
            .get_or_add(&RateLimitKey::Route("b".into()), later)
            .is_some()
    );
}

#[test]
fn loses_leftover_units_at_the_end_of_a_lease_res_6() {
    let lease = Lease::default();
    assert_eq!(lease.take(0), LeaseDecision::Unknown);
    lease.renew(5, 7, 100);
    assert_eq!(lease.take(99), LeaseDecision::Admitted(11));
    assert_eq!(lease.take(100), LeaseDecision::Unknown);
    lease.renew(1, 0, 200);
    assert_eq!(lease.take(150), LeaseDecision::Admitted(0));
    assert_eq!(lease.take(150), LeaseDecision::Unknown);
}

#[test]
fn admits_no_more_than_was_borrowed_during_renewals_res_6() {
    const RENEWALS: u32 = 20_000;
    let lease = Lease::default();
    let admitted = AtomicU32::new(0);
    // Each lease ends before the next one, with unused units.
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    while admitted.load(Ordering::Relaxed) < u32::MAX / 2 {
                        match lease.take(u64::MAX - 1) {
                            LeaseDecision::Admitted(_) => {
                                admitted.fetch_add(1, Ordering::Relaxed);
                            }
                            LeaseDecision::Blocked(_) => return,
                            LeaseDecision::Unknown => {}
                        }
                    }
                })
            })
            .collect();
        for _ in 0..RENEWALS {
            // Ten units that are unusable because their lease has ended, then one valid unit.
            lease.renew(10, 0, 0);
            lease.renew(1, 0, u64::MAX);
        }
        lease.block(u64::MAX);
        for reader in readers {
            reader.join().unwrap();
        }
    });
    assert!(admitted.into_inner() <= RENEWALS);
}
