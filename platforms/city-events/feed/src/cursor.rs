use base64::{Engine as _, prelude::BASE64_URL_SAFE};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// Digits of a second that a cursor has, which are those that the index has.
pub(crate) const CURSOR_DIGITS: u16 = 6;

/// The maximum time of a client from the first page of a list to the last one.
const MAX_AGE: TimeDelta = TimeDelta::days(1);
/// The maximum clock difference between replicas.
const MAX_CLOCK_SKEW: TimeDelta = TimeDelta::minutes(1);

/// Where a page of a list ends: the moment at which the list was ranked, and the place of the last item in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cursor {
    pub(crate) ranked_at: DateTime<Utc>,
    pub(crate) score: f64,
    pub(crate) starts: DateTime<Utc>,
    pub(crate) id: Uuid,
}

impl Cursor {
    /// Parses a cursor. Returns `None`, which selects the first page, for invalid text and for a
    /// cursor that was not ranked within the day up to `now`.
    pub(crate) fn read(text: &str, now: DateTime<Utc>) -> Option<Self> {
        let bytes = BASE64_URL_SAFE.decode(text).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let mut parts = text.split('|');
        let score = f64::from_bits(u64::from_str_radix(parts.next()?, 16).ok()?);
        let starts = DateTime::from_timestamp_micros(parts.next()?.parse().ok()?)?;
        let id = Uuid::try_parse(parts.next()?).ok()?;
        let ranked_at = DateTime::from_timestamp_micros(parts.next()?.parse().ok()?)?;
        let age = now.signed_duration_since(ranked_at);
        let is_recent = age <= MAX_AGE && age >= -MAX_CLOCK_SKEW;
        (parts.next().is_none() && score.is_finite() && is_recent).then_some(Self {
            ranked_at,
            score,
            starts,
            id,
        })
    }

    pub(crate) fn text(&self) -> String {
        BASE64_URL_SAFE.encode(format!(
            "{:x}|{}|{}|{}",
            self.score.to_bits(),
            self.starts.timestamp_micros(),
            self.id,
            self.ranked_at.timestamp_micros()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_anything_else_is_the_first_page() {
        let moment = DateTime::from_timestamp_micros(1_900_000_000_123_456).unwrap();
        let cursor = Cursor {
            ranked_at: moment,
            score: 4.25,
            starts: moment,
            id: Uuid::from_u128(7),
        };
        assert_eq!(Cursor::read(&cursor.text(), moment), Some(cursor));
        for other in [
            "",
            "%%%",
            "bm90aGluZw==",
            "N2ZmODAwMDAwMDAwMDAwMHwxfHh8MQ==",
        ] {
            assert_eq!(Cursor::read(other, moment), None, "{other}");
        }
    }

    #[test]
    fn cursor_of_another_time_gives_first_page_api_5() {
        let now = DateTime::from_timestamp_micros(1_900_000_000_123_456).unwrap();
        let ranked_at = |ranked_at| Cursor {
            ranked_at,
            score: 0.0,
            starts: now,
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
                Cursor::read(&ranked_at(moment).text(), now),
                None,
                "{moment}"
            );
        }
        for moment in [now - MAX_AGE, now, now + MAX_CLOCK_SKEW] {
            let cursor = ranked_at(moment);
            assert_eq!(Cursor::read(&cursor.text(), now), Some(cursor), "{moment}");
        }
    }
}
