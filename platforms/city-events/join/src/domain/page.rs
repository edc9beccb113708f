use std::str::FromStr;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use city_events_contract::Moment;
use uuid::Uuid;

use super::{JoinError, JoinStatus};

/// What a caller gets who has no wish.
const DEFAULT: u32 = 20;
/// The contract's.
const LARGEST: u32 = 100;
/// What is wrong with a cursor, in the contract's words.
const INVALID_CURSOR: JoinError = JoinError::Invalid("invalid cursor");

/// How many are on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit(u32);

impl Limit {
    /// As the query of a request says it: no number is no wish, and what is too small or too large is brought within bounds.
    pub(crate) fn of_query(text: Option<&str>) -> Self {
        let wish = text.and_then(|text| text.parse::<i64>().ok());
        let wish = wish.unwrap_or(DEFAULT.into()).clamp(1, LARGEST.into());
        Self(u32::try_from(wish).unwrap_or(DEFAULT))
    }

    /// As a call says it: 0 is no wish.
    pub(crate) fn of_call(wish: u32) -> Self {
        Self(if wish == 0 {
            DEFAULT
        } else {
            wish.min(LARGEST)
        })
    }

    pub(crate) const fn get(self) -> u32 {
        self.0
    }
}

/// Where a page begins: behind this join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) created_at: Moment,
    pub(crate) id: Uuid,
}

impl Cursor {
    /// No cursor is the first page.
    pub(crate) fn of_query(text: &str) -> Result<Option<Self>, JoinError> {
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some)
    }
}

impl FromStr for Cursor {
    type Err = JoinError;

    fn from_str(text: &str) -> Result<Self, JoinError> {
        // The padding that others add does no harm.
        let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('='));
        let text = String::from_utf8(bytes.map_err(|_| INVALID_CURSOR)?);
        let text = text.map_err(|_| INVALID_CURSOR)?;
        let (created_at, id) = text.split_once('|').ok_or(INVALID_CURSOR)?;
        Ok(Self {
            created_at: created_at.parse().map_err(|_| INVALID_CURSOR)?,
            id: Uuid::parse_str(id).map_err(|_| INVALID_CURSOR)?,
        })
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = format!("{}|{}", self.created_at, self.id);
        formatter.write_str(&URL_SAFE_NO_PAD.encode(text))
    }
}

/// Which of one's own joins are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OwnFilter {
    /// Empty for all.
    pub(crate) statuses: Vec<JoinStatus>,
    pub(crate) from: Option<Moment>,
    pub(crate) to: Option<Moment>,
}

impl OwnFilter {
    /// As a query says it; empty texts say nothing.
    pub(crate) fn of_query(statuses: &str, from: &str, to: &str) -> Result<Self, JoinError> {
        let names = statuses.split(',').map(str::trim);
        let statuses = names
            .filter(|name| !name.is_empty())
            .map(|name| {
                name.parse()
                    .map_err(|_| JoinError::Invalid("invalid status"))
            })
            .collect::<Result<_, _>>()?;
        let moment = |text: &str, fault| match text {
            "" => Ok(None),
            text => text
                .parse()
                .map(Some)
                .map_err(|_| JoinError::Invalid(fault)),
        };
        Ok(Self {
            statuses,
            from: moment(from, "invalid from")?,
            to: moment(to, "invalid to")?,
        })
    }
}

/// A page, and where the next one begins.
#[derive(Debug, Clone)]
pub(crate) struct Listed<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<Cursor>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_brought_within_bounds() {
        let limits = [
            None,
            Some("x"),
            Some(""),
            Some("0"),
            Some("-5"),
            Some("7"),
            Some("101"),
        ];
        let limits = limits.map(|text| Limit::of_query(text).get());
        assert_eq!(limits, [20, 20, 20, 1, 1, 7, 100]);
        assert_eq!(
            [0, 5, 500].map(|wish| Limit::of_call(wish).get()),
            [20, 5, 100]
        );
    }

    #[test]
    fn a_cursor_is_base64url_of_moment_and_id() {
        let text =
            "MjAyNi0wMy0wMVQxNzozMDowMC41WnwwMTkyZDNhOC02MWYwLTdjOWItOWE1My01ZjBhMmYxZDdjMTE";
        let cursor: Cursor = text.parse().unwrap();
        assert_eq!(cursor.created_at.to_string(), "2026-03-01T17:30:00.5Z");
        assert_eq!(
            cursor.id.to_string(),
            "0192d3a8-61f0-7c9b-9a53-5f0a2f1d7c11"
        );
        assert_eq!(cursor.to_string(), text);
        for wrong in [
            "x",
            "!!",
            "MjAyNg",
            &URL_SAFE_NO_PAD.encode("2026-03-01T17:30:00Z|7"),
        ] {
            assert!(matches!(
                wrong.parse::<Cursor>(),
                Err(JoinError::Invalid("invalid cursor"))
            ));
        }
    }

    #[test]
    fn an_unknown_status_is_refused() {
        assert!(OwnFilter::of_query("active,joined", "", "").is_err());
        let filter = OwnFilter::of_query("active, canceled,", "", "2026-03-01T17:30:00Z").unwrap();
        assert_eq!(filter.statuses, [JoinStatus::Active, JoinStatus::Canceled]);
        assert!(OwnFilter::of_query("", "yesterday", "").is_err());
    }
}
