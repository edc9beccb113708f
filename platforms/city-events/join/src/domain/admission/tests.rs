use city_events_contract::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{config::WaitlistConfig, domain::EventState};

fn seats(capacity: i32, active: i64, waitlisted: i64) -> Seats {
    let now = Timestamp::now();
    Seats {
        event: Uuid::nil(),
        capacity,
        active,
        waitlisted,
        state: EventState::Open,
        owner: None,
        ends_at: None,
        announced_at: now,
        joined_at: None,
        revision: 0,
        updated_at: now,
    }
}

fn default_waitlist() -> Waitlist {
    WaitlistConfig::default().waitlist()
}

#[test]
fn waitlist_length_is_capacity_within_20_and_100() {
    let lengths =
        [1, 19, 20, 21, 99, 100, 101, i32::MAX].map(|size| default_waitlist().length(size));
    assert_eq!(lengths, [20, 20, 20, 21, 99, 100, 100, 100]);
}

#[test]
fn min_length_applies_if_it_exceeds_max_length() {
    assert_eq!(Waitlist::new(2_000, 5).length(100), 2_000);
}

#[test]
fn unlimited_event_admits_every_user() {
    let decision = admit(&seats(0, 1_000_000, 0), default_waitlist());
    assert_eq!(decision, Decision::Status(JoinStatus::Active));
}

proptest! {
    #[test]
    fn admission_never_exceeds_a_bound(capacity in 1..200i32, active in 0..300i64, waitlisted in 0..150i64) {
        let before = seats(capacity, active, waitlisted);
        match admit(&before, default_waitlist()) {
            Decision::Status(JoinStatus::Active) => {
                prop_assert!(active < i64::from(capacity));
                prop_assert_eq!(waitlisted, 0);
            }
            Decision::Status(JoinStatus::Waitlisted) => {
                prop_assert!(waitlisted < i64::from(capacity).clamp(20, 100));
                prop_assert!(active >= i64::from(capacity) || waitlisted > 0);
            }
            Decision::Full => prop_assert!(waitlisted >= i64::from(capacity).clamp(20, 100)),
            other => prop_assert!(false, "{other:?}"),
        }
    }

    #[test]
    fn join_times_increase_while_clock_goes_back(readings in proptest::collection::vec(0..5i64, 1..50)) {
        let start = Timestamp::now();
        let mut seats = seats(1, 0, 0);
        for reading in readings {
            let now = Timestamp::from(start.get() + chrono::TimeDelta::microseconds(reading));
            let time = seats.next_join_time(now);
            prop_assert!(seats.joined_at.is_none_or(|last| last < time));
            prop_assert!(time >= now);
            seats.joined_at = Some(time);
        }
    }
}
