use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::http_rule::{Segment, Template};

/// The paths of the document. An OpenAPI parameter is one segment, so a variable with several
/// segments becomes several parameters.
#[derive(Default)]
pub(super) struct Paths {
    paths: Map<String, Value>,
    names: BTreeMap<String, String>,
}

pub(super) struct PathParameter {
    pub(super) name: String,
    /// The field that takes this segment alone.
    pub(super) field: Option<String>,
    /// Whether it takes any number of segments.
    pub(super) is_rest: bool,
    /// The field that takes this and other segments.
    pub(super) part: Option<Part>,
}

/// One of several segments that a field takes.
pub(super) struct Part {
    pub(super) field: String,
    pub(super) index: usize,
    pub(super) count: usize,
}

impl Paths {
    pub(super) fn add(&mut self, path: &str, method: &str, operation: Value) {
        let item = self
            .paths
            .entry(path)
            .or_insert_with(|| Value::Object(Map::new()));
        if let Some(item) = item.as_object_mut() {
            item.insert(method.to_owned(), operation);
        }
    }

    pub(super) fn finish(self) -> Value {
        Value::Object(self.paths)
    }

    /// Returns the path of a template, and its parameters. At one position the parameter has one
    /// name, independent of the names of the fields: OpenAPI treats paths that differ only in
    /// parameter names as equal.
    pub(super) fn write(&mut self, template: &Template) -> (String, Vec<PathParameter>) {
        let mut path = String::new();
        let mut parameters: Vec<PathParameter> = Vec::new();
        for (index, segment) in template.segments.iter().enumerate() {
            let is_rest = *segment == Segment::Rest;
            if let Segment::Literal(text) = segment {
                path.push('/');
                path.push_str(text);
                continue;
            }
            let variable = template.variables.iter().find(|variable| {
                (variable.start..variable.start + variable.count).contains(&index)
            });
            let field = variable
                .filter(|variable| variable.count == 1)
                .map(|variable| variable.field.clone());
            let part = variable
                .filter(|variable| variable.count > 1)
                .map(|variable| Part {
                    field: variable.field.clone(),
                    index: index - variable.start,
                    count: variable.count,
                });
            let chosen = match (&field, path.rsplit('/').next()) {
                (Some(field), _) => field.clone(),
                (None, Some(before)) if !before.is_empty() && !before.contains('{') => {
                    format!("{before}_id")
                }
                (None, _) => format!("segment_{index}"),
            };
            let mut name = self.names.entry(path.clone()).or_insert(chosen).clone();
            while parameters.iter().any(|known| known.name == name) {
                name.push_str(&index.to_string());
            }
            path.push_str(&format!("/{{{name}}}"));
            parameters.push(PathParameter {
                name,
                field,
                is_rest,
                part,
            });
        }
        if path.is_empty() {
            path.push('/');
        }
        if let Some(verb) = &template.verb {
            path.push(':');
            path.push_str(verb);
        }
        (path, parameters)
    }
}

/// Returns the patterns of the segments of text with a pattern such as `^shelves/[0-9]+$`. `None`
/// if it cannot be split.
pub(super) fn segment_patterns(pattern: &str, count: usize) -> Option<Vec<String>> {
    let inside = pattern.strip_prefix('^')?.strip_suffix('$')?;
    let (mut parts, mut part) = (Vec::new(), String::new());
    let mut class = false;
    for character in inside.chars() {
        match character {
            '/' if !class => parts.push(std::mem::take(&mut part)),
            '(' | ')' | '|' | '\\' => return None,
            _ => {
                class = (class || character == '[') && character != ']';
                part.push(character);
            }
        }
    }
    parts.push(part);
    (parts.len() == count).then(|| parts.iter().map(|part| format!("^{part}$")).collect())
}
