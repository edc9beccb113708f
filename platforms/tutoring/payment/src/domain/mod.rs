//! Domain rules, independent of storage.

mod booking;
mod decide;
pub(crate) mod errors;
mod payment;

pub(crate) use booking::SessionBooking;
pub(crate) use decide::{CaptureKind, Decision, decide};
pub(crate) use payment::{CoinState, DiscountState, Payment, Purpose, Status};
