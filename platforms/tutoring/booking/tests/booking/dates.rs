use jiff::{ToSpan as _, civil::Weekday};
use tutoring_contract::PlatformZone;

use crate::app::TestApp;

impl TestApp {
    /// Returns the date that is `days` before today in the time zone of the platform.
    pub(crate) fn days_ago(days: i64) -> String {
        let today = PlatformZone::default().today();
        today.checked_sub(days.days()).unwrap().to_string()
    }

    /// Returns the date that is `days` after today in the time zone of the platform.
    pub(crate) fn in_days(days: i64) -> String {
        let today = PlatformZone::default().today();
        today.checked_add(days.days()).unwrap().to_string()
    }

    /// Returns a day of the week that is at least 90 days later.
    pub(crate) fn later(weekday: Weekday) -> String {
        let from = PlatformZone::default().today().checked_add(90.days());
        let day = from.unwrap().nth_weekday(1, weekday);
        day.unwrap().to_string()
    }

    /// Returns today's date in the time zone of the platform.
    pub(crate) fn today() -> String {
        PlatformZone::default().today().to_string()
    }
}
