use seaworthy::{data::prelude::*, prelude::*};
use uuid::Uuid;

use tutoring_identity::from_text;

use crate::domain::{Coupon, errors};

/// Returns the text of a statement that reads coupons.
macro_rules! statement {
    ($($rest:literal),+) => {
        sql!("SELECT id, code, type, discount_type, discount_value, max_redemptions, current_redemptions, valid_from, valid_until FROM coupons ", $($rest),+)
    };
}

impl FromRow for Coupon {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            id: row.get("id")?,
            code: row.get("code")?,
            r#type: row.get("type")?,
            discount_type: from_text(row, "discount_type")?,
            discount_value: row.get("discount_value")?,
            max_redemptions: row.get("max_redemptions")?,
            current_redemptions: row.get("current_redemptions")?,
            valid_from: row.get("valid_from")?,
            valid_until: row.get("valid_until")?,
        })
    }
}

/// Statements on coupons.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Coupons;

impl Coupons {
    /// Returns the coupon with this code, in any case.
    pub(crate) async fn by_code(
        connection: &dyn Connection,
        code: &str,
    ) -> Result<Option<Coupon>, DataError> {
        statement!("WHERE code_key = {code.trim().to_lowercase()}")
            .fetch_optional(connection)
            .await
    }

    /// Returns a page of the coupons by code, and their number.
    pub(crate) async fn list(
        connection: &dyn Connection,
        limit: u32,
        offset: u64,
    ) -> Result<(Vec<Coupon>, u64), DataError> {
        let (total,): (u64,) = sql("SELECT COUNT(*) FROM coupons")
            .fetch_one(connection)
            .await?;
        let coupons = statement!("ORDER BY code_key LIMIT {limit} OFFSET {offset}")
            .fetch_all(connection)
            .await?;
        Ok((coupons, total))
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
    pub(crate) async fn take(tx: &Transaction, id: Uuid) -> Result<bool, DataError> {
        sql!("UPDATE coupons SET current_redemptions = current_redemptions + 1, updated_at = {Utc::now()} WHERE id = {id} AND current_redemptions < max_redemptions")
            .changes(tx)
            .await
    }

    /// Counts one redemption less.
    pub(crate) async fn release(tx: &Transaction, id: Uuid) -> Result<(), DataError> {
        sql!("UPDATE coupons SET current_redemptions = current_redemptions - 1, updated_at = {Utc::now()} WHERE id = {id}")
            .apply(tx)
            .await
    }
}
