//! SQL statements and migrations.

mod captures;
mod coins;
mod courses;
mod events;
mod migrations;
mod payments;
mod refunds;
mod reports;

pub(crate) use captures::Captures;
pub(crate) use coins::{CoinKind, Coins, Wallet};
pub(crate) use courses::Courses;
pub(crate) use events::Events;
pub(crate) use migrations::MIGRATIONS;
pub(crate) use payments::{Payments as PaymentRows, Progress};
pub(crate) use refunds::{Refund, Refunds};
pub(crate) use reports::{Difference, Reports};

use seaworthy::data::prelude::*;
use tutoring_contract::Money;
use tutoring_identity::from_text;

/// Reads the amount in the columns `amount_cents` and `currency`.
fn money(row: &Row, _: &str) -> Result<Money, DataError> {
    Ok(Money::new(
        row.get("amount_cents")?,
        from_text(row, "currency")?,
    ))
}
