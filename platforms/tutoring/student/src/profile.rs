use seaworthy::{
    data::{
        chrono::{NaiveDate, Utc},
        is_storable_json,
    },
    prelude::*,
};
use serde_json::{Map, Value};
use tutoring_contract::PlatformZone;
use tutoring_identity::{Checks, NOT_STORABLE};

/// The maximum size of the fields without an own limit, as JSON, in bytes.
const MAX_OTHER: usize = 4_096;

/// The genders that trainers also have.
const GENDERS: [&str; 3] = ["male", "female", "other"];

/// The profile of a student.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Profile {
    pub(crate) full_name: Option<Personal<String>>,
    age: Option<u32>,
    gender: Option<String>,
    /// `YYYY-MM-DD`.
    date_of_birth: Option<Personal<String>>,
    address: Option<Personal<String>>,
    /// In degrees, WGS 84.
    latitude: Option<f64>,
    /// In degrees, WGS 84.
    longitude: Option<f64>,
    avatar_url: Option<String>,
    goals: Option<String>,
    /// Fields whose schema clients define.
    #[serde(flatten)]
    other: Map<String, Value>,
}

/// The names of fields whose schema clients define.
const OTHER: [&str; 7] = [
    "interests",
    "learningPreferences",
    "timezone",
    "occupation",
    "organization",
    "preferredLanguages",
    "extra",
];

impl Profile {
    /// Reads the changed fields of a profile. Unknown fields are ignored.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` with every invalid field.
    pub(crate) fn checked(mut self) -> Result<Self, Error> {
        self.other.retain(|name, _| OTHER.contains(&name.as_str()));
        let mut checks = Checks::new();
        let personal =
            |text: &Option<Personal<String>>| text.as_ref().map(|text| text.expose().clone());
        let (name, address) = (personal(&self.full_name), personal(&self.address));
        let check = |checks: &mut Checks, field: &str, text: Option<&String>, min, max| {
            if let Some(text) = text {
                checks.length(field, text, min, max);
                checks.storable(field, text);
            }
        };
        check(&mut checks, "fullName", name.as_ref(), 2, 150);
        let has_age = self.age.is_none_or(|age| (5..=120).contains(&age));
        checks.require("age", has_age, "must be 5 to 120");
        let gender = self.gender.as_deref();
        let is_gender = gender.is_none_or(|gender| GENDERS.contains(&gender));
        checks.require("gender", is_gender, "must be male, female or other");
        let today = Utc::now().date_naive();
        let is_past = |text: String| text.parse::<NaiveDate>().is_ok_and(|date| date <= today);
        checks.require(
            "dateOfBirth",
            personal(&self.date_of_birth).is_none_or(is_past),
            "must be a date in the past such as 2010-05-31",
        );
        check(&mut checks, "address", address.as_ref(), 0, 500);
        for (field, degrees, max) in [
            ("latitude", self.latitude, 90.0),
            ("longitude", self.longitude, 180.0),
        ] {
            let is_place = degrees.is_none_or(|degrees| degrees.abs() <= max);
            checks.require(field, is_place, "is out of range");
        }
        if let Some(url) = &self.avatar_url {
            let is_url = url.starts_with("https://") && url.len() <= 2_000;
            let problem = "must be a URL that begins with https://";
            checks.require("avatarUrl", is_url, problem);
            checks.storable("avatarUrl", url);
        }
        check(&mut checks, "goals", self.goals.as_ref(), 0, 1_000);
        if let Some(zone) = self.other.get("timezone").filter(|zone| !zone.is_null()) {
            let is_zone = |text: &str| text.parse::<PlatformZone>().is_ok();
            let problem = "must be an IANA time zone name such as Asia/Kolkata";
            checks.require("timezone", zone.as_str().is_some_and(is_zone), problem);
        }
        for (name, value) in &self.other {
            checks.require(name, is_storable_json(value), NOT_STORABLE);
            let is_small = value.to_string().len() <= MAX_OTHER;
            checks.require(name, is_small, "must have at most 4096 bytes");
        }
        checks.finish()?;
        Ok(self)
    }

