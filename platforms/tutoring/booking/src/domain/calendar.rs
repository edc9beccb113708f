use jiff::civil::{Date, Weekday};
use seaworthy::prelude::*;
use tutoring_contract::{ClassType, DeliveryMode, Slot};

use super::{Package, errors};

/// Duration of a session, in minutes.
pub(crate) const DURATION_MIN: u16 = 40;
/// Minutes between the full hours at which slots start.
const MINUTES_PER_HOUR: u16 = 60;
/// The number of sessions at the start of a hybrid package that are online.
const HYBRID_FIRST_ONLINE: u16 = 6;
/// Maximum length of a package, in days. 30 sessions on Sundays need 15 weeks.
const MAX_DAYS: u16 = 2 * 366;

named! {
    /// The form of a session.
    pub(crate) enum Mode {
        Home = "home",
        Online = "online",
    }
}

impl Mode {
    /// Returns the mode of a session by its number, from 1. In a hybrid package, the first 6 are
    /// online, and the others alternate: of 30 sessions, 18 are online and 12 at home.
    pub(crate) fn of(class_type: ClassType, number: u16) -> Self {
        let is_hybrid = class_type == ClassType::Hybrid;
        let is_online = number <= HYBRID_FIRST_ONLINE || number.is_multiple_of(2);
        match is_hybrid && is_online {
            true => Self::Online,
            false => Self::Home,
        }
    }
}

/// The slot of one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Planned {
    /// The number of the session in its allocation, from 1.
    pub(crate) number: u16,
    pub(crate) date: Date,
    pub(crate) slot: Slot,
}

/// Returns the first date of a package: tomorrow without a date, or if its slot has begun.
pub(crate) fn first_date(
    requested: Option<Date>,
    today: Date,
    has_begun: impl Fn(Date) -> bool,
) -> Result<Date, Error> {
    match requested.filter(|date| !has_begun(*date)) {
        Some(date) => Ok(date),
        None => today.tomorrow().map_err(Error::internal),
    }
}

/// Returns when a session of the plan starts, in minutes since midnight. The second session of a
/// Sunday starts 40 minutes after the first, in the slot after it.
pub(crate) fn start_minute(package: &Package, slot: Slot) -> u16 {
    let is_sunday = package.delivery_mode == DeliveryMode::SundayOnly;
    match is_sunday && package.time_slot.next() == Some(slot) {
        true => slot.start_minute() + DURATION_MIN - MINUTES_PER_HOUR,
        false => slot.start_minute(),
    }
}

