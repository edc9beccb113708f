use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::{Value, json};

/// The period for which a rule contains offsets: longer than a service runs without a restart or a
/// change of its flags. Flag servers in other languages can therefore evaluate the rule.
const HORIZON: SignedDuration = SignedDuration::from_hours(5 * 366 * 24);

/// The offsets of a time zone from UTC.
pub(in crate::shorthand) struct Zone {
    /// The ends of offsets in Unix seconds, each with its offset in seconds.
    until: Vec<(i64, i32)>,
    /// The last offset.
    last: i32,
}

impl Zone {
    pub(in crate::shorthand) const UTC: Self = Self {
        until: Vec::new(),
        last: 0,
    };

    /// Reads the name of a time zone. Not set: UTC.
    ///
    /// # Errors
    /// The name is not in the database of time zones.
    pub(in crate::shorthand) fn read(value: Option<&Value>) -> Result<Self, String> {
        let Some(value) = value.filter(|value| *value != "UTC") else {
            return Ok(Self::UTC);
        };
        let zone = value.as_str().and_then(|name| TimeZone::get(name).ok());
        let zone = zone.ok_or_else(|| {
            format!("{value} is not a time zone of this system: use a name such as Europe/Berlin")
        })?;
        Ok(Self::from_zone(&zone, Timestamp::now()))
    }

    fn from_zone(zone: &TimeZone, now: Timestamp) -> Self {
        let end = now.saturating_add(HORIZON).unwrap_or(Timestamp::MAX);
        let mut last = zone.to_offset(now).seconds();
        let mut until = Vec::new();
        for transition in zone.following(now) {
            if transition.timestamp() > end {
                break;
            }
            until.push((transition.timestamp().as_second(), last));
            last = transition.offset().seconds();
        }
        Self { until, last }
    }

    /// Returns the local time in seconds since 1970-01-01 00:00, local time.
    pub(in crate::shorthand) fn local_seconds(&self) -> Value {
        let now = json!({"var": "$flagd.timestamp"});
        if self.until.is_empty() {
            return match self.last {
                0 => now,
                offset => json!({"+": [now, offset]}),
            };
        }
        let before = |(end, offset): &(i64, i32)| [json!({"<": [now, end]}), json!(offset)];
        let mut branches: Vec<Value> = self.until.iter().flat_map(before).collect();
        branches.push(json!(self.last));
        json!({"+": [now, {"if": branches}]})
    }
}
