use std::{fmt, str::FromStr};

use seaworthy::prelude::*;

/// The first and the last hour at which a slot starts.
const FIRST_HOUR: u8 = 6;
const LAST_HOUR: u8 = 19;
const MINUTES_PER_HOUR: u16 = 60;

/// A slot of one hour, which starts at a full hour from 06:00 to 19:00 in the platform's time zone.
///
/// ```
/// use tutoring_contract::Slot;
///
/// let slot: Slot = "16:00".parse().unwrap();
/// assert_eq!(slot.start_minute(), 960);
/// assert_eq!(slot.next().unwrap().to_string(), "17:00");
/// assert!("16:30".parse::<Slot>().is_err() && "20:00".parse::<Slot>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slot(u8);

/// The text is not a slot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a slot: use a full hour from 06:00 to 19:00")]
pub struct InvalidSlot(String);

impl Slot {
    /// Returns all slots of a day in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (FIRST_HOUR..=LAST_HOUR).map(Self)
    }

    /// Returns the start in minutes since midnight.
    #[must_use]
    pub fn start_minute(self) -> u16 {
        u16::from(self.0) * MINUTES_PER_HOUR
    }

    /// Returns the slot after this one. The last slot has none.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        (self.0 < LAST_HOUR).then_some(Self(self.0 + 1))
    }
}

impl FromStr for Slot {
    type Err = InvalidSlot;

    fn from_str(text: &str) -> Result<Self, InvalidSlot> {
        let is_hour =
            |hour: &&str| hour.len() == 2 && hour.bytes().all(|byte| byte.is_ascii_digit());
        let hour = text.strip_suffix(":00").filter(is_hour);
        let hour = hour.and_then(|hour| hour.parse().ok());
        hour.filter(|hour| (FIRST_HOUR..=LAST_HOUR).contains(hour))
            .map(Self)
            .ok_or_else(|| InvalidSlot(text.to_owned()))
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:02}:00", self.0)
    }
}

seaworthy::core::text_conversions!(Slot);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_full_hours_of_the_day_api_3() {
        assert_eq!(Slot::all().count(), 14);
        for slot in Slot::all() {
            assert_eq!(slot.to_string().parse(), Ok(slot));
        }
        for text in ["5:00", "05:00", "16:30", "20:00", "+6:00", "16:00 ", ""] {
            assert!(text.parse::<Slot>().is_err(), "{text}");
        }
        assert_eq!("19:00".parse::<Slot>().unwrap().next(), None);
    }
}
