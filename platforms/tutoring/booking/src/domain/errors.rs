use seaworthy::{prelude::*, redis::RedisError};
pub(crate) use tutoring_identity::invalid;

/// The code of the error for a slot that another session has.
pub(crate) const SLOT_TAKEN: &str = "SLOT_TAKEN";

seaworthy::errors! {
    discount_used: Conflict "DISCOUNT_USED" =>
        "the student has already used or reserved a discount";
    coupon_taken: Conflict "COUPON_TAKEN" => "a coupon with this code exists: choose another code";
    reservation_not_found: NotFound "RESERVATION_NOT_FOUND" =>
        "the payment has no reserved discount";
    no_dates: Conflict "NO_DATES" => "no free dates are left for the sessions within two years";
    slot_taken: Conflict SLOT_TAKEN => "the slot is taken: choose another date or slot";
    nothing_left: Conflict "NO_SESSIONS_LEFT" =>
        "the allocation has no sessions left for another trainer";
    no_zone: NotFound "SERVICE_NOT_AVAILABLE" => "the place is outside all zones";
    capacity_reached: Conflict "CAPACITY_REACHED" =>
        "no pre-bookings are left for this course and slot: choose another slot";
    forbidden: Forbidden "NOT_OWN" =>
        "only the student, the trainer or a permitted administrator may do this";
    wrong_code: Invalid "INVALID_CODE" =>
        "the code is wrong or has expired: ask the student for the current code";
    code_too_soon: Exhausted "RATE_LIMITED" =>
        "a code was sent less than a minute ago: wait for it";
    other_day: Conflict "OTHER_DAY" => "the session is not scheduled for today";
    already_requested: Conflict "ALREADY_REQUESTED" =>
        "the session has a pending request: change or cancel that one";
    already_substituted: Conflict "ALREADY_SUBSTITUTED" =>
        "the session of this day already has a substitute";
    substituted: Conflict "SUBSTITUTED" =>
        "a substitute holds this session: an administrator must delete the substitution first";
    already_reviewed: Conflict "ALREADY_REVIEWED" => "you have already reviewed this session";
    pre_booked: Conflict "PRE_BOOKED" => "the student has a pre-booking of this course";
    city_taken: Conflict "CITY_TAKEN" => "a city with this name exists: choose another name";
    journey_over: Conflict "GONE" => "the journey is over or has expired: start another one";
    journey_active: Conflict "JOURNEY_ACTIVE" =>
        "the session has an active journey: use or end that one";
    /// Concurrent requests stored other locations of the same trainer.
    journey_changes: Conflict "STALE_SEQUENCE" =>
        "other locations arrive at the same time: send one after another";
    /// A state that does not allow the action.
    wrong_state(what: &str, status: &str): Conflict "WRONG_STATE" =>
        format!("the {what} is {status}, which does not allow this action");
    not_found(what: &str): NotFound "NOT_FOUND" => format!("this {what} does not exist");
    /// A trainer whom an administrator has chosen, and who does not meet the conditions.
    trainer_not_eligible(reason: &str): Conflict "TRAINER_NOT_ELIGIBLE" =>
        format!("the trainer does not meet the conditions ({reason}): choose another");
    stale_sequence(last: u64): Conflict "STALE_SEQUENCE" =>
        format!("the sequence must be higher than {last}, the last one");
    journeys_unavailable(cause: RedisError): Unavailable "SERVICE_DEGRADED" =>
        "journeys are not available: try again later", with_cause(cause);
}

/// A field that is valid by itself, and that the platform does not accept.
fn not_accepted(reason: &'static str, field: &str, problem: &'static str) -> Error {
    Error::new(Code::Invalid, reason, problem).with_field(field, problem)
}

pub(crate) fn not_priced() -> Error {
    let problem = "this package is not offered: choose another class type or number of sessions";
    not_accepted("PACKAGE_NOT_OFFERED", "sessionCount", problem)
}

pub(crate) fn sundays_not_offered() -> Error {
    let problem =
        "packages with sessions on Sundays are not offered: choose the delivery mode WEEKDAY_DAILY";
    not_accepted("PACKAGE_NOT_OFFERED", "deliveryMode", problem)
}

pub(crate) fn coupon_invalid(field: &str) -> Error {
    let problem = "the coupon is unknown, not valid at this time or used up";
    not_accepted("COUPON_INVALID", field, problem)
}

pub(crate) fn discounts_exclude_each_other() -> Error {
    let problem = "a coupon and the welcome offer cannot be combined: send one of them";
    not_accepted("DISCOUNTS_EXCLUSIVE", COUPON_CODE, problem)
}

/// The field with the coupon of a price.
pub(crate) const COUPON_CODE: &str = "couponCode";

/// The amount overflows.
pub(crate) fn overflow() -> Error {
    Error::internal("the price is too large")
}

/// The problem of coordinates outside of their range.
pub(crate) const COORDINATES: &str = "must be from -90 to 90, with a longitude from -180 to 180";

pub(crate) fn coordinates_invalid() -> Error {
    invalid("latitude", COORDINATES)
}

/// The problem of a slot on Sundays that has no next one.
pub(crate) const SUNDAY_SLOT: &str = "must be 18:00 or earlier, because Sundays have two sessions";

pub(crate) fn sunday_too_late() -> Error {
    invalid("schedule.timeSlot", SUNDAY_SLOT)
}

/// The problem of a date that is too far in the future.
pub(crate) const MAX_DATE: &str = "must be at most one year from today";

pub(crate) fn no_place() -> Error {
    invalid("location", "is required: the student has no location")
}

pub(crate) fn no_trainer_location() -> Error {
    invalid("trainerLocation", "is required")
}
