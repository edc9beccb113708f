//! Helm charts: the values, and the actions of templates that use them.

use std::sync::LazyLock;

use regex::Regex;

use crate::document::{Yaml, YamlNode};
use crate::model::FactSink;
use crate::model::facts::{ChartUse, ChartValue};
use crate::packs::{Pack, Reader};
use crate::source::SourceFile;

pub(super) const VALUES: Pack = Pack {
    name: "values of Helm charts",
    reader: Reader::Yaml(values),
};

pub(super) const TEMPLATES: Pack = Pack {
    name: "templates of Helm charts",
    reader: Reader::Text(templates),
};

/// Deeper values, and more of them, are not read.
const MAX_DEPTH: usize = 10;
const MAX_VALUES: usize = 2_000;

fn values(file: &SourceFile, yaml: &Yaml, facts: &mut FactSink<'_>) {
    let name = file.name();
    if !(name.starts_with("values") && (name.ends_with(".yaml") || name.ends_with(".yml"))) {
        return;
    }
    let mut left = MAX_VALUES;
    for document in yaml.documents() {
        add(document, "", MAX_DEPTH, &mut left, facts);
    }
}

fn add(node: YamlNode<'_>, path: &str, depth: usize, left: &mut usize, facts: &mut FactSink<'_>) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    for (key, value) in node.pairs() {
        let Some(fewer) = left.checked_sub(1) else {
            return;
        };
        *left = fewer;
        let path = if path.is_empty() {
            key.to_owned()
        } else {
            format!("{path}.{key}")
        };
        let inner = value.pairs().next().is_some();
        let text = text(value, MAX_DEPTH);
        facts.add(
            ChartValue {
                path: path.clone(),
                is_leaf: !inner,
                is_empty: matches!(text.as_str(), "" | "{}" | "[]"),
                text,
            },
            value.span(),
        );
        add(value, &path, depth, left, facts);
    }
}

/// The value without its layout.
fn text(node: YamlNode<'_>, depth: usize) -> String {
    let Some(depth) = depth.checked_sub(1) else {
        return String::new();
    };
    if let Some(scalar) = node.scalar() {
        return scalar.to_owned();
    }
    if node.is_mapping() {
        let pairs: Vec<String> = node
            .pairs()
            .map(|(key, value)| format!("{key}: {}", text(value, depth)))
            .collect();
        return format!("{{{}}}", pairs.join(", "));
    }
    let items: Vec<String> = node.items().map(|item| text(item, depth)).collect();
    if items.is_empty() && node.span().is_empty() {
        String::new()
    } else {
        format!("[{}]", items.join(", "))
    }
}

static ACTION: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\{\{[^}]*\}\}").ok());
static VALUE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"\.Values(?:\.(?P<path>[A-Za-z_][\w.]*\w|[A-Za-z_])|(?P<whole>[\s)}|]|$))|index \$?\.Values (?P<keys>(?:"[^"]+"\s*)+)"#).ok()
});
/// Words of an action that works without the value.
const OPTIONAL: &[&str] = &[
    "default ", "if ", "with ", "range ", "hasKey", "coalesce", "required", "dig ", "empty ",
    "ternary", "and ", "or ", "not ", "get ",
];

fn templates(file: &SourceFile, facts: &mut FactSink<'_>) {
    if !file.path.contains("templates/")
        || ![".yaml", ".yml", ".tpl", ".txt", ".json"]
            .iter()
            .any(|end| file.path.to_lowercase().ends_with(end))
    {
        return;
    }
    let (Some(action), Some(value)) = (ACTION.as_ref(), VALUE.as_ref()) else {
        return;
    };
    for action in action.find_iter(&file.text) {
        let text = action.as_str();
        let is_optional = OPTIONAL.iter().any(|word| text.contains(word));
        for captures in value.captures_iter(text) {
            let path = match (captures.name("path"), captures.name("keys")) {
                (Some(path), _) => path.as_str().to_owned(),
                (None, Some(keys)) => keys
                    .as_str()
                    .split('"')
                    .filter(|key| !key.trim().is_empty())
                    .collect::<Vec<_>>()
                    .join("."),
                (None, None) => String::new(),
            };
            let place = captures.get(0).map_or(action.range(), |found| {
                action.start() + found.start()..action.start() + found.end()
            });
            facts.add(ChartUse { path, is_optional }, place);
        }
    }
}
