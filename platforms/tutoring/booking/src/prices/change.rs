use std::collections::BTreeMap;

use seaworthy::{audit_log::AuditEntry, prelude::*};
use serde_json::json;
use tutoring_contract::SESSION_COUNTS;
use tutoring_identity::Checks;

use super::PriceList;
use crate::{
    domain::{Coupon, DiscountType, Price},
    store::{FLAGS, Flags, coupons, prices},
};

/// The permission of all changes.
pub(crate) const PRICE_WRITE: &str = "price:write";
/// Maximum price, in minor units.
const MAX_PRICE: i64 = 10_000_000_000;
const MAX_CODE: usize = 50;
/// The problem of a period that ends before its start.
const LATER: &str = "must be later than validFrom";
const TYPES: [&str; 3] = ["school", "influencer", "promotional"];

fn check_price(price: &Price) -> Result<(), Error> {
    let discounts = 0..price.base_price_minor;
    let problem = "must be at least 0 and less than the price";
    let mut checks = Checks::new();
    checks.one_of("sessionCount", price.session_count, &SESSION_COUNTS);
    checks.range("basePriceMinor", price.base_price_minor, 1, MAX_PRICE);
    let is_percentage = price.gst_percentage <= 100;
    checks.require("gstPercentage", is_percentage, "must be at most 100");
    let is_discount = discounts.contains(&price.coupon_minor);
    checks.require("couponMinor", is_discount, problem);
    let is_discount = discounts.contains(&price.deal_minor);
    checks.require("dealMinor", is_discount, problem);
    let is_period = match (price.valid_from, price.valid_until) {
        (Some(from), Some(until)) => from < until,
        _ => true,
    };
    checks.require("validUntil", is_period, LATER);
    checks.finish()
}

fn check_coupon(coupon: &Coupon) -> Result<(), Error> {
    let code = coupon.code.as_str();
    let is_code = !code.is_empty()
        && code.len() <= MAX_CODE
        && code.bytes().all(|byte| byte.is_ascii_graphic());
    let value = match coupon.discount_type {
        DiscountType::Percentage => (1..=100).contains(&coupon.discount_value),
        DiscountType::Fixed => (1..=MAX_PRICE).contains(&coupon.discount_value),
        DiscountType::ClassAmount => true,
    };
    let mut checks = Checks::new();
    checks.require("code", is_code, "must be 1 to 50 letters, digits and signs");
    checks.one_of("type", coupon.r#type.as_str(), &TYPES);
    let problem = "must be 1 to 100 percent, or an amount in minor units";
    checks.require("discountValue", value, problem);
    let has_redemptions = coupon.max_redemptions >= 1;
    checks.require("maxRedemptions", has_redemptions, "must be at least 1");
    let is_period = coupon.valid_from < coupon.valid_until;
    checks.require("validUntil", is_period, LATER);
    checks.finish()
}

impl PriceList {
    /// Replaces a price. One transaction stores it and its entry in the audit log.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`.
    pub(crate) async fn set_price(&self, price: &Price) -> Result<(), Error> {
        check_price(price)?;
        self.database
            .transaction(|tx| async move {
                let key = (price.class_type, price.session_count, price.is_summer);
                let before = prices::find(&tx, key).await?;
                prices::set(&tx, price).await?;
                let target = format!("{}/{}", price.class_type.as_str(), price.session_count);
                let entry = AuditEntry::new("price.set")
                    .target("price", target)
                    .detail("permission", PRICE_WRITE)
                    .change(&json!(before), &json!(price));
                self.audit.append(&tx, entry).await?;
                Ok(())
            })
            .await
    }

    /// Creates a coupon.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` or `CONFLICT`.
    pub(crate) async fn create_coupon(&self, mut coupon: Coupon) -> Result<Coupon, Error> {
        coupon.code = coupon.code.trim().to_owned();
        check_coupon(&coupon)?;
        let stored = &coupon;
        self.database
            .transaction(|tx| async move {
                coupons::insert(&tx, stored).await?;
                let entry = AuditEntry::new("coupon.create")
                    .target("coupon", stored.id.to_string())
                    .detail("permission", PRICE_WRITE)
                    .change(&json!(null), &json!(stored));
                self.audit.append(&tx, entry).await?;
                Ok::<_, Error>(())
            })
            .await?;
        Ok(coupon)
    }

    /// Sets switches.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` for an unknown switch.
    pub(crate) async fn set_flags(&self, flags: &BTreeMap<String, bool>) -> Result<(), Error> {
        let problem = format!("is not a valid switch: use {}", FLAGS.join(", "));
        let mut checks = Checks::new();
        for name in flags.keys() {
            checks.require(name, FLAGS.contains(&name.as_str()), &problem);
        }
        checks.finish()?;
        self.database
            .transaction(|tx| async move {
                let before = Flags::read(&tx).await?;
                for (name, is_on) in flags {
                    Flags::set(&tx, name, *is_on).await?;
                }
                let entry = AuditEntry::new("switches.set")
                    .target("switches", "booking")
                    .detail("permission", PRICE_WRITE)
                    .change(&json!(before.0), &json!(flags));
                self.audit.append(&tx, entry).await?;
                Ok(())
            })
            .await
    }
}
