//! No module contains a controller or a consumer.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::model::{FileFacts, Model};
use crate::repository::Role;
use crate::rule::{Breach, Category, Check, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "API-1.never-wired",
        title: "No module contains a controller or a consumer",
        severity: Severity::Medium,
        category: Category::Contracts,
        meaning: "NestJS: no other deployed file names the class of a `@Controller`, `@Resolver`, `@Processor` or `@WebSocketGateway`. The finding has low confidence.",
        why: "The framework does not know the class. Its routes return 404, and its events are never handled.",
        fix: &[(
            "any",
            "Add the class to the `controllers` or `providers` of a module, or delete it.",
        )],
        references: &["https://docs.nestjs.com/modules"],
    },
    check: Check::Repository(check),
};

/// Decorators of classes that a module has to name, up to the name of the class.
const CLASS: &str = r"@(?:Controller|Resolver|Processor|WebSocketGateway)\((?:[^()]|\([^()]*\))*\)(?:\s*@\w+\((?:[^()]|\([^()]*\))*\))*\s*export (?:default )?class (?P<name>\w+)";

static PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(CLASS).ok());

fn is_script(found: &&FileFacts) -> bool {
    found.file.role == Role::Production && found.file.path.ends_with(".ts")
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
}

fn check(model: &Model) -> Vec<Outcome> {
    let Some(pattern) = PATTERN.as_ref() else {
        return Vec::new();
    };
    let classes: Vec<_> = model
        .files
        .values()
        .filter(is_script)
        .flat_map(|found| {
            pattern
                .captures_iter(&found.file.text)
                .filter_map(move |captures| Some((found, captures.name("name")?)))
        })
        .collect();
    if classes.is_empty() {
        return Vec::new();
    }
    let names: BTreeSet<&str> = classes.iter().map(|(_, name)| name.as_str()).collect();
    // A class loader names folders and not classes.
    let mut wired: BTreeSet<(&str, &str)> = BTreeSet::new();
    for found in model.files.values().filter(is_script) {
        for word in words(&found.file.text).filter(|word| names.contains(word)) {
            wired.insert((word, &found.file.path));
        }
    }
    classes
        .iter()
        .map(|(found, name)| {
            let elsewhere = wired
                .iter()
                .any(|(word, path)| *word == name.as_str() && *path != &*found.file.path);
            if elsewhere {
                return Outcome::passed(format!("another file names `{}`", name.as_str()), None);
            }
            let at = found.file.location(name.range(), None);
            let evidence = format!("no other file names `{}`", name.as_str());
            Breach::review(at, evidence).into()
        })
        .collect()
}
