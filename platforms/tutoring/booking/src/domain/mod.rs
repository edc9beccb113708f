//! Domain rules, independent of storage.

mod calendar;
mod candidate;
pub(crate) mod errors;
mod journey;
mod package;
mod place;
mod price;
mod rating;
mod session;

pub(crate) use calendar::{DURATION_MIN, Mode, Planned, first_date, plan, start_minute};
pub(crate) use candidate::{
    Booked, MANY_STUDENTS, MAX_CANDIDATES, Rejection, Requirements, Trainer, check_distances,
    check_eligibility, is_working, rank,
};
pub(crate) use journey::{EndReason, Journey, LocationUpdate};
pub(crate) use package::Package;
pub(crate) use place::Place;
pub(crate) use price::{Coupon, DiscountType, Price};
pub(crate) use rating::Rating;
pub(crate) use session::{Action, SessionStatus};
