//! SQL statements and migrations.

pub(crate) mod captures;
pub(crate) mod coins;
pub(crate) mod courses;
pub(crate) mod events;
mod migrations;
pub(crate) mod payments;
pub(crate) mod refunds;
pub(crate) mod reports;

pub(crate) use coins::{CoinKind, Wallet};
pub(crate) use migrations::MIGRATIONS;
pub(crate) use payments::Progress;
pub(crate) use refunds::Refund;
pub(crate) use reports::Difference;

use seaworthy::data::prelude::*;
use tutoring_contract::Money;

/// Reads the amount in the columns `amount_cents` and `currency`.
pub(crate) fn money(row: &Row, _: &str) -> DataResult<Money> {
    Ok(Money::new(
        row.get("amount_cents")?,
        from_text(row, "currency")?,
    ))
}
