use std::collections::{BTreeMap, BTreeSet};

use seaworthy::{
    data::chrono::{Datelike as _, NaiveDate},
    prelude::*,
};
use tutoring_identity::Checks;

use super::DocumentKind;

/// Minimum age of a trainer, in years.
const MIN_AGE: i32 = 18;
/// Days on which sessions take place, in order.
const DAYS: [&str; 6] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
/// The maximum number of texts in a list, and of characters in a text without an own limit.
const MAX_ITEMS: usize = 50;
const MAX_TEXT_LENGTH: usize = 500;

/// An application to become a trainer. Further fields of legacy clients are ignored.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Form {
    pub(crate) full_name: Personal<String>,
    pub(crate) date_of_birth: NaiveDate,
    pub(crate) gender: Gender,
    pub(crate) phone: Personal<String>,
    pub(crate) email: Personal<String>,
    pub(crate) location: Location,
    pub(crate) qualification: String,
    pub(crate) experience_years: u32,
    /// In order of preference.
    pub(crate) courses: Vec<Uuid>,
    #[serde(default)]
    pub(crate) skills: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) bio: Option<String>,
    #[serde(default)]
    pub(crate) languages: Vec<String>,
    #[serde(default)]
    pub(crate) certifications: Vec<String>,
    pub(crate) availability: Availability,
    /// Keys of objects in the storage of the platform.
    pub(crate) documents: BTreeMap<DocumentKind, String>,
    pub(crate) consents: Consents,
    #[serde(default)]
    pub(crate) references: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) preferred_working_city: Option<String>,
}

/// The gender of a trainer. Students may state a preference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Gender {
    Male,
    Female,
    Other,
}

/// The address of a trainer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Location {
    pub(crate) address_text: Personal<String>,
    pub(crate) city: String,
    pub(crate) state: String,
    pub(crate) country: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pincode: Option<String>,
    /// In degrees, WGS 84.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) latitude: Option<f64>,
    /// In degrees, WGS 84.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) longitude: Option<f64>,
}

/// The working hours of a trainer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Availability {
    pub(crate) employment_type: EmploymentType,
    pub(crate) shift_type: Shift,
    /// From `Mon` to `Sat`.
    pub(crate) available_days: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum EmploymentType {
    FullTime,
    PartTime,
}

/// A shift of eight slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Shift {
    Morning,
    Evening,
}

impl Shift {
    /// Returns the first hours of its eight slots.
    pub(crate) fn hours(self) -> std::ops::Range<u32> {
        match self {
            Self::Morning => 6..14,
            Self::Evening => 12..20,
        }
    }
}

/// The declarations that every trainer has to make.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Consents {
    pub(crate) information_correct: bool,
    pub(crate) background_check: bool,
    pub(crate) travel_to_students: bool,
}

impl Form {
    /// Checks all fields.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` with every wrong field.
    pub(crate) fn check(&self, today: NaiveDate) -> Result<(), Error> {
        let mut checks = Checks::new();
        checks.length("fullName", self.full_name.expose(), 2, 150);
        let is_adult = age(self.date_of_birth, today) >= MIN_AGE;
        checks.require("dateOfBirth", is_adult, "must be at least 18 years ago");
        checks.length("phone", self.phone.expose(), 6, 16);
        let has_at = self.email.expose().contains('@');
        checks.require("email", has_at, "is not an e-mail address");
        checks.length("email", self.email.expose(), 3, 254);
        self.check_location(&mut checks);
        checks.length("qualification", &self.qualification, 1, MAX_TEXT_LENGTH);
        let is_possible = self.experience_years <= 80;
        checks.require("experienceYears", is_possible, "must be 0 to 80");
        let is_choice = (1..=3).contains(&self.courses.len()) && are_different(&self.courses);
        checks.require(
            "courses",
            is_choice,
            "must contain 1 to 3 different courses",
        );
        if let Some(bio) = &self.bio {
            checks.length("bio", bio, 20, 2_000);
        }
        for (field, texts) in [
            ("skills", &self.skills),
            ("languages", &self.languages),
            ("certifications", &self.certifications),
            ("references", &self.references),
        ] {
            let is_long = |text: &String| !(1..=MAX_TEXT_LENGTH).contains(&text.chars().count());
            let has_room = texts.len() <= MAX_ITEMS && !texts.iter().any(is_long);
            let problem = "must contain at most 50 texts of 1 to 500 characters";
            checks.require(field, has_room, problem);
        }
        if let Some(city) = &self.preferred_working_city {
            checks.length("preferredWorkingCity", city, 1, 100);
        }
        let days = &self.availability.available_days;
        let are_days = days.iter().all(|day| DAYS.contains(&day.as_str()));
        let are_working_days = !days.is_empty() && are_different(days) && are_days;
        let problem = "must contain different days from Mon to Sat";
        checks.require("availability.availableDays", are_working_days, problem);
        for kind in DocumentKind::REQUIRED {
            let field = format!("documents.{}", kind.as_str());
            checks.require(field, self.documents.contains_key(&kind), "is required");
        }
        let given = &self.consents;
        for (field, is_given) in [
            ("consents.informationCorrect", given.information_correct),
            ("consents.backgroundCheck", given.background_check),
            ("consents.travelToStudents", given.travel_to_students),
        ] {
            checks.require(field, is_given, "must be true");
        }
        checks.finish()
    }

    fn check_location(&self, checks: &mut Checks) {
        let place = &self.location;
        let address = place.address_text.expose();
        checks.length("location.address_text", address, 1, MAX_TEXT_LENGTH);
        checks.length("location.city", &place.city, 1, 100);
        checks.length("location.state", &place.state, 1, 100);
        checks.length("location.country", &place.country, 1, 100);
        for (field, degrees, max) in [
            ("location.latitude", place.latitude, 90.0),
            ("location.longitude", place.longitude, 180.0),
        ] {
            let is_valid = degrees.is_none_or(|degrees| degrees.abs() <= max);
            checks.require(field, is_valid, "is out of range");
        }
        let is_pair = place.latitude.is_some() == place.longitude.is_some();
        let problem = "must be sent together with the latitude";
        checks.require("location.longitude", is_pair, problem);
    }

    /// Returns latitude and longitude in degrees.
    pub(crate) fn coordinates(&self) -> Option<(f64, f64)> {
        self.location.latitude.zip(self.location.longitude)
    }
}

fn are_different<T: Ord>(items: &[T]) -> bool {
    items.iter().collect::<BTreeSet<_>>().len() == items.len()
}

/// Returns the age in whole years.
fn age(birth: NaiveDate, today: NaiveDate) -> i32 {
    let had_birthday = (today.month(), today.day()) >= (birth.month(), birth.day());
    today.year() - birth.year() - i32::from(!had_birthday)
}
