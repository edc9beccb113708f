use seaworthy::{core::FieldViolation, prelude::*};
use serde_json::{Map, Value};
use tutoring_contract::{is_storable, is_storable_json};

/// The maximum size of the members without an own limit, as JSON, in bytes.
const MAX_OTHER: usize = 4_096;

const NOT_STORABLE: &str = "must not contain the character U+0000";

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
    /// Members whose form the clients decide.
    #[serde(flatten)]
    other: Map<String, Value>,
}

/// The names of members whose form the clients decide.
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
        let mut invalid = Vec::new();
        let mut require = |holds: bool, field: &str, problem: &str| {
            if !holds {
                invalid.push(FieldViolation::new(field, problem));
            }
        };
        let length = |text: &str| text.trim().chars().count();
        let is_within = |text: Option<&str>, min: usize, max: usize| {
            text.is_none_or(|text| (min..=max).contains(&length(text)))
        };
        let personal =
            |text: &Option<Personal<String>>| text.as_ref().map(|text| text.expose().clone());
        let (name, address) = (personal(&self.full_name), personal(&self.address));
        let (born, goals) = (personal(&self.date_of_birth), self.goals.as_deref());
        require(
            is_within(name.as_deref(), 2, 150),
            "fullName",
            "must have 2 to 150 characters",
        );
        let has_age = self.age.is_none_or(|age| (5..=120).contains(&age));
        require(has_age, "age", "must be 5 to 120");
        require(
            is_within(self.gender.as_deref(), 1, 30),
            "gender",
            "must have 1 to 30 characters",
        );
        let is_date = |text: String| text.parse::<seaworthy::data::chrono::NaiveDate>().is_ok();
        require(
            born.is_none_or(is_date),
            "dateOfBirth",
            "must be a date such as 2010-05-31",
        );
        require(
            is_within(address.as_deref(), 0, 500),
            "address",
            "must have at most 500 characters",
        );
        for (field, degrees, max) in [
            ("latitude", self.latitude, 90.0),
            ("longitude", self.longitude, 180.0),
        ] {
            let is_place = degrees.is_none_or(|degrees| degrees.abs() <= max);
            require(is_place, field, "is out of range");
        }
        let is_url = |text: &String| text.starts_with("https://") && text.len() <= 2_000;
        let has_url = self.avatar_url.as_ref().is_none_or(is_url);
        require(
            has_url,
            "avatarUrl",
            "must be a URL that begins with https://",
        );
        require(
            is_within(goals, 0, 1_000),
            "goals",
            "must have at most 1000 characters",
        );
        let avatar = self.avatar_url.as_deref();
        for (field, text) in [
            ("fullName", name.as_deref()),
            ("gender", self.gender.as_deref()),
            ("address", address.as_deref()),
            ("avatarUrl", avatar),
            ("goals", goals),
        ] {
            require(text.is_none_or(is_storable), field, NOT_STORABLE);
        }
        for (name, value) in &self.other {
            require(is_storable_json(value), name, NOT_STORABLE);
            require(
                value.to_string().len() <= MAX_OTHER,
                name,
                "must have at most 4096 bytes",
            );
        }
        match invalid.is_empty() {
            true => Ok(self),
            false => Err(Error::invalid(invalid)),
        }
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
