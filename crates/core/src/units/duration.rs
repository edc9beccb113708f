use std::{borrow::Cow, fmt, str::FromStr, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::UnitError;

const EXPECTED_DELAY: &str = "a duration of at most a week such as 250ms, 5s, 2m or 1h";
const EXPECTED_TIMEOUT: &str =
    "a duration above zero and of at most a week such as 250ms, 5s, 2m or 1h";

/// The maximum: one week. A longer duration in a setting is most likely a mistake.
const MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The unit of a day. It is parsed but never written: the largest written unit is the hour.
const DAY: (&str, u64) = ("d", 86_400_000_000_000);

/// The units in nanoseconds, largest first, because text uses the largest unit that is exact.
const UNITS: [(&str, u64); 6] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// A timeout or an interval: above zero and at most one week. In text: `250ms`, `5s`, `1h30m`,
/// `0.2s`.
///
/// No value means "no timeout".
///
/// ```
/// use seaworthy_core::Timeout;
///
/// assert_eq!("250ms".parse(), Ok(Timeout::from_millis(250)));
/// assert!("0s".parse::<Timeout>().is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timeout(Duration);

/// A delay of zero to one week. In text: `0s`, `250ms`, `5s`.
///
/// ```
/// use seaworthy_core::Delay;
///
/// assert_eq!("0s".parse(), Ok(Delay::ZERO));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Delay(Duration);

impl Timeout {
    /// Creates a timeout in milliseconds. Zero becomes one millisecond.
    #[must_use]
    pub const fn from_millis(milliseconds: u32) -> Self {
        Self(Duration::from_millis(if milliseconds == 0 {
            1
        } else {
            milliseconds as u64
        }))
    }

    /// Creates a timeout in seconds. Zero becomes one second, and more than a week becomes a week.
    #[must_use]
    pub const fn from_secs(seconds: u32) -> Self {
        let duration = Duration::from_secs(if seconds == 0 { 1 } else { seconds as u64 });
        Self(if duration.as_secs() > MAX.as_secs() {
            MAX
        } else {
            duration
        })
    }

    /// Returns the timeout as a duration.
    #[must_use]
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl Delay {
    /// No delay.
    pub const ZERO: Self = Self(Duration::ZERO);

    /// Creates a delay in milliseconds.
    #[must_use]
    pub const fn from_millis(milliseconds: u32) -> Self {
        Self(Duration::from_millis(milliseconds as u64))
    }

    /// Creates a delay in seconds. More than a week becomes a week.
    #[must_use]
    pub const fn from_secs(seconds: u32) -> Self {
        let duration = Duration::from_secs(seconds as u64);
        Self(if duration.as_secs() > MAX.as_secs() {
            MAX
        } else {
            duration
        })
    }

    /// Returns the delay as a duration.
    #[must_use]
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl TryFrom<Duration> for Timeout {
    type Error = UnitError;

    fn try_from(duration: Duration) -> Result<Self, UnitError> {
        if duration.is_zero() || duration > MAX {
            return Err(UnitError::new(&format!("{duration:?}"), EXPECTED_TIMEOUT));
        }
        Ok(Self(duration))
    }
}

impl TryFrom<Duration> for Delay {
    type Error = UnitError;

    fn try_from(duration: Duration) -> Result<Self, UnitError> {
        if duration > MAX {
            return Err(UnitError::new(&format!("{duration:?}"), EXPECTED_DELAY));
        }
        Ok(Self(duration))
    }
}

impl FromStr for Timeout {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let duration = parse(text).ok_or_else(|| UnitError::new(text, EXPECTED_TIMEOUT))?;
        Self::try_from(duration).map_err(|_| UnitError::new(text, EXPECTED_TIMEOUT))
    }
}

impl FromStr for Delay {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        parse(text)
            .and_then(|duration| Self::try_from(duration).ok())
            .ok_or_else(|| UnitError::new(text, EXPECTED_DELAY))
    }
}

/// The schema pattern of a number with a unit.
const PART: &str = r"[0-9]+(\.[0-9]+)? ?(ns|us|ms|s|m|h|d)";
/// The schema pattern of a number above zero with a unit.
const POSITIVE_PART: &str = r"(0*[1-9][0-9]*(\.[0-9]+)?|[0-9]+\.0*[1-9][0-9]*) ?(ns|us|ms|s|m|h|d)";

/// Parses one or more numbers with units, such as `5s`, `1h30m` or `0.2s`. The result is rounded
/// down to nanoseconds.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    loop {
        let (part, after) = parse_part(rest)?;
        total = total.checked_add(part)?;
        if after.is_empty() {
            return Some(total);
        }
        rest = after;
    }
}

/// Parses the first number with its unit. Returns its duration and the rest of the text.
fn parse_part(text: &str) -> Option<(Duration, &str)> {
    let (whole, rest) = split_digits(text)?;
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => split_digits(rest)?,
        None => ("", rest),
    };
    let rest = rest.trim_start();
    let letters = rest.bytes().take_while(u8::is_ascii_lowercase).count();
    let (unit, rest) = rest.split_at_checked(letters)?;
    let mut units = UNITS.iter().chain([&DAY]);
    let (_, scale) = units.find(|(name, _)| *name == unit)?;
    let whole = whole.parse::<u64>().ok()?.checked_mul(*scale)?;
    let mut nanos = 0;
    let mut digit_scale = *scale;
    for digit in fraction.chars() {
        digit_scale /= 10;
        nanos += u64::from(digit.to_digit(10)?) * digit_scale;
    }
    Some((Duration::from_nanos(whole.checked_add(nanos)?), rest))
}

/// Splits the text after its digits. Returns `None` if it does not begin with a digit.
fn split_digits(text: &str) -> Option<(&str, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text.split_at_checked(digits)
        .filter(|(digits, _)| !digits.is_empty())
}

pub(super) fn format(duration: Duration, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    if nanos == 0 {
        return formatter.write_str("0s");
    }
    let (unit, scale) = UNITS
        .iter()
        .find(|(_, scale)| nanos.is_multiple_of(*scale))
        .copied()
        .unwrap_or(("ns", 1));
    write!(formatter, "{}{unit}", nanos / scale)
}

/// The schema of a duration above zero.
pub(super) fn positive_schema() -> Schema {
    schema(&format!("^({PART})*({POSITIVE_PART})({PART})*$"))
}

fn schema(pattern: &str) -> Schema {
    json_schema!({ "type": "string", "format": "duration-text", "pattern": pattern, "examples": ["5s"] })
}

impl fmt::Display for Timeout {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        format(self.0, formatter)
    }
}

impl fmt::Display for Delay {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        format(self.0, formatter)
    }
}

impl fmt::Debug for Timeout {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        format(self.0, formatter)
    }
}

impl fmt::Debug for Delay {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        format(self.0, formatter)
    }
}

impl Serialize for Timeout {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Delay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timeout {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Delay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

impl JsonSchema for Timeout {
    fn schema_name() -> Cow<'static, str> {
        "Timeout".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        positive_schema()
    }

    fn inline_schema() -> bool {
        true
    }
}

impl JsonSchema for Delay {
    fn schema_name() -> Cow<'static, str> {
        "Delay".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schema(&format!("^({PART})+$"))
    }

    fn inline_schema() -> bool {
        true
    }
}
