//! Variables of Spring services, which Spring binds to properties by its own spelling.

use std::collections::BTreeSet;

use super::RUNTIME;
use crate::model::facts::Setting;
use crate::model::{FileFacts, Model, Service};
use crate::rule::{Breach, Outcome};

/// `rabbit-mq.host`, `rabbitMq.host` and `RABBIT_MQ_HOST` are one name.
fn plain(name: &str) -> String {
    name.chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// The names of properties in string literals: `@Value("${a.b}")`, `getProperty("a.b")`.
fn literals(text: &str, into: &mut BTreeSet<String>) {
    for literal in text.split('"').skip(1).step_by(2) {
        let name = literal.trim_start_matches(['$', '{', '#']);
        let name = name.split([':', '}']).next().unwrap_or_default();
        if !name.is_empty() && !name.contains([' ', '/', '\n']) {
            into.insert(plain(name));
        }
    }
}

/// The variables of compose entries that no property and no code of a Spring service has.
pub(super) fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let files: Vec<&FileFacts> = model.files_of(service).collect();
    let is_spring = files
        .iter()
        .any(|found| found.file.text.contains("org.springframework.boot"));
    if !is_spring {
        return Vec::new();
    }
    let mut known = BTreeSet::new();
    let mut prefixes = BTreeSet::new();
    for found in &files {
        if found.file.language.is_code() {
            literals(&found.file.text, &mut known);
            let bound = found.file.text.split("@ConfigurationProperties").skip(1);
            prefixes.extend(bound.filter_map(|rest| Some(plain(rest.split('"').nth(1)?))));
        }
        known.extend(
            found
                .facts
                .of::<Setting>()
                .items
                .iter()
                .map(|setting| plain(&setting.key)),
        );
    }
    // Without a settings file, another place may have the properties.
    if known.is_empty() {
        return Vec::new();
    }
    let entries = service
        .compose
        .iter()
        .filter(|entry| entry.at.role.is_deployed());
    entries
        .flat_map(|entry| {
            entry
                .environment
                .iter()
                .map(move |own| (own, &entry.at.path))
        })
        .filter_map(|(variable, path)| {
            let name = variable.name.as_str();
            let own = plain(name);
            let runtime = RUNTIME.iter().any(|start| name.starts_with(start));
            let bound = prefixes
                .iter()
                .any(|prefix| !prefix.is_empty() && own.starts_with(prefix.as_str()));
            let named = model
                .mentions(name)
                .is_some_and(|files| files.iter().any(|file| !file.contains("compose")));
            if runtime || bound || named || known.contains(&own) || name.to_uppercase() != name {
                return None;
            }
            let at = model.location(path, variable.span.clone(), Some(name))?;
            let evidence = format!("no property of the service has the name of `{name}`");
            Some(Breach::review(at, evidence).into())
        })
        .collect()
}
