use std::collections::BTreeMap;

use jiff::Timestamp;
use seaworthy::prelude::*;
use tutoring_contract::PlatformZone;
use tutoring_identity::{Checks, invalid};

use super::NotificationKind;

/// The default quiet hours.
const DEFAULT_QUIET_START: &str = "22:00";
const DEFAULT_QUIET_END: &str = "07:00";

/// The notifications that a user receives in addition to the list in the application.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Preferences {
    /// Whether each kind is sent as a push. The default is true.
    pub(crate) push: BTreeMap<NotificationKind, bool>,
    /// Whether each kind is sent by e-mail. The default is false.
    pub(crate) email: BTreeMap<NotificationKind, bool>,
    /// When no push is sent.
    pub(crate) quiet_hours: QuietHours,
}

/// The daily time without push, in the time zone of the platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct QuietHours {
    pub(crate) enabled: bool,
    /// `HH:MM`.
    pub(crate) start: String,
    /// `HH:MM`. An end before the start is on the next day.
    pub(crate) end: String,
}

impl Default for QuietHours {
    fn default() -> Self {
        Self {
            enabled: false,
            start: DEFAULT_QUIET_START.to_owned(),
            end: DEFAULT_QUIET_END.to_owned(),
        }
    }
}

impl Preferences {
    /// Whether a kind is sent as a push.
    pub(crate) fn wants_push(&self, kind: NotificationKind) -> bool {
        self.push.get(&kind).copied().unwrap_or(true)
    }

    /// Whether a kind is sent by e-mail.
    pub(crate) fn wants_email(&self, kind: NotificationKind) -> bool {
        self.email.get(&kind).copied().unwrap_or(false)
    }

    /// Whether any kind is sent by e-mail.
    pub(crate) fn wants_any_email(&self) -> bool {
        self.email.values().any(|wanted| *wanted)
    }

    /// Checks the times.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` for a time that is not `HH:MM`.
    pub(crate) fn checked(self) -> Result<Self, Error> {
        let quiet = &self.quiet_hours;
        let mut checks = Checks::new();
        for (name, text) in [
            ("quietHours.start", &quiet.start),
            ("quietHours.end", &quiet.end),
        ] {
            checks.require(name, minute(text).is_some(), "must be a time such as 22:00");
        }
        checks.finish()?;
        match quiet.enabled && quiet.start == quiet.end {
            true => Err(invalid(
                "quietHours.end",
                "must differ from quietHours.start",
            )),
            false => Ok(self),
        }
    }
}

impl QuietHours {
    /// Returns the end of the quiet hours that contain a moment. `None` outside of them.
    pub(crate) fn end_after(&self, zone: &PlatformZone, now: Timestamp) -> Option<Timestamp> {
        if !self.enabled {
            return None;
        }
        let (start, end) = (minute(&self.start)?, minute(&self.end)?);
        let today = zone.date_at(now);
        // The hours that began yesterday, and those of today.
        [today.yesterday().ok()?, today]
            .into_iter()
            .find_map(|date| {
                let last = match end > start {
                    true => date,
                    false => date.tomorrow().ok()?,
                };
                let (from, until) = (zone.timestamp(date, start), zone.timestamp(last, end));
                (from <= now && now < until).then_some(until)
            })
    }
}

/// Returns the minutes since midnight of a time `HH:MM`.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let is_two_digits =
        |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_two_digits(hour) || !is_two_digits(minute) {
        return None;
    }
    let (hour, minute) = (hour.parse::<u16>().ok()?, minute.parse::<u16>().ok()?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiet(start: &str, end: &str) -> QuietHours {
        QuietHours {
            enabled: true,
            start: start.to_owned(),
            end: end.to_owned(),
        }
    }

    #[test]
    fn quiet_hours_end_on_their_day_api_2() {
        let zone: PlatformZone = "Asia/Kolkata".parse().unwrap();
        let end = |quiet: &QuietHours, now: &str| {
            let end = quiet.end_after(&zone, now.parse().unwrap());
            end.map(|end| end.to_string())
        };
        let night = quiet("22:00", "07:00");
        // 23:30 and 06:59 in India.
        for now in ["2026-03-01T18:00:00Z", "2026-03-02T01:29:00Z"] {
            assert_eq!(end(&night, now).unwrap(), "2026-03-02T01:30:00Z");
        }
        assert_eq!(end(&night, "2026-03-02T01:30:00Z"), None);
        let noon = quiet("12:00", "14:00");
        assert_eq!(
            end(&noon, "2026-03-01T07:00:00Z").unwrap(),
            "2026-03-01T08:30:00Z"
        );
        assert_eq!(end(&noon, "2026-03-01T09:00:00Z"), None);
        let off = QuietHours::default();
        assert_eq!(end(&off, "2026-03-01T18:00:00Z"), None);
    }

    #[test]
    fn times_are_checked_api_2() {
        for wrong in ["24:00", "7:00", "07:60", "+7:00", "late"] {
            let preferences = Preferences {
                quiet_hours: quiet(wrong, "07:00"),
                ..Preferences::default()
            };
            assert!(preferences.checked().is_err(), "{wrong}");
        }
        let course = NotificationKind::Course;
        let preferences: Preferences =
            serde_json::from_str(r#"{"push":{"course":false},"email":{"payment":true}}"#).unwrap();
        let preferences = preferences.checked().unwrap();
        assert!(!preferences.wants_push(course) && !preferences.wants_email(course));
        assert!(preferences.wants_push(NotificationKind::Payment));
        assert!(preferences.wants_email(NotificationKind::Payment));
    }
}
