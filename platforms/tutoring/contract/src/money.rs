use std::{fmt, str::FromStr};

use seaworthy::prelude::*;

/// A currency of ISO 4217, such as `INR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Currency([u8; 3]);

/// The text is not a currency code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a currency must have three capital letters, such as INR")]
pub struct InvalidCurrency;

impl Currency {
    /// The Indian rupee, the default. Its minor unit is the paisa.
    pub const INR: Self = Self(*b"INR");

    /// Returns the code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Default for Currency {
    fn default() -> Self {
        Self::INR
    }
}

impl FromStr for Currency {
    type Err = InvalidCurrency;

    fn from_str(text: &str) -> Result<Self, InvalidCurrency> {
        let code: [u8; 3] = text.as_bytes().try_into().map_err(|_| InvalidCurrency)?;
        if !code.iter().all(u8::is_ascii_uppercase) {
            return Err(InvalidCurrency);
        }
        Ok(Self(code))
    }
}

seaworthy::core::text_conversions!(Currency);

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// An amount in minor units of a currency, such as paise.
///
/// ```
/// use tutoring_contract::{Currency, Money};
///
/// let base = Money::new(900_000, Currency::INR);
/// let tax = base.percent_half_up(18);
/// assert_eq!(base.checked_add(tax).unwrap().minor, 1_062_000);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// The amount in minor units.
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

impl Money {
    /// Creates an amount.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Adds an amount of the same currency. Returns `None` for another one, and on overflow.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let minor = self.minor.checked_add(other.minor)?;
        (self.currency == other.currency).then_some(Self { minor, ..self })
    }

    /// Subtracts an amount of the same currency. Returns `None` for another one, and on overflow.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        let minor = self.minor.checked_sub(other.minor)?;
        (self.currency == other.currency).then_some(Self { minor, ..self })
    }

    /// Returns a share in percent, rounded half-up to the minor unit.
    #[must_use]
    pub fn percent_half_up(self, percent: u32) -> Self {
        let product = i128::from(self.minor) * i128::from(percent);
        let rounded = (product + 50).div_euclid(100);
        Self {
            minor: i64::try_from(rounded).unwrap_or(i64::MAX),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_round_half_up_to_the_minor_unit_api_1() {
        let share = |minor, percent| Money::new(minor, Currency::INR).percent_half_up(percent);
        for (minor, percent, expected) in [(25, 18, 5), (24, 18, 4), (1, 50, 1), (0, 18, 0)] {
            assert_eq!(share(minor, percent).minor, expected, "{minor} {percent}");
        }
    }

    #[test]
    fn amounts_of_two_currencies_are_not_added_api_1() {
        let (rupees, euros) = (Money::new(1, Currency::INR), "EUR".parse().unwrap());
        assert_eq!(rupees.checked_add(Money::new(1, euros)), None);
        assert_eq!(
            rupees.checked_sub(rupees),
            Some(Money::new(0, Currency::INR))
        );
        assert!("inr".parse::<Currency>().is_err() && "RUPEE".parse::<Currency>().is_err());
    }
}