    /// Returns the profile as stored, with the changed fields of another one. If one coordinate
    /// changes, the stored other one remains.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` for a changed coordinate without the other one, and [`Code::Internal`] if
    /// the profile cannot be written as JSON.
    pub(crate) fn merged_into(&self, stored: &Value) -> Result<Value, Error> {
        let mut profile = stored.as_object().cloned().unwrap_or_default();
        profile.extend(self.changed()?);
        let is_set = |name: &str| profile.get(name).is_some_and(Value::is_number);
        let mut checks = Checks::new();
        if self.latitude.is_some() && !is_set("longitude") {
            checks.reject("longitude", "is required with latitude");
        }
        if self.longitude.is_some() && !is_set("latitude") {
            checks.reject("latitude", "is required with longitude");
        }
        checks.finish()?;
        Ok(Value::Object(profile))
    }

    /// Returns the changed fields. Only fields whose schema clients define may be `null`.
    ///
    /// # Errors
    /// [`Code::Internal`] if a field is not JSON.
    pub(crate) fn changed(&self) -> Result<Map<String, Value>, Error> {
        match serde_json::to_value(self).map_err(Error::internal)? {
            Value::Object(mut changed) => {
                changed.retain(|name, value| !value.is_null() || self.other.contains_key(name));
                Ok(changed)
            }
            _ => Ok(Map::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn checked(profile: Value) -> Result<Profile, Error> {
        serde_json::from_value::<Profile>(profile)
            .unwrap()
            .checked()
    }

    #[test]
    fn invalid_profile_names_every_field_api_3() {
        let profile = json!({
            "fullName": "A", "age": 4, "gender": "robot", "dateOfBirth": "yesterday",
            "address": "x".repeat(501), "latitude": 91.0, "avatarUrl": "javascript:alert(1)",
            "goals": "x".repeat(1001), "timezone": "Asia/Nowhere", "extra": "x".repeat(4097),
        });
        let error = checked(profile).unwrap_err();
        let fields: Vec<_> = error.fields().iter().map(|field| &*field.field).collect();
        let expected = [
            "fullName",
            "age",
            "gender",
            "dateOfBirth",
            "address",
            "latitude",
            "avatarUrl",
            "goals",
            "timezone",
            "extra",
        ];
        assert_eq!(fields, expected);
        let born = json!({ "dateOfBirth": "9999-12-31" });
        assert_eq!(checked(born).unwrap_err().fields()[0].field, "dateOfBirth");
        let profile = json!({
            "gender": "female", "dateOfBirth": "2010-05-31", "timezone": "Asia/Kolkata",
            "latitude": 12.3, "longitude": 76.6,
        });
        assert!(checked(profile).is_ok());
    }

    #[test]
    fn stored_coordinate_completes_a_changed_one_api_3() {
        let moved = checked(json!({ "latitude": 12.3 })).unwrap();
        let stored = json!({ "latitude": 1.0, "longitude": 76.6 });
        let merged = moved.merged_into(&stored).unwrap();
        assert_eq!(merged, json!({ "latitude": 12.3, "longitude": 76.6 }));
        for stored in [json!({}), json!({ "latitude": 1.0, "longitude": null })] {
            let error = moved.merged_into(&stored).unwrap_err();
            let fields: Vec<_> = error.fields().iter().map(|field| &*field.field).collect();
            assert_eq!(fields, ["longitude"]);
        }
        // The other fields of a profile with one coordinate can change.
        let goals = checked(json!({ "goals": "algebra" })).unwrap();
        assert!(goals.merged_into(&json!({ "latitude": 1.0 })).is_ok());
    }

    #[test]
    fn absent_and_unknown_fields_change_nothing_api_3() {
        let changed = checked(json!({ "goals": "algebra", "role": "admin" })).unwrap();
        let merged = changed
            .merged_into(&json!({ "age": 12, "goals": "none" }))
            .unwrap();
        assert_eq!(merged, json!({ "age": 12, "goals": "algebra" }));
    }
}
