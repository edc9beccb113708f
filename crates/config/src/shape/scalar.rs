use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::{Form, Pattern, Shape};

/// The accepted values of a scalar.
#[derive(Debug, Clone)]
pub(crate) struct ScalarShape {
    pub(crate) kinds: Kinds,
    /// The accepted values of an enum. Empty if all values are accepted.
    pub(crate) names: Vec<Json>,
    pub(crate) format: Option<String>,
    pub(crate) pattern: Option<Pattern>,
    pub(crate) min_length: Option<u64>,
    pub(crate) max_length: Option<u64>,
    pub(crate) minimum: Option<Json>,
    pub(crate) maximum: Option<Json>,
    pub(crate) above: Option<Json>,
    pub(crate) below: Option<Json>,
    pub(crate) multiple_of: Option<f64>,
}

/// The accepted types.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Kinds {
    pub(crate) text: bool,
    pub(crate) integer: bool,
    pub(crate) number: bool,
    pub(crate) boolean: bool,
}

impl ScalarShape {
    pub(crate) fn compile(members: &Map<String, Json>, types: &BTreeSet<&str>) -> Self {
        let mut names: Vec<Json> = members
            .get("const")
            .into_iter()
            .chain(
                members
                    .get("enum")
                    .and_then(Json::as_array)
                    .into_iter()
                    .flatten(),
            )
            .cloned()
            .collect();
        names.retain(|name| !name.is_null());
        let kind = |name: &str, is: fn(&Json) -> bool| {
            types.contains(name) || (types.is_empty() && names.iter().any(is))
        };
        let kinds = Kinds {
            text: kind("string", Json::is_string),
            integer: kind("integer", Json::is_i64),
            number: kind("number", Json::is_f64),
            boolean: kind("boolean", Json::is_boolean),
        };
        let format = members
            .get("format")
            .and_then(Json::as_str)
            .map(str::to_owned);
        let (min, max) = format.as_deref().map_or((None, None), integer_bounds);
        Self {
            kinds,
            names,
            pattern: members
                .get("pattern")
                .and_then(Json::as_str)
                .map(Pattern::new),
            min_length: members.get("minLength").and_then(Json::as_u64),
            max_length: members.get("maxLength").and_then(Json::as_u64),
            minimum: members.get("minimum").cloned().or(min),
            maximum: members.get("maximum").cloned().or(max),
            above: members.get("exclusiveMinimum").cloned(),
            below: members.get("exclusiveMaximum").cloned(),
            multiple_of: members.get("multipleOf").and_then(Json::as_f64),
            format,
        }
    }

    /// The accepted texts of an enum.
    pub(crate) fn texts(&self) -> Vec<&str> {
        self.names.iter().filter_map(Json::as_str).collect()
    }
}

/// The range of an integer type. schemars writes it only for types of up to 16 bits.
fn integer_bounds(format: &str) -> (Option<Json>, Option<Json>) {
    let range = match format {
        "uint8" => (0, i64::from(u8::MAX)),
        "uint16" => (0, i64::from(u16::MAX)),
        "uint32" => (0, i64::from(u32::MAX)),
        "int8" => (i64::from(i8::MIN), i64::from(i8::MAX)),
        "int16" => (i64::from(i16::MIN), i64::from(i16::MAX)),
        "int32" => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => return (None, None),
    };
    (Some(range.0.into()), Some(range.1.into()))
}

/// Joins the variants of an enum without data into one scalar.
pub(crate) fn join_names(variants: &[Shape]) -> Option<ScalarShape> {
    let mut scalars = variants.iter().map(|variant| match &variant.form {
        Form::Scalar(scalar) if !scalar.names.is_empty() => Some(scalar.as_ref()),
        _ => None,
    });
    let mut joined = scalars.next()??.clone();
    for scalar in scalars {
        let scalar = scalar?;
        joined.names.extend(scalar.names.iter().cloned());
        joined.kinds.text |= scalar.kinds.text;
        joined.kinds.integer |= scalar.kinds.integer;
        joined.kinds.number |= scalar.kinds.number;
        joined.kinds.boolean |= scalar.kinds.boolean;
    }
    Some(joined)
}
