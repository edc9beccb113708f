use std::fmt;

use base64::{Engine as _, prelude::BASE64_URL_SAFE};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// Decimals of a second in a cursor, the same as in the database.
pub(crate) const CURSOR_DIGITS: u16 = 6;

/// The maximum time of a client from the first page of a list to the last one. Later pages undo all
/// changes since the first one, so old cursors cost more.
pub(crate) const MAX_AGE: TimeDelta = TimeDelta::hours(1);
/// The maximum clock difference between replicas.
pub(crate) const MAX_CLOCK_SKEW: TimeDelta = TimeDelta::minutes(1);

/// The end of a page: the time at which the list was ranked, and the sort key of its last item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cursor {
    pub(crate) ranked_at: DateTime<Utc>,
    pub(crate) score: f64,
    pub(crate) start_time: DateTime<Utc>,
    pub(crate) id: Uuid,
}

impl Cursor {
    /// Parses a cursor. Returns `None`, which selects the first page, for invalid text and for a
    /// cursor that was not ranked within [`MAX_AGE`] up to `now`.
    pub(crate) fn parse(text: &str, now: DateTime<Utc>) -> Option<Self> {
        let bytes = BASE64_URL_SAFE.decode(text).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let mut parts = text.split('|');
        let score = f64::from_bits(u64::from_str_radix(parts.next()?, 16).ok()?);
        let start_time = DateTime::from_timestamp_micros(parts.next()?.parse().ok()?)?;
        let id = Uuid::try_parse(parts.next()?).ok()?;
        let ranked_at = DateTime::from_timestamp_micros(parts.next()?.parse().ok()?)?;
        let age = now.signed_duration_since(ranked_at);
        let is_recent = age <= MAX_AGE && age >= -MAX_CLOCK_SKEW;
        (parts.next().is_none() && score.is_finite() && is_recent).then_some(Self {
            ranked_at,
            score,
            start_time,
            id,
        })
    }

    fn encode(self) -> String {
        BASE64_URL_SAFE.encode(format!(
            "{:x}|{}|{}|{}",
            self.score.to_bits(),
            self.start_time.timestamp_micros(),
            self.id,
            self.ranked_at.timestamp_micros()
        ))
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.encode())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursor_round_trips_and_invalid_text_gives_first_page() {
        let moment = DateTime::from_timestamp_micros(1_900_000_000_123_456).unwrap();
        let cursor = Cursor {
            ranked_at: moment,
            score: 4.25,
            start_time: moment,
            id: Uuid::from_u128(7),
        };
        assert_eq!(Cursor::parse(&cursor.to_string(), moment), Some(cursor));
        for other in [
            "",
            "%%%",
            "bm90aGluZw==",
            "N2ZmODAwMDAwMDAwMDAwMHwxfHh8MQ==",
        ] {
            assert_eq!(Cursor::parse(other, moment), None, "{other}");
        }
    }

    #[test]
    fn cursor_of_another_time_gives_first_page_api_5() {
        let now = DateTime::from_timestamp_micros(1_900_000_000_123_456).unwrap();
        let ranked_at = |ranked_at| Cursor {
            ranked_at,
            score: 0.0,
            start_time: now,
            id: Uuid::from_u128(7),
        };
        let extremes = [
            DateTime::<Utc>::MIN_UTC,
            DateTime::<Utc>::MAX_UTC,
            now - MAX_AGE - TimeDelta::seconds(1),
            now + MAX_CLOCK_SKEW + TimeDelta::seconds(1),
        ];
        for moment in extremes {
            assert_eq!(
                Cursor::parse(&ranked_at(moment).to_string(), now),
                None,
                "{moment}"
            );
        }
        for moment in [now - MAX_AGE, now, now + MAX_CLOCK_SKEW] {
            let cursor = ranked_at(moment);
            assert_eq!(
                Cursor::parse(&cursor.to_string(), now),
                Some(cursor),
                "{moment}"
            );
        }
    }
}
