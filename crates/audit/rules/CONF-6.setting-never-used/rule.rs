//! A setting is parsed and never used.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::facts::{FieldUses, SettingField};
use crate::model::{Model, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-6.setting-never-used",
        title: "A setting is parsed and never used",
        severity: Severity::Low,
        category: Category::Configuration,
        meaning: "Go, Rust: a struct of settings (`Config`, `Settings`, `Options`) has a field that no code of the repository reads. For a Go module that no other module requires, only its own code counts. Structs from other modules, and fields of structs, are excluded. JavaScript, TypeScript: the same for an object `config`, `settings` or `env` with environment variables (low confidence), unless code passes on the whole object. With low confidence: a field of `BaseSettings` in Python, a key of a function that returns settings (`registerAs`), and a private field of a Go struct that bounds its work (`timeout`, `retries`). Related locations show where the file sets it.",
        why: "A change of the setting has no effect. Often the code uses a hard-coded value instead.",
        fix: &[("any", "Use the setting, or delete it.")],
        references: &["https://12factor.net/config"],
    },
    check: Check::Service(check),
};

/// The folder of the Go module of a file.
fn module<'p>(model: &Model, path: &'p str) -> Option<&'p str> {
    let mut folder = path;
    while let Some((parent, _)) = folder.rsplit_once('/') {
        folder = parent;
        if model
            .files
            .contains_key(format!("{folder}/go.mod").as_str())
        {
            return Some(folder);
        }
    }
    None
}

/// Whether the code of another module imports the module of a folder.
fn is_imported(model: &Model, folder: &str) -> bool {
    let Some(own) = model.files.get(format!("{folder}/go.mod").as_str()) else {
        return true;
    };
    let name = own
        .file
        .text
        .lines()
        .find_map(|line| line.trim().strip_prefix("module "))
        .map_or("", str::trim);
    let inside = format!("{folder}/");
    name.is_empty()
        || model.files.values().any(|found| {
            found.file.path.ends_with("go.mod")
                && !found.file.path.starts_with(&inside)
                && found.file.text.split_whitespace().any(|word| word == name)
        })
}

/// Whether code reads a setting by its name as a text.
fn is_named(model: &Model, name: &str) -> bool {
    let quoted = [
        format!("\"{name}\""),
        format!("'{name}'"),
        format!(".{name}'"),
        format!(".{name}\""),
    ];
    model.files.values().any(|found| {
        found.file.role.is_deployed()
            && found.file.language.is_code()
            && quoted.iter().any(|text| found.file.text.contains(text))
    })
}

/// Names of objects that are no part of another object of settings.
const OBJECTS: &[&str] = &["config", "settings", "env", "conf", "appconfig", "cfg"];

fn is_script(path: &str) -> bool {
    [".ts", ".js", ".mjs", ".cjs", ".tsx"]
        .iter()
        .any(|end| path.ends_with(end))
}

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let fields = service.facts.of::<SettingField>();
    if fields.items.is_empty() {
        return Vec::new();
    }
    // A library may read the settings of the service.
    let uses: Vec<_> = model
        .files
        .values()
        .flat_map(|found| {
            let path = &*found.file.path;
            let uses = found.facts.of::<FieldUses>();
            uses.items
                .iter()
                .map(|uses| (path, uses.clone()))
                .collect::<Vec<_>>()
        })
        .collect();
    let mut within: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    fields
        .deployed()
        .map(|field| {
            // No other module reads the fields of a Go module that none imports.
            let folder = module(model, &field.at.path)
                .filter(|folder| field.at.path.ends_with(".go") && !is_imported(model, folder));
            let used = &*within.entry(folder.unwrap_or_default()).or_insert_with(|| {
                let start = folder
                    .map(|folder| format!("{folder}/"))
                    .unwrap_or_default();
                uses.iter()
                    .filter(|(path, _)| path.starts_with(&start))
                    .flat_map(|(_, uses)| uses.names.iter().map(String::as_str))
                    .collect()
            });
            // No code reads a private field of Go by a text.
            let private = field.is_review && field.at.path.ends_with(".go");
            if used.contains(field.name.as_str()) || !private && is_named(model, &field.name) {
                Outcome::passed(format!("`{}.{}` is read", field.owner, field.name), None)
            } else if is_script(&field.at.path) {
                if used.contains(format!("*{}", field.owner).as_str())
                    || !OBJECTS.contains(&&*field.owner.to_lowercase())
                        && is_named(model, &field.owner)
                {
                    return Outcome::unknown(format!(
                        "code passes on the whole `{}`, and may read `{}`",
                        field.owner, field.name
                    ));
                }
                let evidence = format!("no code reads `{}` of `{}`", field.name, field.owner);
                Breach::review(field.at.clone(), evidence).into()
            } else {
                Breach::new(
                    field.at.clone(),
                    if field.is_review {
                        Confidence::Low
                    } else {
                        Confidence::Medium
                    },
                    format!("no code reads `{}` of `{}`", field.name, field.owner),
                )
                .related(field.places.iter().cloned())
                .into()
            }
        })
        .collect()
}
