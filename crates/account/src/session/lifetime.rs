use std::{borrow::Cow, fmt, str::FromStr, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use seaworthy_core::Timeout;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const SECONDS_PER_DAY: u64 = 24 * 60 * 60;
/// The maximum in days. Browsers delete a cookie after 400 days (RFC 6265bis, section 5.5).
const MAX_DAYS: u64 = 400;

/// The lifetime of a session: above zero and at most 400 days. In text: `90d`, `12h`.
///
/// A [`Timeout`] does not suffice, because it is at most a week.
///
/// ```
/// use seaworthy_account::{InvalidLifetime, SessionLifetime};
///
/// assert_eq!("90d".parse(), Ok(SessionLifetime::from_days(90)));
/// assert_eq!("2160h".parse::<SessionLifetime>(), Err(InvalidLifetime));
/// assert!("401d".parse::<SessionLifetime>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLifetime(Duration);

/// The text is not a lifetime of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "use a number of days such as 90d, at most 400d, or a duration of at most a week such as 12h"
)]
pub struct InvalidLifetime;

impl SessionLifetime {
    /// Creates a lifetime in days. Zero becomes one day, and more than 400 days become 400 days.
    #[must_use]
    pub const fn from_days(days: u16) -> Self {
        let days = match days as u64 {
            0 => 1,
            days if days > MAX_DAYS => MAX_DAYS,
            days => days,
        };
        Self(Duration::from_secs(days * SECONDS_PER_DAY))
    }

    /// Returns the lifetime as a duration.
    #[must_use]
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl From<Timeout> for SessionLifetime {
    fn from(timeout: Timeout) -> Self {
        Self(timeout.get())
    }
}

impl FromStr for SessionLifetime {
    type Err = InvalidLifetime;

    fn from_str(text: &str) -> Result<Self, InvalidLifetime> {
        match text.strip_suffix('d') {
            Some(days) => match days.trim_end().parse() {
                Ok(days @ 1..=400) => Ok(Self::from_days(days)),
                _ => Err(InvalidLifetime),
            },
            None => text
                .parse::<Timeout>()
                .map(Self::from)
                .map_err(|_| InvalidLifetime),
        }
    }
}

impl fmt::Display for SessionLifetime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        if self.0.subsec_nanos() == 0 && seconds.is_multiple_of(SECONDS_PER_DAY) {
            return write!(formatter, "{}d", seconds / SECONDS_PER_DAY);
        }
        match Timeout::try_from(self.0) {
            Ok(timeout) => timeout.fmt(formatter),
            Err(_) => write!(formatter, "{seconds}s"),
        }
    }
}

impl Serialize for SessionLifetime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SessionLifetime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

impl JsonSchema for SessionLifetime {
    fn schema_name() -> Cow<'static, str> {
        "SessionLifetime".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "duration-text",
            "pattern": r"^0*[1-9][0-9]* ?(ns|us|ms|s|m|h|d)$",
            "examples": ["90d"],
        })
    }

    fn inline_schema() -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lifetime_is_bounded_by_the_age_of_cookies_auth_3() {
        for text in ["0d", "401d", "0s", "d", "-1d", "2160h", "90 days"] {
            assert_eq!(
                text.parse::<SessionLifetime>(),
                Err(InvalidLifetime),
                "{text}"
            );
        }
        for (text, seconds) in [("1d", 86_400), ("400d", 34_560_000), ("12h", 43_200)] {
            let lifetime: SessionLifetime = text.parse().unwrap();
            assert_eq!(lifetime.get().as_secs(), seconds);
            assert_eq!(lifetime.to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn lifetime_survives_its_text_auth_3(any in ".{0,8}", near in "[0-9]{1,4} ?(ns|us|ms|s|m|h|d)") {
            for text in [any, near] {
                if let Ok(lifetime) = text.parse::<SessionLifetime>() {
                    prop_assert_eq!(lifetime.to_string().parse(), Ok(lifetime));
                }
            }
        }
    }
}
