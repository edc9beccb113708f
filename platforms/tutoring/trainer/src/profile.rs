use seaworthy::prelude::*;
use serde_json::{Map, Value};
use tutoring_identity::Checks;

/// The maximum number of texts in a list, and of characters in a text.
const MAX_ITEMS: usize = 50;
const MAX_TEXT_LENGTH: usize = 500;
/// Days on which sessions take place, in order.
const DAYS: [&str; 6] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
/// The first hours of slots.
const HOURS: std::ops::RangeInclusive<u32> = 6..=19;
/// Maximum number of sessions per day: all slots of a day.
const MAX_PER_DAY: u32 = 14;

/// A valid change of a trainer.
pub(crate) enum Change {
    /// The changed fields of the profile.
    Profile(Map<String, Value>),
    Location(Location),
    Availability(Availability),
    Preference(Preference),
}

/// The changed fields of a profile.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ProfileChange {
    full_name: Option<String>,
    bio: Option<String>,
    photo_url: Option<String>,
    specialties: Option<Vec<String>>,
    years_of_experience: Option<u32>,
    languages: Option<Vec<String>>,
    certifications: Option<Vec<String>>,
}

impl ProfileChange {
    /// Returns the changed fields as JSON.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` with every invalid field.
    pub(crate) fn checked(self) -> Result<Map<String, Value>, Error> {
        let mut checks = Checks::new();
        if let Some(name) = &self.full_name {
            checks.length("fullName", name, 2, 150);
        }
        if let Some(bio) = &self.bio {
            checks.length("bio", bio, 20, 2_000);
        }
        let is_url = |url: &String| url.starts_with("https://") && url.len() <= 2_000;
        let problem = "must be a URL that begins with https://";
        checks.require(
            "photoUrl",
            self.photo_url.as_ref().is_none_or(is_url),
            problem,
        );
        let is_experience = self.years_of_experience.is_none_or(|years| years <= 80);
        checks.require("yearsOfExperience", is_experience, "must be 0 to 80");
        let is_short = |text: &String| (1..=MAX_TEXT_LENGTH).contains(&text.trim().chars().count());
        for (name, texts) in [
            ("specialties", &self.specialties),
            ("languages", &self.languages),
            ("certifications", &self.certifications),
        ] {
            let texts = texts.as_deref().unwrap_or_default();
            let is_list = texts.len() <= MAX_ITEMS && texts.iter().all(is_short);
            let problem = "must contain at most 50 texts of 1 to 500 characters";
            checks.require(name, is_list, problem);
        }
        checks.finish()?;
        let changed = serde_json::to_value(self).map_err(Error::internal)?;
        let mut changed = changed.as_object().cloned().unwrap_or_default();
        changed.retain(|_, value| !value.is_null());
        Ok(changed)
    }
}

/// The hours and days of a trainer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Availability {
    /// Hours `HH:00`.
    pub(crate) slots: Vec<String>,
    /// Days from `Mon` to `Sat`. All of them by default.
    #[serde(default = "all_days")]
    pub(crate) available_days: Vec<String>,
}

fn all_days() -> Vec<String> {
    DAYS.map(str::to_owned).into()
}

impl Availability {
    /// Returns the slots and days in order, without repetitions.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` with every invalid field.
    pub(crate) fn checked(self) -> Result<Self, Error> {
        let mut checks = Checks::new();
        let all: Vec<_> = HOURS.map(|hour| format!("{hour:02}:00")).collect();
        let has_hours = self.slots.iter().all(|slot| all.contains(slot));
        checks.require("slots", has_hours, "must contain hours from 06:00 to 19:00");
        let mut days = self.available_days.iter();
        let has_days = days.all(|day| DAYS.contains(&day.as_str()));
        checks.require(
            "availableDays",
            has_days,
            "must contain days from Mon to Sat",
        );
        checks.finish()?;
        let has_day = |day: &&str| self.available_days.iter().any(|own| own == day);
        Ok(Self {
            slots: all
                .into_iter()
                .filter(|slot| self.slots.contains(slot))
                .collect(),
            available_days: DAYS
                .into_iter()
                .filter(has_day)
                .map(str::to_owned)
                .collect(),
        })
    }
}

/// The preference for allocations.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Preference {
    pub(crate) accepts_online: bool,
    pub(crate) max_per_day: Option<u32>,
}

impl Preference {
    /// # Errors
    /// `VALIDATION_ERROR` for a number that is not 1 to 14.
    pub(crate) fn checked(self) -> Result<Self, Error> {
        let mut checks = Checks::new();
        let is_number = |max: u32| (1..=MAX_PER_DAY).contains(&max);
        let is_valid = self.max_per_day.is_none_or(is_number);
        checks.require("maxPerDay", is_valid, "must be 1 to 14");
        checks.finish()?;
        Ok(self)
    }
}

/// A place in degrees, WGS 84, with its accuracy in metres.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Location {
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
    pub(crate) accuracy: Option<f64>,
}

impl Location {
    /// # Errors
    /// `VALIDATION_ERROR` with every value that is out of range.
    pub(crate) fn checked(self) -> Result<Self, Error> {
        let mut checks = Checks::new();
        for (field, degrees, max) in [
            ("latitude", self.latitude, 90.0),
            ("longitude", self.longitude, 180.0),
        ] {
            checks.require(field, degrees.abs() <= max, "is out of range");
        }
        let is_accuracy = |metres: f64| (0.0..=100_000.0).contains(&metres);
        let is_valid = self.accuracy.is_none_or(is_accuracy);
        checks.require("accuracy", is_valid, "must be 0 to 100000 metres");
        checks.finish()?;
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(error: &Error) -> Vec<String> {
        error
            .fields()
            .iter()
            .map(|field| field.field.to_string())
            .collect()
    }

    #[test]
    fn invalid_profile_names_every_field_api_3() {
        let change = json!({
            "fullName": "A", "bio": "short", "photoUrl": "http://example.org", "yearsOfExperience": 81,
            "languages": [""],
        });
        let change: ProfileChange = serde_json::from_value(change).unwrap();
        let expected = [
            "fullName",
            "bio",
            "photoUrl",
            "yearsOfExperience",
            "languages",
        ];
        assert_eq!(fields(&change.checked().unwrap_err()), expected);
    }

    #[test]
    fn slots_and_days_are_ordered_and_bounded_api_3() {
        let given = |slots: &[&str], days: &[&str]| Availability {
            slots: slots.iter().map(|slot| (*slot).to_owned()).collect(),
            available_days: days.iter().map(|day| (*day).to_owned()).collect(),
        };
        let checked = given(&["10:00", "06:00", "10:00"], &["Sat", "Mon"])
            .checked()
            .unwrap();
        assert_eq!(checked.slots, ["06:00", "10:00"]);
        assert_eq!(checked.available_days, ["Mon", "Sat"]);
        let error = given(&["05:00"], &["Sun"]).checked().unwrap_err();
        assert_eq!(fields(&error), ["slots", "availableDays"]);
    }
}
