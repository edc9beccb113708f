//! Statements on the price list.

use seaworthy::data::prelude::*;
use tutoring_contract::ClassType;

use crate::domain::Price;

// The first part of statements that read prices.
statements! { statement: "SELECT class_type, session_count, is_summer, base_price_minor, currency, gst_percentage, coupon_minor, deal_minor, valid_from, valid_until FROM pricing_config " }

/// Returns the price that applies at a time. A summer price precedes the normal one.
pub(crate) async fn at(
    connection: &dyn Connection,
    class_type: ClassType,
    session_count: u16,
    with_summer: bool,
    now: DateTime<Utc>,
) -> DataResult<Option<Price>> {
    statement!(sql, "WHERE class_type = {class_type.as_str()} AND session_count = {session_count} AND is_active = {true} AND (is_summer = {false} OR is_summer = {with_summer})
         AND (valid_from IS NULL OR valid_from <= {now}) AND (valid_until IS NULL OR valid_until > {now}) ORDER BY is_summer DESC LIMIT 1")
    .fetch_optional(connection)
    .await
}

/// Returns the active prices.
pub(crate) async fn all(connection: &dyn Connection) -> DataResult<Vec<Price>> {
    statement!(
        sql,
        "WHERE is_active = {true} ORDER BY class_type, session_count, is_summer"
    )
    .fetch_all(connection)
    .await
}

/// Returns the stored price of a class type and number of sessions, of the summer or not.
pub(crate) async fn find(
    connection: &dyn Connection,
    (class_type, session_count, is_summer): (ClassType, u16, bool),
) -> DataResult<Option<Price>> {
    statement!(sql, "WHERE class_type = {class_type.as_str()} AND session_count = {session_count} AND is_summer = {is_summer}")
        .fetch_optional(connection)
        .await
}

/// Replaces a price.
pub(crate) async fn set(tx: &Transaction, price: &Price) -> DataResult<()> {
    sql!("DELETE FROM pricing_config WHERE class_type = {price.class_type.as_str()} AND session_count = {price.session_count} AND is_summer = {price.is_summer}")
        .execute(tx)
        .await?;
    sql!("INSERT INTO pricing_config (class_type, session_count, is_summer, base_price_minor, currency, gst_percentage, coupon_minor, deal_minor, valid_from, valid_until, is_active) VALUES ({price.class_type.as_str()}, {price.session_count}, {price.is_summer}, {price.base_price_minor}, {price.currency.as_str()}, {price.gst_percentage}, {price.coupon_minor}, {price.deal_minor}, {price.valid_from}, {price.valid_until}, {true})")
        .apply(tx)
        .await
}
