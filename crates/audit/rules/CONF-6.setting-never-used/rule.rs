//! A setting is parsed and never used.

use std::collections::BTreeSet;

use crate::model::facts::{FieldUses, SettingField};
use crate::model::{Model, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-6.setting-never-used",
        title: "A setting is parsed and never used",
        severity: Severity::Low,
        category: Category::Configuration,
        meaning: "Go, Rust: a struct of settings (`Config`, `Settings`, `Options`) has a field that no code of the repository reads. Structs from other modules, and fields of structs, are excluded. JavaScript, TypeScript: the same for an object `config`, `settings` or `env` with environment variables (low confidence), unless code passes on the whole object. Related locations show where the file sets it.",
        why: "A change of the setting has no effect. Often the code uses a hard-coded value instead.",
        fix: &[("any", "Use the setting, or delete it.")],
        references: &["https://12factor.net/config"],
    },
    check: Check::Service(check),
};

/// Whether code reads a setting by its name as a text.
fn is_named(model: &Model, name: &str) -> bool {
    let quoted = [
        format!("\"{name}\""),
        format!("'{name}'"),
        format!(".{name}'"),
    ];
    model.files.values().any(|found| {
        found.file.role.is_deployed()
            && found.file.language.is_code()
            && quoted.iter().any(|text| found.file.text.contains(text))
    })
}

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
        .flat_map(|found| found.facts.of::<FieldUses>().items.clone())
        .collect();
    let used: BTreeSet<&str> = uses
        .iter()
        .flat_map(|uses| uses.names.iter().map(String::as_str))
        .collect();
    fields
        .deployed()
        .map(|field| {
            if used.contains(field.name.as_str()) || is_named(model, &field.name) {
                Outcome::passed(format!("`{}.{}` is read", field.owner, field.name), None)
            } else if is_script(&field.at.path) {
                if used.contains(format!("*{}", field.owner).as_str()) {
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
                    Confidence::Medium,
                    format!("no code reads `{}` of `{}`", field.name, field.owner),
                )
                .related(field.places.iter().cloned())
                .into()
            }
        })
        .collect()
}
