//! Rules that need no store.

pub(crate) mod errors;
mod price;

pub(crate) use price::{Coupon, DiscountType, Price};
