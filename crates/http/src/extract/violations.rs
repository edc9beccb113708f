use seaworthy_core::FieldViolation;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use serde_path_to_error::{Path, Segment};

/// The maximum number of reported fields. Enough for any form.
const MAX_VIOLATIONS: usize = 32;
/// Maximum size of a body whose problems are all reported, in bytes. Each bad field needs up to a
/// dozen parses, so for a larger body only the first problem is reported.
const MAX_BODY: usize = 16 * 1024;
/// Maximum number of replaced values. Some types report the problem of a nested member at its
/// parent and accept no replacement. Without this limit the search would not end.
const MAX_REPLACEMENTS: usize = 2 * MAX_VIOLATIONS;

/// A problem of one field.
#[derive(Debug, PartialEq)]
struct Problem {
    /// The path from the root to the field. `None` if serde does not report it.
    place: Option<Vec<Step>>,
    field: String,
    text: String,
}

#[derive(Debug, Clone, PartialEq)]
enum Step {
    Member(String),
    Index(usize),
}

/// Returns the problems of a body that does not match its type. serde stops at the first one.
/// This function therefore replaces each bad value by one that the type accepts, and parses again.
/// If no such value exists, later problems are not reported.
pub(super) fn violations<T: DeserializeOwned>(bytes: &[u8]) -> Vec<FieldViolation> {
    let Some(first) = problem::<T>(bytes) else {
        return Vec::new();
    };
    let mut found = match serde_json::from_slice(bytes) {
        Ok(body) if bytes.len() <= MAX_BODY => all::<T>(body),
        _ => Vec::new(),
    };
    // `Value` drops duplicate members, so `all` does not find this problem.
    if !found.contains(&first) {
        found.insert(0, first);
    }
    let violations = found.into_iter();
    violations
        .map(|problem| FieldViolation::new(problem.field, problem.text))
        .collect()
}

fn all<T: DeserializeOwned>(mut body: Value) -> Vec<Problem> {
    let mut found: Vec<Problem> = Vec::new();
    let mut next = problem_of::<T>(&body);
    for _ in 0..MAX_REPLACEMENTS {
        let Some(problem) = next else {
            break;
        };
        let Some(place) = problem.place.clone() else {
            break;
        };
        let mut known = found.iter().filter_map(|problem| problem.place.as_deref());
        let replaced = known.clone().any(|known| place.starts_with(known));
        // A check over several fields can fail because of replaced values. Do not report it.
        if !replaced && known.any(|known| known.starts_with(&place)) {
            break;
        }
        let variant = first_variant(&problem.text);
        if !replaced {
            found.push(problem);
        }
        if found.len() == MAX_VIOLATIONS {
            break;
        }
        next = match replace::<T>(&mut body, &place, variant) {
            Some(next) => next,
            None => break,
        };
    }
    found
}

/// Tries values at a path until the problem is elsewhere, and returns the next problem. Returns
/// `None` if the type accepts none of the values.
fn replace<T: DeserializeOwned>(
    body: &mut Value,
    place: &[Step],
    variant: Option<String>,
) -> Option<Option<Problem>> {
    let values = [
        json!(null),
        json!(""),
        json!(1),
        json!(false),
        json!({}),
        json!([]),
        json!("00000000-0000-0000-0000-000000000000"),
        json!("2000-01-01"),
        json!("2000-01-01T00:00:00Z"),
        json!("00:00"),
    ];
    let mut variant = variant;
    for value in values {
        let next = with::<T>(body, place, value)?;
        match next {
            Some(next) if next.place.as_deref() == Some(place) => {
                variant = variant.or_else(|| first_variant(&next.text));
            }
            elsewhere => return Some(elsewhere),
        }
    }
    let next = with::<T>(body, place, json!(variant?))?;
    let is_elsewhere = next
        .as_ref()
        .is_none_or(|next| next.place.as_deref() != Some(place));
    is_elsewhere.then_some(next)
}

/// Returns the problem of a body with this value. Returns `None` if the path does not exist.
fn with<T: DeserializeOwned>(
    body: &mut Value,
    place: &[Step],
    value: Value,
) -> Option<Option<Problem>> {
    let (last, parents) = place.split_last()?;
    let parent = parents
        .iter()
        .try_fold(&mut *body, |parent, step| match step {
            Step::Member(name) => parent.get_mut(name),
            Step::Index(index) => parent.get_mut(index),
        })?;
    match (last, parent) {
        (Step::Member(name), Value::Object(members)) => drop(members.insert(name.clone(), value)),
        (Step::Index(index), Value::Array(items)) => *items.get_mut(*index)? = value,
        _ => return None,
    }
    Some(problem_of::<T>(body))
}

fn problem_of<T: DeserializeOwned>(body: &Value) -> Option<Problem> {
    problem::<T>(&serde_json::to_vec(body).ok()?)
}

fn problem<T: DeserializeOwned>(bytes: &[u8]) -> Option<Problem> {
    let deserializer = &mut serde_json::Deserializer::from_slice(bytes);
    let error = serde_path_to_error::deserialize::<_, T>(deserializer).err()?;
    let (field, text) = (error.path().to_string(), error.inner().to_string());
    let mut place = steps(error.path());
    let text = text.split(" at line ").next().unwrap_or_default();
    // The path of a missing field ends at its parent.
    let Some(name) = missing_field(text) else {
        let text = text.to_owned();
        return Some(Problem { place, field, text });
    };
    if let Some(place) = &mut place {
        place.push(Step::Member(name.to_owned()));
    }
    let field = match field.as_str() {
        "." => name.to_owned(),
        parent => format!("{parent}.{name}"),
    };
    let text = "is required".to_owned();
    Some(Problem { place, field, text })
}

fn steps(path: &Path) -> Option<Vec<Step>> {
    let steps = path.iter().map(|segment| match segment {
        Segment::Seq { index } => Some(Step::Index(*index)),
        Segment::Map { key } => Some(Step::Member(key.clone())),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    steps.collect()
}

/// Returns the name of the missing field from an error message of serde.
fn missing_field(text: &str) -> Option<&str> {
    text.strip_prefix("missing field `")?.strip_suffix('`')
}

/// Returns the first expected value from an error message of serde.
fn first_variant(text: &str) -> Option<String> {
    let (_, expected) = text
        .strip_prefix("unknown variant `")?
        .split_once("`, expected ")?;
    expected.split('`').nth(1).map(str::to_owned)
}