/// Returns the slots of the sessions `numbers` from a date on. Dates for which `is_blocked` returns
/// `true` are skipped. If the number of sessions on Sundays is odd, the last day has one session,
/// in the first slot.
///
/// # Errors
/// `VALIDATION_ERROR` for a Sunday that starts in the last slot, and if the sessions do not end
/// within two years.
pub(crate) fn plan(
    package: &Package,
    first: Date,
    numbers: std::ops::RangeInclusive<u16>,
    is_blocked: impl Fn(Date, Slot) -> bool,
) -> Result<Vec<Planned>, Error> {
    let slot = package.time_slot;
    let (slots, is_sunday) = match package.delivery_mode {
        DeliveryMode::WeekdayDaily => (vec![slot], false),
        DeliveryMode::SundayOnly => {
            let second = slot.next().ok_or_else(errors::sunday_too_late)?;
            (vec![slot, second], true)
        }
    };
    let mut numbers = numbers.peekable();
    let mut planned = Vec::with_capacity(numbers.len());
    let mut date = first;
    for _ in 0..MAX_DAYS {
        if numbers.peek().is_none() {
            return Ok(planned);
        }
        let is_held = (date.weekday() == Weekday::Sunday) == is_sunday;
        if is_held && !slots.iter().any(|slot| is_blocked(date, *slot)) {
            for (slot, number) in slots.iter().zip(numbers.by_ref()) {
                planned.push(Planned {
                    number,
                    date,
                    slot: *slot,
                });
            }
        }
        date = date.tomorrow().map_err(|_| errors::no_dates())?;
    }
    Err(errors::no_dates())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn package(class_type: ClassType, delivery_mode: DeliveryMode, slot: Slot) -> Package {
        Package {
            class_type,
            delivery_mode,
            time_slot: slot,
            start_date: None,
            place: None,
            preferred_trainer_gender: None,
            students: Vec::new(),
            payment_id: None,
        }
    }

    fn slot() -> impl Strategy<Value = Slot> {
        prop::sample::select(Slot::all().collect::<Vec<_>>())
    }

    proptest! {
        #[test]
        fn plan_has_every_number_once_in_order_data_4(
            days in 0..3_000_i32,
            count in prop::sample::select(vec![10_u16, 20, 30]),
            slot in slot(),
            is_sunday: bool,
            blocked in prop::collection::btree_set(0..200_i32, 0..30),
        ) {
            let delivery = if is_sunday { DeliveryMode::SundayOnly } else { DeliveryMode::WeekdayDaily };
            let package = package(ClassType::OneOnOne, delivery, slot);
            let zero = jiff::civil::date(2026, 1, 1);
            let day = |days: i32| zero.checked_add(jiff::Span::new().days(days)).unwrap();
            let blocked: BTreeSet<_> = blocked.into_iter().map(|more| day(days + more)).collect();
            let planned = plan(&package, day(days), 1..=count, |date, _| blocked.contains(&date));
            if is_sunday && slot.next().is_none() {
                prop_assert!(planned.is_err());
                return Ok(());
            }
            let planned = planned.unwrap();
            let numbers: Vec<_> = planned.iter().map(|one| one.number).collect();
            prop_assert_eq!(numbers, (1..=count).collect::<Vec<_>>());
            let places: BTreeSet<_> = planned.iter().map(|one| (one.date, one.slot)).collect();
            prop_assert_eq!(places.len(), planned.len());
            for pair in planned.windows(2) {
                prop_assert!((pair[0].date, pair[0].slot) < (pair[1].date, pair[1].slot));
            }
            for one in &planned {
                prop_assert!(one.date >= day(days) && !blocked.contains(&one.date));
                prop_assert_eq!(one.date.weekday() == Weekday::Sunday, is_sunday);
            }
        }
    }

    #[test]
    fn sunday_block_has_two_sessions_without_break_api_1() {
        let slot: Slot = "10:00".parse().unwrap();
        let package = package(ClassType::OneOnOne, DeliveryMode::SundayOnly, slot);
        let monday = jiff::civil::date(2026, 11, 30);
        let planned = plan(&package, monday, 1..=10, |_, _| false).unwrap();
        assert_eq!(planned[0].date, jiff::civil::date(2026, 12, 6));
        assert_eq!(planned[1].date, planned[0].date);
        let minute = |index: usize| start_minute(&package, planned[index].slot);
        assert_eq!((minute(0), minute(1)), (600, 640));
        assert_eq!(planned[9].date, jiff::civil::date(2027, 1, 3));
        // The rest of a package can be odd. The last session takes the first slot of its day.
        let planned = plan(&package, monday, 6..=10, |_, _| false).unwrap();
        let numbers: Vec<_> = planned.iter().map(|one| one.number).collect();
        assert_eq!(numbers, [6, 7, 8, 9, 10]);
        assert_eq!(
            (planned[4].date, planned[4].slot),
            (jiff::civil::date(2026, 12, 20), slot)
        );
    }

    #[test]
    fn hybrid_package_has_18_sessions_online_api_1() {
        let modes: Vec<_> = (1..=30)
            .map(|number| Mode::of(ClassType::Hybrid, number))
            .collect();
        let online = modes.iter().filter(|mode| **mode == Mode::Online);
        assert_eq!(online.count(), 18);
        assert!(modes[..6].iter().all(|mode| *mode == Mode::Online));
        assert_eq!(modes[6..8], [Mode::Home, Mode::Online]);
        assert_eq!(Mode::of(ClassType::OneOnOne, 1), Mode::Home);
    }

    #[test]
    fn past_start_becomes_tomorrow_api_1() {
        let today = jiff::civil::date(2026, 12, 31);
        let tomorrow = jiff::civil::date(2027, 1, 1);
        let has_begun = |date: Date| date <= today;
        for requested in [None, Some(today), Some(jiff::civil::date(2020, 1, 1))] {
            assert_eq!(first_date(requested, today, has_begun).unwrap(), tomorrow);
        }
        let later = jiff::civil::date(2027, 2, 1);
        assert_eq!(first_date(Some(later), today, has_begun).unwrap(), later);
        // The slot of today has not begun.
        let first = first_date(Some(today), today, |date| date < today);
        assert_eq!(first.unwrap(), today);
    }

    #[test]
    fn endless_holidays_are_an_error_data_4() {
        let slot = "10:00".parse().unwrap();
        let package = package(ClassType::OneOnOne, DeliveryMode::WeekdayDaily, slot);
        let first = jiff::civil::date(2026, 11, 30);
        for (first, is_holiday) in [(first, true), (Date::MAX, false)] {
            let rejected = plan(&package, first, 1..=10, |_, _| is_holiday).unwrap_err();
            assert_eq!(rejected.reason(), "NO_DATES");
        }
    }
}
