//! Bodies of requests whose schema, often in another file, has only numbers, Booleans and dates.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::Model;
use crate::source::{Language, Location};

/// `req: Request<Parameters, Answer, Body>`.
static REQUEST: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b(?:req|request)\s*:\s*\w+(?:<(?P<types>[^<>{}();]*)>)?").ok());
/// Parameters of functions that do not declare the type of the request.
const UNTYPED: &[&str] = &["(req,", "(request,", "(req)", "(request)"];
/// Position of the type of the body in the types of a request of Express.
const BODY: usize = 2;
/// Types and formats of JSON schema that contain no text of a person, without spaces.
const PLAIN: &[&str] = &[
    "type:'boolean'",
    "type:'number'",
    "type:'integer'",
    "format:'date-time'",
    "format:'date'",
];
const NESTED: &[&str] = &["$ref", "type:'object'", "type:'array'"];

/// Whether the request around a place has a typed body without personal data.
pub(super) fn is_plain(model: &Model, at: &Location) -> bool {
    body_type(model, at)
        .and_then(|name| schema_of(model, name))
        .is_some_and(has_plain_properties)
}

/// The name of the type of the body, from the parameter of the function around a place.
fn body_type<'m>(model: &'m Model, at: &Location) -> Option<&'m str> {
    let file = &model.files.get(&at.path)?.file;
    if file.language != Language::TypeScript {
        return None;
    }
    let before = file.text.get(..at.span.start)?;
    let parameter = REQUEST.as_ref()?.captures_iter(before).last()?;
    let after = before.get(parameter.get(0)?.end()..)?;
    if UNTYPED.iter().any(|start| after.contains(start)) {
        return None;
    }
    let name = parameter
        .name("types")?
        .as_str()
        .split(',')
        .nth(BODY)?
        .trim();
    let is_name = !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric());
    is_name.then_some(name)
}

/// The text after the opening brace of the JSON schema of a type:
/// `type Name = FromSchema<typeof schema>`, and `const schema = {` in the same file.
fn schema_of<'m>(model: &'m Model, name: &str) -> Option<&'m str> {
    let declared = Regex::new(&format!(
        r"\btype {name}\s*=\s*FromSchema<\s*typeof\s+(?P<schema>\w+)"
    ))
    .ok()?;
    model
        .files
        .values()
        .filter(|found| found.file.language == Language::TypeScript)
        .map(|found| &*found.file.text)
        .filter(|text| text.contains(name) && text.contains("FromSchema"))
        .find_map(|text| {
            let schema = declared.captures(text)?.name("schema")?.as_str();
            let (_, object) = text.split_once(&format!("const {schema} = {{"))?;
            Some(object)
        })
}

/// Whether an object of JSON schema has properties, and each is a number, a Boolean or a date.
fn has_plain_properties(object: &str) -> bool {
    let members = members(object);
    let is_open = members
        .iter()
        .any(|member| compact(member).starts_with("additionalProperties:true"));
    let properties = members
        .iter()
        .find(|member| member.trim_start().starts_with("properties:"))
        .and_then(|member| member.split_once('{'))
        .map_or_else(Vec::new, |(_, properties)| self::members(properties));
    !is_open
        && !properties.is_empty()
        && properties.iter().all(|property| {
            let property = compact(property);
            PLAIN.iter().any(|plain| property.contains(plain))
                && !NESTED.iter().any(|nested| property.contains(nested))
        })
}

fn compact(text: &str) -> String {
    let text: String = text.split_whitespace().collect();
    text.replace('"', "'")
}

/// The members of an object whose text starts after the opening brace.
fn members(text: &str) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    let mut quote: Option<char> = None;
    let (mut depth, mut start) = (0_usize, 0);
    for (at, letter) in text.char_indices() {
        if let Some(open) = quote {
            quote = (letter != open).then_some(open);
            continue;
        }
        match letter {
            '\'' | '"' | '`' => quote = Some(letter),
            '{' | '[' | '(' => depth += 1,
            '}' | ']' | ')' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                found.extend(text.get(start..at));
                start = at + 1;
                if letter == '}' {
                    found.retain(|member| !member.trim().is_empty());
                    return found;
                }
            }
            _ => {}
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::has_plain_properties;

    #[test]
    fn numbers_booleans_and_dates_are_plain() {
        assert!(has_plain_properties(
            "\n  required: ['until'],\n  description: \"the token's end, a date\",\n  properties: {\n    \
             until: { type: 'string', format: 'date-time' },\n    enabled: { type: \"boolean\" },\n  },\n} as const;"
        ));
    }

    #[test]
    fn texts_and_unknown_properties_are_not_plain() {
        for object in [
            "properties: { until: { format: 'date' }, name: { type: 'string' } } }",
            "additionalProperties: true, properties: { on: { type: 'boolean' } } }",
            "properties: { users: { type: 'array', items: { type: 'number' } } } }",
            "properties: { user: { $ref: '#/user', type: 'number' } } }",
            "properties: {} }",
            "properties: { on: { type: 'boolean' }",
        ] {
            assert!(!has_plain_properties(object), "{object}");
        }
    }
}
