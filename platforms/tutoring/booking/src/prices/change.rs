use std::collections::BTreeMap;

use seaworthy::{audit_log::AuditEntry, data::prelude::*, prelude::*};
use serde_json::{Value, json};
use tutoring_contract::{ClassType, Currency, SESSION_COUNTS};
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
const TYPES: [&str; 3] = ["school", "influencer", "promotional"];

/// A price of an administrator. Amounts are before tax and in minor units.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewPrice {
    class_type: ClassType,
    session_count: u16,
    base_price_minor: i64,
    gst_percentage: u32,
    coupon_minor: i64,
    deal_minor: i64,
    #[serde(default)]
    is_summer: bool,
}

/// A coupon of an administrator.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewCoupon {
    code: String,
    r#type: String,
    discount_type: DiscountType,
    #[serde(default)]
    discount_value: i64,
    max_redemptions: i64,
    valid_from: DateTime<Utc>,
    valid_until: DateTime<Utc>,
}

impl NewPrice {
    fn checked(&self) -> Result<Price, Error> {
        let discounts = 0..self.base_price_minor;
        let mut checks = Checks::new();
        checks.require(
            "sessionCount",
            SESSION_COUNTS.contains(&self.session_count),
            "must be 10, 20 or 30",
        );
        checks.require(
            "basePriceMinor",
            (1..=MAX_PRICE).contains(&self.base_price_minor),
            "must be from 1 to 10000000000",
        );
        checks.require(
            "gstPercentage",
            self.gst_percentage <= 100,
            "must be at most 100",
        );
        checks.require(
            "couponMinor",
            discounts.contains(&self.coupon_minor),
            "must be at least 0 and less than the price",
        );
        checks.require(
            "dealMinor",
            discounts.contains(&self.deal_minor),
            "must be at least 0 and less than the price",
        );
        checks.finish()?;
        Ok(Price {
            class_type: self.class_type,
            session_count: self.session_count,
            is_summer: self.is_summer,
            base: self.base_price_minor,
            currency: Currency::INR,
            gst_percentage: self.gst_percentage,
            coupon: self.coupon_minor,
            deal: self.deal_minor,
        })
    }
}

impl NewCoupon {
    fn checked(self) -> Result<Coupon, Error> {
        let code = self.code.trim();
        let is_code = !code.is_empty()
            && code.len() <= MAX_CODE
            && code.bytes().all(|byte| byte.is_ascii_graphic());
        let value = match self.discount_type {
            DiscountType::Percentage => (1..=100).contains(&self.discount_value),
            DiscountType::Fixed => (1..=MAX_PRICE).contains(&self.discount_value),
            DiscountType::ClassAmount => true,
        };
        let mut checks = Checks::new();
        checks.require("code", is_code, "must be 1 to 50 letters, digits and signs");
        checks.require(
            "type",
            TYPES.contains(&self.r#type.as_str()),
            "must be school, influencer or promotional",
        );
        checks.require(
            "discountValue",
            value,
            "must be 1 to 100 percent, or an amount in minor units",
        );
        checks.require(
            "maxRedemptions",
            self.max_redemptions >= 1,
            "must be at least 1",
        );
        checks.require(
            "validUntil",
            self.valid_from < self.valid_until,
            "must be later than validFrom",
        );
        checks.finish()?;
        Ok(Coupon {
            id: Uuid::new_v4(),
            code: code.to_owned(),
            r#type: self.r#type,
            discount_type: self.discount_type,
            discount_value: self.discount_value,
            max_redemptions: self.max_redemptions,
            current_redemptions: 0,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
        })
    }
}

impl PriceList {
    /// Replaces a price. One transaction stores it and its entry in the audit log.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`.
    pub(crate) async fn set_price(&self, new: &NewPrice) -> Result<(), Error> {
        let price = &new.checked()?;
        self.database
            .transaction(|tx| async move {
                let of = (price.class_type, price.session_count, price.is_summer);
                let before = prices::find(&tx, of).await?;
                prices::set(&tx, price).await?;
                let target = format!("{}/{}", price.class_type.as_str(), price.session_count);
                let entry = AuditEntry::new("price.set")
                    .target("price", target)
                    .detail("permission", PRICE_WRITE)
                    .change(&before.as_ref().map_or(Value::Null, view), &view(price));
                self.audit.append(&tx, entry).await?;
                Ok(())
            })
            .await
    }

    /// Creates a coupon.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` or `CONFLICT`.
    pub(crate) async fn create_coupon(&self, new: NewCoupon) -> Result<Coupon, Error> {
        let coupon = new.checked()?;
        let stored = &coupon;
        self.database
            .transaction(|tx| async move {
                coupons::insert(&tx, stored).await?;
                let entry = AuditEntry::new("coupon.create")
                    .target("coupon", stored.id.to_string())
                    .detail("permission", PRICE_WRITE)
                    .detail("after", json!(stored).to_string());
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

/// Returns the fields of a price in the audit log.
fn view(price: &Price) -> Value {
    json!({
        "isSummer": price.is_summer,
        "basePriceMinor": price.base,
        "gstPercentage": price.gst_percentage,
        "couponMinor": price.coupon,
        "dealMinor": price.deal,
    })
}
