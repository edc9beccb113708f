use seaworthy::data::prelude::*;
use tutoring_contract::ClassType;

use tutoring_identity::from_text;

use crate::domain::Price;

/// Returns the text of a statement that reads prices.
macro_rules! statement {
    ($($rest:literal),+) => {
        sql!("SELECT class_type, session_count, is_summer, base_price_minor, currency, gst_percentage, coupon_minor, deal_minor FROM pricing_config ", $($rest),+)
    };
}

impl FromRow for Price {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            class_type: from_text(row, "class_type")?,
            session_count: row.get("session_count")?,
            is_summer: row.get("is_summer")?,
            base: row.get("base_price_minor")?,
            currency: from_text(row, "currency")?,
            gst_percentage: row.get("gst_percentage")?,
            coupon: row.get("coupon_minor")?,
            deal: row.get("deal_minor")?,
        })
    }
}

/// Statements on the price list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prices;

impl Prices {
    /// Returns the price that applies at a time. A summer price precedes the normal one.
    pub(crate) async fn at(
        connection: &dyn Connection,
        class_type: ClassType,
        session_count: u16,
        with_summer: bool,
        now: DateTime<Utc>,
    ) -> Result<Option<Price>, DataError> {
        statement!("WHERE class_type = {class_type.as_str()} AND session_count = {session_count} AND is_active = {true} AND (is_summer = {false} OR is_summer = {with_summer})
             AND (valid_from IS NULL OR valid_from <= {now}) AND (valid_until IS NULL OR valid_until > {now}) ORDER BY is_summer DESC LIMIT 1")
        .fetch_optional(connection)
        .await
    }

    /// Returns the active prices, and locks nothing.
    pub(crate) async fn all(connection: &dyn Connection) -> Result<Vec<Price>, DataError> {
        statement!("WHERE is_active = {true} ORDER BY class_type, session_count, is_summer")
            .fetch_all(connection)
            .await
    }

    /// Replaces a price.
    pub(crate) async fn set(tx: &Transaction, price: &Price) -> Result<(), DataError> {
        sql!("DELETE FROM pricing_config WHERE class_type = {price.class_type.as_str()} AND session_count = {price.session_count} AND is_summer = {price.is_summer}")
            .execute(tx)
            .await?;
        sql!("INSERT INTO pricing_config (class_type, session_count, is_summer, base_price_minor, currency, gst_percentage, coupon_minor, deal_minor, is_active) VALUES ({price.class_type.as_str()}, {price.session_count}, {price.is_summer}, {price.base}, {price.currency.as_str()}, {price.gst_percentage}, {price.coupon}, {price.deal}, {true})")
            .apply(tx)
            .await
    }
}
