use std::fmt;

use city_events_contract::Timestamp;
use uuid::Uuid;

use super::EventError;

/// Decimals of a rank in comparisons and in cursors. Both use the same number, so a cursor is
/// exactly the end of its page.
const DECIMALS: usize = 8;
const UNITS_PER_RANK: i64 = 100_000_000;

/// Rank of an event in a search, in units of 10⁻⁸.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank(i64);

impl Rank {
    /// A rank that is higher than that of any event.
    pub(crate) const MAX: Self = Self(i64::MAX);

    pub(crate) const fn from_units(units: i64) -> Self {
        Self(units)
    }

    pub(crate) const fn units(self) -> i64 {
        self.0
    }

    fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > DECIMALS {
            return None;
        }
        let fraction: i64 = format!("{fraction:0<DECIMALS$}").parse().ok()?;
        let whole: i64 = whole.parse().ok()?;
        whole
            .checked_mul(UNITS_PER_RANK)?
            .checked_add(fraction)
            .map(Self)
    }
}

impl fmt::Display for Rank {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}.{:0DECIMALS$}",
            self.0 / UNITS_PER_RANK,
            self.0 % UNITS_PER_RANK
        )
    }
}

/// The event after which a page starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// Present in lists by relevance.
    pub(crate) rank: Option<Rank>,
    pub(crate) start_time: Timestamp,
    pub(crate) id: Uuid,
}

impl Cursor {
    /// Parses the cursor of a list by time: `<time>|<id>`.
    ///
    /// # Errors
    /// The text is not such a cursor.
    pub(crate) fn parse_time(text: &str) -> Result<Self, EventError> {
        let (start_time, id) = text.split_once('|').ok_or(INVALID_CURSOR)?;
        Ok(Self {
            rank: None,
            start_time: start_time.parse().map_err(|_| INVALID_CURSOR)?,
            id: Uuid::parse_str(id).map_err(|_| INVALID_CURSOR)?,
        })
    }

    /// Parses the cursor of a list by relevance: `<rank>|<time>|<id>`.
    ///
    /// # Errors
    /// The text is not such a cursor.
    pub(crate) fn parse_relevance(text: &str) -> Result<Self, EventError> {
        let (rank, rest) = text.split_once('|').ok_or(INVALID_CURSOR)?;
        Ok(Self {
            rank: Some(Rank::parse(rank).ok_or(INVALID_CURSOR)?),
            ..Self::parse_time(rest)?
        })
    }
}

const INVALID_CURSOR: EventError = EventError::invalid("cursor", "invalid cursor");

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(rank) = self.rank {
            write!(formatter, "{rank}|")?;
        }
        write!(formatter, "{}|{}", self.start_time, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0192d3a8-61f0-7c9b-9a53-5f0a2f1d7c11";

    #[test]
    fn cursor_round_trips_through_text() {
        let time = format!("2026-03-01T18:00:00.5Z|{ID}");
        assert_eq!(Cursor::parse_time(&time).unwrap().to_string(), time);
        let relevance = format!("0.60792711|2026-03-01T18:00:00Z|{ID}");
        let cursor = Cursor::parse_relevance(&relevance).unwrap();
        assert_eq!(cursor.to_string(), relevance);
        assert_eq!(cursor.rank, Some(Rank::from_units(60_792_711)));
    }

    #[test]
    fn malformed_cursors_are_rejected() {
        for wrong in [
            "",
            "|",
            "x|y",
            "2026-03-01T18:00:00Z|7",
            "2026-03-01T18:00:00Z",
        ] {
            assert!(Cursor::parse_time(wrong).is_err(), "{wrong}");
        }
        for wrong in ["-1", "1e3", "0.123456789", ""] {
            let text = format!("{wrong}|2026-03-01T18:00:00Z|{ID}");
            assert!(Cursor::parse_relevance(&text).is_err(), "{wrong}");
        }
    }
}
