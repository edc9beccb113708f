//! Variables that a schema of the environment requires, and that no code reads.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::model::{FileFacts, Model, Service};
use crate::repository::Role;
use crate::rule::{Breach, Outcome};
use crate::source::Location;

/// A key of a schema of Joi or Zod, a field of a class of variables, or a field of `BaseSettings`.
static KEY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?m)^[ \t]*(?:readonly )?(?P<name>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\s*(?:[!?]?:\s*(?:Joi\.|z\b|z\.|joi\.|string|number|boolean|str\b|int\b|Type\.)|=\s*Field\()",
    )
    .ok()
});
/// Words of a file that validates the environment.
const SCHEMAS: &[&str] = &[
    "Joi.object",
    "joi.object",
    "z.object",
    "z\n",
    "validateSync(",
    "Type.Object",
];
/// Variables that runtimes and libraries read by themselves.
const RUNTIME: &[&str] = &["NODE_", "OTEL_", "AWS_", "TZ", "NPM_", "PRISMA_", "SENTRY_"];

/// One finding for each file whose schema has keys that no other line of the service names.
pub(super) fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let Some(pattern) = KEY.as_ref() else {
        return Vec::new();
    };
    let code: Vec<&FileFacts> = model
        .files_of(service)
        .filter(|found| found.file.language.is_code() && found.file.role == Role::Production)
        .collect();
    let counts = counts(&code, pattern);
    let mut found: BTreeMap<&str, Vec<(&str, Location)>> = BTreeMap::new();
    for schema in &code {
        let text = &schema.file.text;
        if !is_schema(text) {
            continue;
        }
        for captures in pattern.captures_iter(text) {
            let Some(name) = captures.name("name") else {
                continue;
            };
            let known = RUNTIME.iter().any(|start| name.as_str().starts_with(start));
            if !known && counts.get(name.as_str()).is_none_or(|count| *count < 2) {
                let at = schema.file.location(name.range(), None);
                found
                    .entry(&schema.file.path)
                    .or_default()
                    .push((name.as_str(), at));
            }
        }
    }
    found
        .into_values()
        .filter_map(|keys| {
            let (name, first) = keys.first()?;
            let evidence =
                format!("the schema requires `{name}`, and no code of the service reads it");
            let others = keys.iter().skip(1).map(|(_, at)| at.clone());
            let breach = Breach::review(first.clone(), evidence).related(others);
            Some(Outcome::from(breach))
        })
        .collect()
}

/// How often the code names each key of a schema.
fn counts<'m>(code: &[&'m FileFacts], pattern: &Regex) -> BTreeMap<&'m str, usize> {
    let mut counts: BTreeMap<&str, usize> = code
        .iter()
        .filter(|found| is_schema(&found.file.text))
        .flat_map(|found| pattern.captures_iter(&found.file.text))
        .filter_map(|captures| Some((captures.name("name")?.as_str(), 0)))
        .collect();
    if counts.is_empty() {
        return counts;
    }
    for found in code {
        let words = found
            .file
            .text
            .split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
        for word in words {
            if let Some(count) = counts.get_mut(word) {
                *count += 1;
            }
        }
    }
    counts
}

fn is_schema(text: &str) -> bool {
    SCHEMAS.iter().any(|word| text.contains(word))
}
