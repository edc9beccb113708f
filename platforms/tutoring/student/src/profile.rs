use seaworthy::prelude::*;
use serde_json::{Map, Value};
use tutoring_contract::is_storable_json;
use tutoring_identity::{Checks, NOT_STORABLE};

/// The maximum size of the members without an own limit, as JSON, in bytes.
const MAX_OTHER: usize = 4_096;

/// The profile of a student. Members that are not set are absent.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Profile {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) full_name: Option<Personal<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    age: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gender: Option<String>,
    /// `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    date_of_birth: Option<Personal<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<Personal<String>>,
    /// In degrees, WGS 84.
    #[serde(skip_serializing_if = "Option::is_none")]
    latitude: Option<f64>,
    /// In degrees, WGS 84.
    #[serde(skip_serializing_if = "Option::is_none")]
    longitude: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    goals: Option<String>,
    /// Members whose schema clients define.
    #[serde(flatten)]
    other: Map<String, Value>,
}

/// The names of members whose schema clients define.
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
    /// Reads the changed members of a profile. Unknown members are ignored.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` with every invalid member.
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
        check(&mut checks, "gender", self.gender.as_ref(), 1, 30);
        let is_date = |text: String| text.parse::<seaworthy::data::chrono::NaiveDate>().is_ok();
        checks.require(
            "dateOfBirth",
            personal(&self.date_of_birth).is_none_or(is_date),
            "must be a date such as 2010-05-31",
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
        for (name, value) in &self.other {
            checks.require(name, is_storable_json(value), NOT_STORABLE);
            let is_small = value.to_string().len() <= MAX_OTHER;
            checks.require(name, is_small, "must have at most 4096 bytes");
        }
        checks.finish()?;
        Ok(self)
    }

    /// Returns the profile as stored, with the changed members of another one.
    ///
    /// # Errors
    /// [`Code::Internal`] if it cannot be written as JSON.
    pub(crate) fn merged_into(&self, stored: &Value) -> Result<Value, Error> {
        let mut profile = stored.as_object().cloned().unwrap_or_default();
        profile.extend(self.changed()?);
        Ok(Value::Object(profile))
    }

    /// Returns the changed members.
    ///
    /// # Errors
    /// [`Code::Internal`] if a member is not JSON.
    pub(crate) fn changed(&self) -> Result<Map<String, Value>, Error> {
        match serde_json::to_value(self).map_err(Error::internal)? {
            Value::Object(changed) => Ok(changed),
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
    fn invalid_profile_names_every_member_api_3() {
        let profile = json!({
            "fullName": "A", "age": 4, "dateOfBirth": "yesterday", "address": "x".repeat(501),
            "latitude": 91.0, "avatarUrl": "javascript:alert(1)", "goals": "x".repeat(1001),
            "extra": "x".repeat(4097),
        });
        let error = checked(profile).unwrap_err();
        let fields: Vec<_> = error.fields().iter().map(|field| &*field.field).collect();
        let expected = [
            "fullName",
            "age",
            "dateOfBirth",
            "address",
            "latitude",
            "avatarUrl",
            "goals",
            "extra",
        ];
        assert_eq!(fields, expected);
    }

    #[test]
    fn absent_and_unknown_members_change_nothing_api_3() {
        let changed = checked(json!({ "goals": "algebra", "role": "admin" })).unwrap();
        let merged = changed
            .merged_into(&json!({ "age": 12, "goals": "none" }))
            .unwrap();
        assert_eq!(merged, json!({ "age": 12, "goals": "algebra" }));
    }
}
