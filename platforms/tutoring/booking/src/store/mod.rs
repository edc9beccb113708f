//! SQL statements and migrations.

mod coupons;
mod flags;
mod migrations;
mod prices;
mod redemptions;

pub(crate) use coupons::Coupons;
pub(crate) use flags::{FLAGS, Flags};
pub(crate) use migrations::MIGRATIONS;
pub(crate) use prices::Prices;
pub(crate) use redemptions::{Redemption, Redemptions};
