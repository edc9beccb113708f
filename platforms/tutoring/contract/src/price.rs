use seaworthy::prelude::*;

use crate::{Money, Slot};

named! {
    /// The form of the lessons, which decides the price.
    #[derive(Hash, JsonSchema)]
    pub enum ClassType {
        /// One student.
        OneOnOne = "ONE_ON_ONE",
        /// Two students, each of whom pays.
        OneOnTwo = "ONE_ON_TWO",
        /// Three students, each of whom pays.
        OneOnThree = "ONE_ON_THREE",
        /// Half at home and half online.
        Hybrid = "HYBRID",
    }
}

/// The numbers of sessions that packages have.
pub const SESSION_COUNTS: [u16; 3] = [10, 20, 30];

/// The days on which the sessions of a package take place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeliveryMode {
    /// Monday to Saturday.
    WeekdayDaily,
    /// Two sessions on each Sunday.
    SundayOnly,
}

impl DeliveryMode {
    /// Whether sessions can start in a slot. On a Sunday, the second session needs the next slot.
    #[must_use]
    pub fn allows(self, slot: Slot) -> bool {
        self == Self::WeekdayDaily || slot.next().is_some()
    }
}

/// An amount before tax with its tax.
///
/// The tax is rounded half-up to the minor unit, once per order. The discount is subtracted first.
///
/// ```
/// use tutoring_contract::{Currency, Money, Taxed};
///
/// let price = Taxed::new(Money::new(700_001, Currency::INR), 18).unwrap();
/// // 126000.18 paise of tax are 126000.
/// assert_eq!((price.tax.minor, price.total.minor), (126_000, 826_001));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taxed {
    /// The amount before tax.
    pub base: Money,
    /// The tax.
    pub tax: Money,
    /// The amount with tax.
    pub total: Money,
}

impl Taxed {
    /// Adds the tax in percent to an amount. Returns `None` on overflow.
    #[must_use]
    pub fn new(base: Money, percent: u32) -> Option<Self> {
        let tax = base.percent_half_up(percent);
        let total = base.checked_add(tax)?;
        Some(Self { base, tax, total })
    }
}

/// The price of a package, as booking computed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quote {
    /// The form of the lessons.
    pub class_type: ClassType,
    /// The number of sessions.
    pub session_count: u16,
    /// `standard`, `coupon` or `deal`.
    pub pricing_type: String,
    /// The price before tax and after the discount, in minor units.
    pub base_price: i64,
    /// The price before tax and before the discount, in minor units.
    pub original_price: i64,
    /// The tax in percent.
    pub gst_percentage: u32,
    /// The tax in minor units.
    pub gst_amount: i64,
    /// The price before tax and after the discount, in minor units.
    pub subtotal: i64,
    /// The price with tax, in minor units.
    pub total: i64,
    /// The currency of all amounts.
    pub currency: crate::Currency,
    /// Whether a coupon reduced the price.
    pub coupon_applied: bool,
    /// Whether the welcome offer reduced the price.
    pub claim_deal_applied: bool,
    /// Whether the summer price list applies.
    pub is_summer_pricing: bool,
    /// Whether the price needs a coupon.
    pub requires_coupon: bool,
}

#[cfg(test)]
mod tests {
    use crate::Currency;

    use super::*;

    #[test]
    fn total_is_base_with_tax_rounded_once_api_1() {
        for minor in (0..10_000).chain([900_000, i64::from(i32::MAX)]) {
            let price = Taxed::new(Money::new(minor, Currency::INR), 18).unwrap();
            assert_eq!(price.total.minor, minor + price.tax.minor);
            // Half-up: the exact tax is within half a unit, and a half rounds up.
            let doubled = 2 * (minor * 18 - price.tax.minor * 100);
            assert!((-100..100).contains(&doubled), "{minor}: {doubled}");
        }
        assert_eq!(Taxed::new(Money::new(i64::MAX, Currency::INR), 18), None);
    }

    #[test]
    fn names_of_class_types_equal_their_json_api_1() {
        for class in ClassType::ALL {
            assert_eq!(serde_json::to_value(class).unwrap(), class.as_str());
            assert_eq!(ClassType::from_name(class.as_str()), Some(class));
        }
    }
}
