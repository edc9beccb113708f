use seaworthy::{core::FieldViolation, prelude::*, redis::RedisError};

/// The reason of a slot that another session has.
pub(crate) const SLOT_TAKEN: &str = "SLOT_TAKEN";

pub(crate) fn not_priced() -> Error {
    Error::new(
        Code::Invalid,
        "PACKAGE_NOT_OFFERED",
        "this package is not offered: choose another class type or number of sessions",
    )
}

pub(crate) fn coupon_invalid() -> Error {
    Error::new(
        Code::Invalid,
        "COUPON_INVALID",
        "the coupon is unknown, not valid at this time or used up",
    )
}

pub(crate) fn discounts_exclude_each_other() -> Error {
    Error::new(
        Code::Invalid,
        "DISCOUNTS_EXCLUSIVE",
        "a coupon and the welcome offer cannot be combined: send one of them",
    )
}

pub(crate) fn discount_used() -> Error {
    Error::new(
        Code::Conflict,
        "DISCOUNT_USED",
        "the student has already used or reserved a discount",
    )
}

pub(crate) fn coupon_taken() -> Error {
    Error::new(
        Code::Conflict,
        "COUPON_TAKEN",
        "a coupon with this code exists: choose another code",
    )
}

pub(crate) fn reservation_not_found() -> Error {
    Error::new(
        Code::NotFound,
        "RESERVATION_NOT_FOUND",
        "the payment has no reserved discount",
    )
}

/// An amount that no real price reaches.
pub(crate) fn overflow() -> Error {
    Error::internal("the price overflows")
}

/// A request with one invalid member.
pub(crate) fn invalid(field: &str, problem: &str) -> Error {
    Error::invalid(vec![FieldViolation::new(field, problem)])
}

/// Coordinates outside of their range.
pub(crate) fn coordinates_invalid() -> Error {
    invalid(
        "latitude",
        "must be from -90 to 90, with a longitude from -180 to 180",
    )
}

pub(crate) fn sunday_too_late() -> Error {
    invalid(
        "schedule.timeSlot",
        "must be at most 18:00 for Sundays, which have two sessions",
    )
}

/// A state that does not allow the action.
pub(crate) fn wrong_state(what: &str, status: &str) -> Error {
    let message = format!("the {what} is {status}, which does not allow this action");
    Error::new(Code::Conflict, "WRONG_STATE", message)
}

pub(crate) fn not_found(what: &str) -> Error {
    Error::new(
        Code::NotFound,
        "NOT_FOUND",
        format!("this {what} does not exist"),
    )
}

pub(crate) fn no_dates() -> Error {
    Error::new(
        Code::Conflict,
        "NO_DATES",
        "no free dates are left for the sessions within two years",
    )
}

pub(crate) fn slot_taken() -> Error {
    Error::new(
        Code::Conflict,
        SLOT_TAKEN,
        "the slot is taken: choose another date or slot",
    )
}

pub(crate) fn nothing_left() -> Error {
    Error::new(
        Code::Conflict,
        "NO_SESSIONS_LEFT",
        "the allocation has no sessions left for another trainer",
    )
}

/// A trainer whom an administrator has chosen, and who does not meet the conditions.
pub(crate) fn trainer_not_eligible(reason: &str) -> Error {
    let message = format!("the trainer does not meet the conditions ({reason}): choose another");
    Error::new(Code::Conflict, "TRAINER_NOT_ELIGIBLE", message)
}

pub(crate) fn no_zone() -> Error {
    Error::new(
        Code::NotFound,
        "SERVICE_NOT_AVAILABLE",
        "the place is outside of all zones",
    )
}

pub(crate) fn capacity_reached() -> Error {
    Error::new(
        Code::Conflict,
        "CAPACITY_REACHED",
        "no pre-bookings are left for this course and slot: choose another slot",
    )
}

pub(crate) fn forbidden() -> Error {
    Error::new(
        Code::Forbidden,
        "NOT_OWN",
        "only the student, the trainer or a permitted administrator may do this",
    )
}

pub(crate) fn wrong_code() -> Error {
    Error::new(
        Code::Invalid,
        "INVALID_CODE",
        "the code is wrong or has expired: ask the student for the current code",
    )
}

pub(crate) fn code_too_soon() -> Error {
    Error::new(
        Code::Exhausted,
        "RATE_LIMITED",
        "a code was sent less than a minute ago: wait for it",
    )
}

pub(crate) fn no_place() -> Error {
    invalid("location", "of the student is not known")
}

pub(crate) fn other_day() -> Error {
    Error::new(
        Code::Conflict,
        "OTHER_DAY",
        "the session is not scheduled for today",
    )
}

pub(crate) fn already_requested() -> Error {
    Error::new(
        Code::Conflict,
        "ALREADY_REQUESTED",
        "the session has a pending request: change or cancel that one",
    )
}

pub(crate) fn already_substituted() -> Error {
    Error::new(
        Code::Conflict,
        "ALREADY_SUBSTITUTED",
        "the session of this day already has a substitute",
    )
}

pub(crate) fn already_reviewed() -> Error {
    Error::new(
        Code::Conflict,
        "ALREADY_REVIEWED",
        "you have already reviewed this session",
    )
}

pub(crate) fn pre_booked() -> Error {
    Error::new(
        Code::Conflict,
        "PRE_BOOKED",
        "the student has a pre-booking of this course",
    )
}

pub(crate) fn city_taken() -> Error {
    Error::new(
        Code::Conflict,
        "CITY_TAKEN",
        "a city with this name exists: choose another name",
    )
}

pub(crate) fn stale_sequence(last: u64) -> Error {
    Error::new(
        Code::Conflict,
        "STALE_SEQUENCE",
        format!("the sequence must be higher than {last}, the last one"),
    )
}

pub(crate) fn journey_over() -> Error {
    Error::new(
        Code::Conflict,
        "GONE",
        "the journey is over or has expired: start another one",
    )
}

pub(crate) fn journey_active() -> Error {
    Error::new(
        Code::Conflict,
        "JOURNEY_ACTIVE",
        "the session has an active journey: use or end that one",
    )
}

/// Other locations of the same trainer were stored meanwhile.
pub(crate) fn journey_changes() -> Error {
    Error::new(
        Code::Conflict,
        "STALE_SEQUENCE",
        "other locations arrive at the same time: send one after another",
    )
}

pub(crate) fn journeys_unavailable(cause: RedisError) -> Error {
    let message = "journeys are not available: try again later";
    Error::new(Code::Unavailable, "SERVICE_DEGRADED", message).with_cause(cause)
}
