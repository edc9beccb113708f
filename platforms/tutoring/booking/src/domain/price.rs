use seaworthy::{data::prelude::*, prelude::*};
use tutoring_contract::{ClassType, Currency, Money, Quote, Taxed};

use super::errors;

/// Minimum price after a discount and before tax, in minor units: one rupee, as at the provider.
const MIN_PRICE: i64 = 100;

/// A row of the price list, also in requests and responses.
#[derive(Debug, Clone, Serialize, Deserialize, FromRow)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Price {
    #[from_row(with = from_text)]
    pub(crate) class_type: ClassType,
    pub(crate) session_count: u16,
    #[serde(default)]
    pub(crate) is_summer: bool,
    /// Before tax, in minor units.
    pub(crate) base_price_minor: i64,
    /// Requests do not contain it.
    #[from_row(with = from_text)]
    #[serde(skip_deserializing)]
    pub(crate) currency: Currency,
    pub(crate) gst_percentage: u32,
    /// The discount of a coupon of the kind `class_amount`, in minor units.
    pub(crate) coupon_minor: i64,
    /// The discount of the welcome offer, in minor units.
    pub(crate) deal_minor: i64,
    /// The price applies from this time on. Without it, there is no start.
    pub(crate) valid_from: Option<DateTime<Utc>>,
    /// The price applies until this time, exclusive. Without it, there is no end.
    pub(crate) valid_until: Option<DateTime<Utc>>,
}

named! {
    /// The way in which a coupon reduces the price.
    pub(crate) enum DiscountType {
        Percentage = "percentage",
        Fixed = "fixed",
        ClassAmount = "class_amount",
    }
}

/// A coupon, also in requests and responses. Requests contain neither the ID nor the number of
/// redemptions.
#[derive(Debug, Clone, Serialize, Deserialize, FromRow)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Coupon {
    #[serde(skip_deserializing, default = "Uuid::new_v4")]
    pub(crate) id: Uuid,
    pub(crate) code: String,
    /// `school`, `influencer` or `promotional`.
    pub(crate) r#type: String,
    #[from_row(with = from_text)]
    pub(crate) discount_type: DiscountType,
    /// Percent, or minor units.
    #[serde(default)]
    pub(crate) discount_value: i64,
    pub(crate) max_redemptions: i64,
    #[serde(skip_deserializing)]
    pub(crate) current_redemptions: i64,
    pub(crate) valid_from: DateTime<Utc>,
    pub(crate) valid_until: DateTime<Utc>,
}

impl Coupon {
    /// Whether the coupon may be reserved at this time.
    pub(crate) fn is_usable(&self, now: DateTime<Utc>) -> bool {
        self.valid_from <= now
            && now < self.valid_until
            && self.current_redemptions < self.max_redemptions
    }

    /// Returns the reduction of a price before tax, in minor units.
    fn reduction(&self, price: &Price) -> i64 {
        let base = Money::new(price.base_price_minor, price.currency);
        let percent = u32::try_from(self.discount_value).unwrap_or(0).min(100);
        match self.discount_type {
            DiscountType::Percentage => base.percent_half_up(percent).minor,
            DiscountType::Fixed => self.discount_value,
            DiscountType::ClassAmount => price.coupon_minor,
        }
    }
}

impl Price {
    /// Returns the quote with a coupon or the welcome offer.
    pub(crate) fn quote(&self, coupon: Option<&Coupon>, claims_deal: bool) -> Result<Quote, Error> {
        let (kind, reduction) = match coupon {
            Some(_) if claims_deal => return Err(errors::discounts_exclude_each_other()),
            Some(coupon) => ("coupon", coupon.reduction(self)),
            None if claims_deal => ("deal", self.deal_minor),
            None => ("standard", 0),
        };
        let reduction = reduction.clamp(0, (self.base_price_minor - MIN_PRICE).max(0));
        let base = Money::new(self.base_price_minor - reduction, self.currency);
        let taxed = Taxed::new(base, self.gst_percentage).ok_or_else(errors::overflow)?;
        Ok(Quote {
            class_type: self.class_type,
            session_count: self.session_count,
            pricing_type: kind.to_owned(),
            base_price: taxed.base.minor,
            original_price: self.base_price_minor,
            gst_percentage: self.gst_percentage,
            gst_amount: taxed.tax.minor,
            subtotal: taxed.base.minor,
            total: taxed.total.minor,
            currency: self.currency,
            coupon_applied: coupon.is_some(),
            claim_deal_applied: claims_deal,
            is_summer_pricing: self.is_summer,
            requires_coupon: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price() -> Price {
        Price {
            class_type: ClassType::OneOnOne,
            session_count: 30,
            is_summer: false,
            base_price_minor: 900_000,
            currency: Currency::INR,
            gst_percentage: 18,
            coupon_minor: 200_000,
            deal_minor: 100_000,
            valid_from: None,
            valid_until: None,
        }
    }

    fn coupon(discount_type: DiscountType, discount_value: i64) -> Coupon {
        Coupon {
            id: Uuid::from_u128(1),
            code: "SCHOOL".to_owned(),
            r#type: "school".to_owned(),
            discount_type,
            discount_value,
            max_redemptions: 1,
            current_redemptions: 0,
            valid_from: DateTime::UNIX_EPOCH,
            valid_until: DateTime::<Utc>::MAX_UTC,
        }
    }

    #[test]
    fn tax_is_on_the_discounted_base_api_1() {
        for (discount_type, value, total) in [
            (DiscountType::ClassAmount, 0, 826_000),
            (DiscountType::Fixed, 50_000, 1_003_000),
            (DiscountType::Percentage, 50, 531_000),
            // One rupee remains.
            (DiscountType::Percentage, 100, 118),
            (DiscountType::Fixed, i64::MAX, 118),
            (DiscountType::Fixed, -1, 1_062_000),
        ] {
            let coupon = coupon(discount_type, value);
            let quote = price().quote(Some(&coupon), false).unwrap();
            assert_eq!(quote.total, total, "{discount_type:?} {value}");
            assert!(quote.coupon_applied && !quote.claim_deal_applied);
        }
        assert_eq!(price().quote(None, false).unwrap().total, 1_062_000);
        let deal = price().quote(None, true).unwrap();
        assert_eq!((deal.total, deal.claim_deal_applied), (944_000, true));
    }

    #[test]
    fn coupon_and_welcome_offer_exclude_each_other_api_1() {
        let coupon = coupon(DiscountType::ClassAmount, 0);
        let rejected = price().quote(Some(&coupon), true).unwrap_err();
        assert_eq!(rejected.reason(), "DISCOUNTS_EXCLUSIVE");
    }
}
