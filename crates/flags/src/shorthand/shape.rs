use chrono::{DateTime, NaiveDate};
use serde_json::Value;

use crate::problem::{Path, Problems};

/// The shape of a value in a flag file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    Any,
    Bool,
    Text,
    Count,
    /// A duration such as `720h`.
    Duration,
    /// A day or a time.
    Date,
    Texts,
    /// A mapping of free names.
    Labels,
    Fields(&'static [(&'static str, Shape)]),
}

impl Shape {
    /// Reports every value of another shape, and unknown fields.
    pub(super) fn check(self, value: &Value, path: &Path<'_>, problems: &mut Problems) {
        let expected = match (self, value) {
            (Self::Any, _)
            | (Self::Bool, Value::Bool(_))
            | (Self::Text, Value::String(_))
            | (Self::Labels, Value::Object(_)) => return,
            (Self::Count, value) if value.is_u64() => return,
            (Self::Duration, Value::String(text)) if is_duration(text) => return,
            (Self::Date, Value::String(text)) if day(text).is_some() => return,
            (Self::Texts, Value::Array(items)) if items.iter().all(Value::is_string) => return,
            (Self::Fields(known), Value::Object(fields)) => {
                for (name, value) in fields {
                    let path = path.then(name);
                    match known.iter().find(|(known, _)| known == name) {
                        Some((_, shape)) => shape.check(value, &path, problems),
                        None => problems.add(&path, "unknown field"),
                    }
                }
                return;
            }
            (Self::Labels | Self::Fields(_), _) => "a mapping",
            (Self::Bool, _) => "true or false",
            (Self::Text, _) => "a string",
            (Self::Count, _) => "a whole number",
            (Self::Duration, _) => "a duration such as 720h",
            (Self::Date, _) => "a day such as 2027-03-01",
            (Self::Texts, _) => "a list of strings",
        };
        problems.add(path, format!("must be {expected}"));
    }
}

/// Returns the day of a day or time.
pub(super) fn day(text: &str) -> Option<NaiveDate> {
    let time = || DateTime::parse_from_rfc3339(text).ok();
    text.parse().ok().or_else(|| Some(time()?.date_naive()))
}

fn is_duration(text: &str) -> bool {
    let ends = text.ends_with(['h', 'm', 's']);
    let units = text.split_inclusive(['h', 'm', 's']);
    let is_number = |part: &str| {
        let digits = part.trim_end_matches(['h', 'm', 's']);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    ends && units.into_iter().all(is_number)
}
