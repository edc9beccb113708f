//! A setting is parsed and never used.

mod schemas;
mod spring;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::facts::{FieldRead, FieldUses, SettingField};
use crate::model::{Model, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};
use crate::source::Located;

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-6.setting-never-used",
        title: "A setting is parsed and never used",
        severity: Severity::Low,
        category: Category::Configuration,
        meaning: "Go, Rust: a struct of settings (`Config`, `Settings`, `Options`) has a field that no code of the repository reads. For a Go module that no other module requires, only its own code counts. Structs from other modules, and fields of structs, are excluded. JavaScript, TypeScript: the same for an object `config`, `settings` or `env` with environment variables (low confidence), unless code passes on the whole object. With low confidence: a field of `BaseSettings` in Python, a key of a function that returns settings (`registerAs`), a field of a class with `@ConfigurationProperties` (Java), and a private field of a Go struct that bounds its work (`timeout`, `retries`). Related locations show where the file sets it. A key of a schema of the environment (Joi, Zod, classes of variables) counts too if no other line of the service names it. A read counts for the struct of its object, if the file shows it. A condition that only sets a default is no read.",
        why: "A change of the setting has no effect. Often the code uses a hard-coded value instead.",
        fix: &[("any", "Use the setting, or delete it.")],
        references: &["https://12factor.net/config"],
    },
    check: Check::Service(|model, service| {
        let mut outcomes = check(model, service);
        outcomes.extend(spring::check(model, service));
        outcomes.extend(schemas::check(model, service));
        outcomes
    }),
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
            && quoted.iter().any(|text| {
                found
                    .file
                    .text
                    .match_indices(text.as_str())
                    .any(|(at, _)| !is_default(found.file.text.get(..at).unwrap_or_default()))
            })
    })
}

/// Whether a text ends in a call that gives a setting its default or its variable.
fn is_default(before: &str) -> bool {
    let line = before.rsplit('\n').next().unwrap_or_default();
    ["set_default(", "SetDefault(", "BindEnv(", "bind_env("]
        .iter()
        .any(|call| line.contains(call))
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
    let typed = TypedReads::of(model, &uses);
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
            let has_types = [".rs", ".go"]
                .iter()
                .any(|end| field.at.path.ends_with(end));
            let is_read = used.contains(field.name.as_str())
                && (!has_types || typed.is_read(field, folder.unwrap_or_default()));
            if is_read || !private && is_named(model, &field.name) {
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
                    if field.is_review || used.contains(field.name.as_str()) {
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

/// Reads of fields with the type of their object, as far as it is known.
struct TypedReads<'m> {
    /// The structs of settings and their fields.
    declared: BTreeSet<(String, String)>,
    /// The types of the fields with this name.
    sections: BTreeMap<&'m str, BTreeSet<&'m str>>,
    /// The path of a file, and its reads of a field with this name.
    reads: BTreeMap<&'m str, Vec<(&'m str, &'m FieldRead)>>,
}

impl<'m> TypedReads<'m> {
    fn of(model: &Model, uses: &'m [(&'m str, Located<FieldUses>)]) -> Self {
        let mut found = Self {
            declared: BTreeSet::new(),
            sections: BTreeMap::new(),
            reads: BTreeMap::new(),
        };
        for file in model.files.values() {
            for field in &file.facts.of::<SettingField>().items {
                let own = (field.owner.clone(), field.name.clone());
                found.declared.insert(own);
            }
        }
        for (path, uses) in uses {
            for (name, owner) in &uses.sections {
                found.sections.entry(name).or_default().insert(owner);
            }
            for read in &uses.reads {
                let reads = found.reads.entry(read.name.as_str()).or_default();
                reads.push((path, read));
            }
        }
        found
    }

    fn declares(&self, owner: &str, name: &str) -> bool {
        self.declared.contains(&(owner.to_owned(), name.to_owned()))
    }

    /// Whether a read may read this field. It does not if its object is known and belongs to
    /// another struct of settings with a field of this name.
    fn is_read(&self, field: &SettingField, folder: &str) -> bool {
        let own = field.owner.as_str();
        let reads = self.reads.get(field.name.as_str()).into_iter().flatten();
        reads
            .filter(|(path, _)| path.starts_with(folder))
            .any(|(_, read)| {
                if !read.owner.is_empty() {
                    return read.owner == own || !self.declares(&read.owner, &read.name);
                }
                let owners = self.sections.get(read.section.as_str());
                owners.is_none_or(|owners| {
                    owners.contains(own)
                        || !owners.iter().all(|other| self.declares(other, &read.name))
                })
            })
    }
}
