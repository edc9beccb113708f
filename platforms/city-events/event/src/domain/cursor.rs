use std::fmt;

use city_events_contract::Moment;
use uuid::Uuid;

use super::EventError;

/// Ranks are compared with eight decimals, as they are printed: what a cursor says is then exactly where a page ended.
const DECIMALS: usize = 8;
const UNIT: i64 = 100_000_000;

/// How well an event matches a search, in units of the eighth decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank(i64);

impl Rank {
    /// Better than any.
    pub(crate) const BEST: Self = Self(i64::MAX);

    pub(crate) const fn of_units(units: i64) -> Self {
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
        whole.checked_mul(UNIT)?.checked_add(fraction).map(Self)
    }
}

impl fmt::Display for Rank {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{:0DECIMALS$}", self.0 / UNIT, self.0 % UNIT)
    }
}

/// Behind which event a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// Of a list by relevance.
    pub(crate) rank: Option<Rank>,
    pub(crate) start_time: Moment,
    pub(crate) id: Uuid,
}

impl Cursor {
    /// A cursor of a list by time: `<time>|<id>`.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn of_time(text: &str) -> Result<Self, EventError> {
        let (start_time, id) = text.split_once('|').ok_or(MALFORMED)?;
        Ok(Self {
            rank: None,
            start_time: start_time.parse().map_err(|_| MALFORMED)?,
            id: Uuid::parse_str(id).map_err(|_| MALFORMED)?,
        })
    }

    /// A cursor of a list by relevance: `<rank>|<time>|<id>`.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn of_relevance(text: &str) -> Result<Self, EventError> {
        let (rank, rest) = text.split_once('|').ok_or(MALFORMED)?;
        Ok(Self {
            rank: Some(Rank::parse(rank).ok_or(MALFORMED)?),
            ..Self::of_time(rest)?
        })
    }
}

const MALFORMED: EventError = EventError::invalid("cursor", "invalid cursor");

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
    fn cursors_are_readable_text_and_come_back_as_they_were() {
        let time = format!("2026-03-01T18:00:00.5Z|{ID}");
        assert_eq!(Cursor::of_time(&time).unwrap().to_string(), time);
        let relevance = format!("0.60792711|2026-03-01T18:00:00Z|{ID}");
        let cursor = Cursor::of_relevance(&relevance).unwrap();
        assert_eq!(cursor.to_string(), relevance);
        assert_eq!(cursor.rank, Some(Rank::of_units(60_792_711)));
    }

    #[test]
    fn what_is_no_cursor_is_refused_also_where_its_id_is_no_uuid() {
        for wrong in [
            "",
            "|",
            "x|y",
            "2026-03-01T18:00:00Z|7",
            "2026-03-01T18:00:00Z",
        ] {
            assert!(Cursor::of_time(wrong).is_err(), "{wrong}");
        }
        for wrong in ["-1", "1e3", "0.123456789", ""] {
            let text = format!("{wrong}|2026-03-01T18:00:00Z|{ID}");
            assert!(Cursor::of_relevance(&text).is_err(), "{wrong}");
        }
    }
}
