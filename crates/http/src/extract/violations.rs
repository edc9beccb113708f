use seaworthy_core::FieldViolation;
use serde::de::{DeserializeOwned, Deserializer};
use serde_json::{Map, Value, json};
use serde_path_to_error::{Path, Segment};

use super::type_names::with_json_type;

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
    let read = |bytes: &[u8]| problem::<T, _>(&mut serde_json::Deserializer::from_slice(bytes));
    let body = serde_json::from_slice(bytes).ok();
    let body = body.filter(|_| bytes.len() <= MAX_BODY);
    all_with(read(bytes), body, &|body| {
        read(&serde_json::to_vec(body).ok()?)
    })
}

/// Returns the problems of a query that does not match its type.
pub(super) fn query_violations<T: DeserializeOwned>(query: &str) -> Vec<FieldViolation> {
    let read = |query: &str| {
        let pairs = form_urlencoded::parse(query.as_bytes());
        problem::<T, _>(serde_urlencoded::Deserializer::new(pairs))
    };
    let pairs = form_urlencoded::parse(query.as_bytes());
    let pairs = pairs.map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())));
    let is_small = query.len() <= MAX_BODY;
    let pairs = is_small.then(|| Value::Object(pairs.collect::<Map<_, _>>()));
    all_with(read(query), pairs, &|pairs| read(&query_of(pairs)))
}

/// Returns a query with these pairs. A parameter without a value is absent.
fn query_of(pairs: &Value) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs.as_object().into_iter().flatten() {
        match value {
            Value::Null => continue,
            Value::String(text) => query.append_pair(name, text),
            other => query.append_pair(name, &other.to_string()),
        };
    }
    query.finish()
}

/// Returns the problem of a document.
type Read<'a> = &'a dyn Fn(&Value) -> Option<Problem>;

/// Returns the first problem and those of the document, which may be too large to search.
fn all_with(
    first: Option<Problem>,
    document: Option<Value>,
    read: Read<'_>,
) -> Vec<FieldViolation> {
    let Some(first) = first else {
        return Vec::new();
    };
    let mut found = document.map_or_else(Vec::new, |document| all(document, read));
    // `Value` drops duplicate members, so `all` does not find this problem.
    if !found.contains(&first) {
        found.insert(0, first);
    }
    let violations = found.into_iter();
    violations
        .map(|problem| FieldViolation::new(problem.field, with_json_type(&problem.text)))
        .collect()
}

fn all(mut body: Value, read: Read<'_>) -> Vec<Problem> {
    let mut found: Vec<Problem> = Vec::new();
    let mut next = read(&body);
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
        next = match replace(&mut body, &place, variant, read) {
            Some(next) => next,
            None => break,
        };
    }
    found
}

/// Tries values at a path until the problem is elsewhere, and returns the next problem. Returns
/// `None` if the type accepts none of the values.
fn replace(
    body: &mut Value,
    place: &[Step],
    variant: Option<String>,
    read: Read<'_>,
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
        json!("12:00"),
    ];
    let (mut variant, mut at_parent) = (variant, None);
    // serde reports the problem of a flattened member at its parent.
    let is_here = |next: &Problem| {
        let found = next.place.as_deref();
        found.is_some_and(|found| place.starts_with(found))
    };
    for value in values {
        match with(body, place, value, read)? {
            Some(next) if is_here(&next) => {
                variant = variant.or_else(|| first_variant(&next.text));
                let is_parent = next.place.as_deref() != Some(place);
                at_parent = at_parent.or(is_parent.then_some(next));
            }
            elsewhere => return Some(elsewhere),
        }
    }
    if let Some(variant) = variant {
        let next = with(body, place, json!(variant), read)?;
        if !next.as_ref().is_some_and(is_here) {
            return Some(next);
        }
    }
    at_parent.map(Some)
}

/// Returns the problem of a body with this value. Returns `None` if the path does not exist.
fn with(body: &mut Value, place: &[Step], value: Value, read: Read<'_>) -> Option<Option<Problem>> {
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
    Some(read(body))
}

fn problem<'de, T: DeserializeOwned, D: Deserializer<'de>>(deserializer: D) -> Option<Problem> {
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
