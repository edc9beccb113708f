use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::http_rule::{Segment, Template};

/// The paths of the document. OpenAPI has one segment a parameter, so a variable of several segments is written as its parts.
#[derive(Default)]
pub(super) struct Paths {
    paths: Map<String, Value>,
    names: BTreeMap<String, String>,
}

/// One parameter of a path.
pub(super) struct PathParameter {
    pub(super) name: String,
    /// The field that takes exactly this segment.
    pub(super) field: Option<String>,
    /// Takes any number of segments.
    pub(super) is_rest: bool,
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

    /// The path of a template, and its parameters. At one place the parameter has one name, whatever the fields are called: two paths that
    /// differ only in the names of parameters are one.
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
