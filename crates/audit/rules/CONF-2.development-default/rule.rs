//! Production does not override a development default.

use std::collections::BTreeSet;

use crate::model::Model;
use crate::model::facts::Setting;
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-2.development-default",
        title: "Production does not override a development default",
        severity: Severity::Medium,
        category: Category::Configuration,
        meaning: "A base file (`config.yaml`, `application.yml`) has a production file beside it. A base setting points to localhost, or enables debugging or schema changes. The production file does not set it, it is not a placeholder, and no deployment sets the matching variable. Listen addresses are excluded.",
        why: "Production uses the development value: it looks for a dependency on localhost, or changes the schema at startup.",
        fix: &[(
            "any",
            "Set the value in the production file, or remove the default.",
        )],
        references: &["https://12factor.net/config"],
    },
    check: Check::Repository(check),
};

fn check(model: &Model) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let variables: BTreeSet<String> = model
        .services
        .iter()
        .flat_map(|service| service.variables().0)
        .map(|variable| variable.name.to_uppercase())
        .collect();
    for found in model
        .files
        .values()
        .filter(|found| found.file.role.is_deployed())
    {
        let settings = found.facts.of::<Setting>();
        if settings.items.is_empty()
            || settings
                .items
                .iter()
                .any(|setting| setting.profile.is_some())
        {
            continue;
        }
        let name = found.file.name();
        let stem = name.split('.').next().unwrap_or(name);
        let production = model.files.values().find(|other| {
            let other_stem = other
                .file
                .name()
                .split(['.', '-', '_'])
                .next()
                .unwrap_or_default();
            other.file.folder() == found.file.folder()
                && other_stem == stem
                && other.facts.of::<Setting>().items.iter().any(|setting| {
                    matches!(setting.profile.as_deref(), Some("production" | "prod"))
                })
        });
        let Some(production) = production else {
            continue;
        };
        let overridden = production.facts.of::<Setting>();
        let mut kept = Vec::new();
        for setting in &settings.items {
            let Some(value) = setting.text.known() else {
                continue;
            };
            let variable = setting.key.to_uppercase().replace(['.', '-'], "_");
            let set = overridden
                .items
                .iter()
                .any(|other| other.key == setting.key)
                || variables.iter().any(|name| {
                    name.ends_with(&variable) || name.replace('_', "") == variable.replace('_', "")
                });
            if !set && is_for_development(&setting.key.to_lowercase(), value) {
                kept.push(setting);
            }
        }
        for setting in &kept {
            let evidence = format!(
                "`{}` is a development value, and `{}` does not override it",
                setting.key, production.file.path
            );
            outcomes.push(Breach::new(setting.at.clone(), Confidence::Medium, evidence).into());
        }
        if kept.is_empty() {
            outcomes.push(Outcome::passed(
                format!(
                    "`{}` overrides the development value of `{}`",
                    production.file.path, found.file.path
                ),
                None,
            ));
        }
    }
    outcomes
}

fn is_for_development(key: &str, value: &str) -> bool {
    let listens = [
        "server",
        "listen",
        "bind",
        "management",
        "cors",
        "origin",
        "http.addr",
        "grpc.addr",
    ]
    .iter()
    .any(|word| key.contains(word));
    let local = (value.contains("localhost") || value.contains("127.0.0.1"))
        && !value.contains("${")
        && !listens;
    let debug = (key == "debug" || key.ends_with(".debug")) && value == "true";
    let schema = key.ends_with("ddl-auto") && matches!(value, "update" | "create" | "create-drop");
    local || debug || schema
}
