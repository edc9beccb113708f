//! Statements on coupons.

use seaworthy::{data::prelude::*, prelude::*};
use tutoring_contract::{CheckedPage, Page};

use tutoring_identity::paged;

use crate::domain::{Coupon, errors};

// The first part of statements that read coupons.
statements! { statement: "SELECT id, code, type, discount_type, discount_value, max_redemptions, current_redemptions, valid_from, valid_until FROM coupons " }

/// Returns the coupon with this code, in any case.
pub(crate) async fn find_by_code(
    connection: &dyn Connection,
    code: &str,
) -> DataResult<Option<Coupon>> {
    statement!(sql, "WHERE code_key = {code.trim().to_lowercase()}")
        .fetch_optional(connection)
        .await
}

/// Returns a page of the coupons by code.
pub(crate) async fn list(
    connection: &dyn Connection,
    page: CheckedPage,
) -> DataResult<Page<Coupon>> {
    statement!(paged, ""; "ORDER BY code_key", page)
        .fetch(connection)
        .await
}

/// Inserts a coupon.
///
/// # Errors
/// `CONFLICT` if the code is taken.
pub(crate) async fn insert(tx: &Transaction, coupon: &Coupon) -> Result<(), Error> {
    let now = Utc::now();
    let inserted = sql!("INSERT INTO coupons (id, code, code_key, type, discount_type, discount_value, max_redemptions, current_redemptions, valid_from, valid_until, created_at, updated_at)
         VALUES ({coupon.id}, {&coupon.code}, {coupon.code.to_lowercase()}, {&coupon.r#type}, {coupon.discount_type.as_str()}, {coupon.discount_value}, {coupon.max_redemptions}, {0_i64}, {coupon.valid_from}, {coupon.valid_until}, {now}, {now})")
        .execute(tx)
        .await;
    match inserted {
        Err(error) if error.is_unique_violation() => Err(errors::coupon_taken()),
        other => Ok(other.map(drop)?),
    }
}

/// Counts one more redemption. Returns `false` if the coupon is used up.
pub(crate) async fn take(tx: &Transaction, id: Uuid) -> DataResult<bool> {
    sql!("UPDATE coupons SET current_redemptions = current_redemptions + 1, updated_at = {Utc::now()} WHERE id = {id} AND current_redemptions < max_redemptions")
        .changes(tx)
        .await
}

/// Counts one redemption less.
pub(crate) async fn release(tx: &Transaction, id: Uuid) -> DataResult<()> {
    sql!("UPDATE coupons SET current_redemptions = current_redemptions - 1, updated_at = {Utc::now()} WHERE id = {id}")
        .apply(tx)
        .await
}
