use seaworthy::prelude::*;

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
        "a coupon and the welcome offer exclude each other: send one of them",
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
