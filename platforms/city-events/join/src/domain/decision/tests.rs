use std::num::NonZeroU32;

use city_events_contract::Moment;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::domain::PlacesState;

fn places(capacity: i32, active: i64, waitlisted: i64) -> Places {
    let now = Moment::now();
    Places {
        event: Uuid::nil(),
        capacity,
        active,
        waitlisted,
        state: PlacesState::Open,
        owner: None,
        ends_at: None,
        announced_at: now,
        joined_at: None,
        revision: 0,
        updated_at: now,
    }
}

fn contract() -> Waitlist {
    Waitlist::new(&WaitlistConfig::default())
}

#[test]
fn a_waitlist_is_as_long_as_the_event_is_large_within_20_and_100() {
    let lengths = [1, 19, 20, 21, 99, 100, 101, i32::MAX].map(|size| contract().length(size));
    assert_eq!(lengths, [20, 20, 20, 21, 99, 100, 100, 100]);
}

#[test]
fn the_bounds_of_a_waitlist_are_settings() {
    let wide = Waitlist::new(&WaitlistConfig {
        shortest: NonZeroU32::new(2_000).unwrap(),
        longest: NonZeroU32::new(5).unwrap(),
    });
    assert_eq!(wide.length(100), 2_000);
}

#[test]
fn an_event_without_a_limit_takes_everybody() {
    let decided = admit(&places(0, 1_000_000, 0), contract());
    assert_eq!(decided, Decided::Status(JoinStatus::Active));
}

proptest! {
    #[test]
    fn a_decision_never_passes_a_bound(capacity in 1..200i32, active in 0..300i64, waitlisted in 0..150i64) {
        let before = places(capacity, active, waitlisted);
        match admit(&before, contract()) {
            Decided::Status(JoinStatus::Active) => {
                prop_assert!(active < i64::from(capacity));
                prop_assert_eq!(waitlisted, 0);
            }
            Decided::Status(JoinStatus::Waitlisted) => {
                prop_assert!(waitlisted < i64::from(capacity).clamp(20, 100));
                prop_assert!(active >= i64::from(capacity) || waitlisted > 0);
            }
            Decided::Full => prop_assert!(waitlisted >= i64::from(capacity).clamp(20, 100)),
            other => prop_assert!(false, "{other:?}"),
        }
    }

    #[test]
    fn moments_of_joins_grow_also_where_the_clock_goes_back(readings in proptest::collection::vec(0..5i64, 1..50)) {
        let start = Moment::now();
        let mut places = places(1, 0, 0);
        for reading in readings {
            let now = Moment::from(start.get() + chrono::TimeDelta::microseconds(reading));
            let given = places.next_moment(now);
            prop_assert!(places.joined_at.is_none_or(|last| last < given));
            prop_assert!(given >= now);
            places.joined_at = Some(given);
        }
    }
}
