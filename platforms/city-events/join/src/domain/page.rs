use std::str::FromStr;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use city_events_contract::Timestamp;
use uuid::Uuid;

use super::{JoinStatus, Rejection};

/// The page size without a limit in the request.
const DEFAULT_LIMIT: u32 = 20;
/// The maximum page size, fixed by the contract.
const MAX_LIMIT: u32 = 100;
/// The error for an invalid cursor. The contract fixes its text.
const INVALID_CURSOR: Rejection = Rejection::Invalid("invalid cursor");

/// The number of joins on a page, 1 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit(u32);

impl Limit {
    /// Parses the limit of a query. A text that is not a number means the default, and a number out
    /// of range means the nearest bound.
    pub(crate) fn from_query(text: Option<&str>) -> Self {
        let limit = text.and_then(|text| text.parse::<i64>().ok());
        let limit = limit.unwrap_or(DEFAULT_LIMIT.into());
        let limit = limit.clamp(1, MAX_LIMIT.into());
        Self(u32::try_from(limit).unwrap_or(DEFAULT_LIMIT))
    }

    /// Reads the limit of a gRPC call. 0 means the default.
    pub(crate) fn from_grpc(limit: u32) -> Self {
        Self(match limit {
            0 => DEFAULT_LIMIT,
            limit => limit.min(MAX_LIMIT),
        })
    }

    pub(crate) const fn get(self) -> u32 {
        self.0
    }
}

/// The start of a page: after the join with this time and ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) created_at: Timestamp,
    pub(crate) id: Uuid,
}

impl Cursor {
    /// Parses the cursor of a request. An empty text means the first page.
    pub(crate) fn from_query(text: &str) -> Result<Option<Self>, Rejection> {
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some)
    }
}

impl FromStr for Cursor {
    type Err = Rejection;

    fn from_str(text: &str) -> Result<Self, Rejection> {
        // Some clients add padding.
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

/// The filter of the list of the caller's joins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OwnFilter {
    /// The statuses of the listed joins. Empty means all.
    pub(crate) statuses: Vec<JoinStatus>,
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
}

impl OwnFilter {
    /// Parses the filter of a request: names of statuses separated by commas, and two times of RFC
    /// 3339. An empty text means no filter.
    pub(crate) fn from_query(statuses: &str, from: &str, to: &str) -> Result<Self, Rejection> {
        let names = statuses.split(',').map(str::trim);
        let statuses = names
            .filter(|name| !name.is_empty())
            .map(|name| {
                name.parse()
                    .map_err(|_| Rejection::Invalid("invalid status"))
            })
            .collect::<Result<_, _>>()?;
        let timestamp = |text: &str, message| match text {
            "" => Ok(None),
            text => text
                .parse()
                .map(Some)
                .map_err(|_| Rejection::Invalid(message)),
        };
        Ok(Self {
            statuses,
            from: timestamp(from, "invalid from")?,
            to: timestamp(to, "invalid to")?,
        })
    }
}

/// A page, and the start of the next one.
#[derive(Debug, Clone)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<Cursor>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limit_is_clamped_to_bounds() {
        let limits = [
            None,
            Some("x"),
            Some(""),
            Some("0"),
            Some("-5"),
            Some("7"),
            Some("101"),
        ];
        let limits = limits.map(|text| Limit::from_query(text).get());
        assert_eq!(limits, [20, 20, 20, 1, 1, 7, 100]);
        assert_eq!(
            [0, 5, 500].map(|limit| Limit::from_grpc(limit).get()),
            [20, 5, 100]
        );
    }

    #[test]
    fn cursor_is_base64url_of_time_and_id() {
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
                Err(Rejection::Invalid("invalid cursor"))
            ));
        }
    }

    #[test]
    fn filter_rejects_unknown_status() {
        assert!(OwnFilter::from_query("active,joined", "", "").is_err());
        let filter =
            OwnFilter::from_query("active, canceled,", "", "2026-03-01T17:30:00Z").unwrap();
        assert_eq!(filter.statuses, [JoinStatus::Active, JoinStatus::Canceled]);
        assert!(OwnFilter::from_query("", "yesterday", "").is_err());
    }
}
