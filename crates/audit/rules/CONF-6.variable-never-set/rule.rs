//! The deployment omits a variable that the code requires.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::facts::EnvironmentRead;
use crate::model::{Model, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};
use crate::source::{Language, Located};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-6.variable-never-set",
        title: "The deployment omits a variable that the code requires",
        severity: Severity::High,
        category: Category::Configuration,
        meaning: "The code exits if a variable is not set (`os.environ[\"X\"]` at the top level of a Python module, `env::var(\"X\").expect(…)` in Rust). A workload lists all variables of the service, and neither the workload nor the image sets this one. Low confidence: the code reads a variable without a fallback. Neither the deployment nor the example file (`.env.example`) nor the validation of the settings (Joi, zod) has its name.",
        why: "The container exits at startup.",
        fix: &[(
            "any",
            "Set the variable in the deployment. Use a secret reference if it is sensitive.",
        )],
        references: &["https://12factor.net/config"],
    },
    check: Check::Service(|model, service| {
        let mut outcomes = check(model, service);
        outcomes.extend(undocumented(model, service));
        outcomes
    }),
};

fn check(_model: &Model, service: &Service) -> Vec<Outcome> {
    let (variables, complete) = service.variables();
    if variables.is_empty() {
        return Vec::new();
    }
    service
        .facts
        .of::<EnvironmentRead>()
        .deployed()
        .filter(|read| read.required)
        .filter_map(|read| {
            let name = read.name.known()?;
            let stage = service
                .image
                .as_ref()
                .and_then(|image| image.final_stage(service.target.as_deref()));
            let set = variables.iter().any(|variable| variable.name == *name)
                || stage.is_some_and(|stage| stage.environment.iter().any(|(own, _)| own == name));
            Some(if set {
                Outcome::passed(format!("`{name}` is set"), Some(&read.at))
            } else if !complete {
                Outcome::unknown(format!(
                    "a file or reference of the deployment may set `{name}`"
                ))
            } else {
                Breach::new(
                    read.at.clone(),
                    Confidence::Medium,
                    format!(
                        "the code requires `{name}`, and no deployment of `{}` sets it",
                        service.name
                    ),
                )
                .into()
            })
        })
        .collect()
}

/// Variables that the platform or the developer sets.
const COMMON: &[&str] = &[
    "PORT",
    "NODE_ENV",
    "HOME",
    "PATH",
    "HOSTNAME",
    "TZ",
    "CI",
    "DEBUG",
    "LOG_LEVEL",
    "PWD",
    "USER",
    "GIN_MODE",
    "ENV",
    "APP_ENV",
    "KUBERNETES_SERVICE_HOST",
    "POD_NAME",
    "VERSION",
];

/// Reads without a fallback of variables that no deployment and no example file has. One outcome
/// for each file.
fn undocumented(model: &Model, service: &Service) -> Vec<Outcome> {
    // Code of no service has no deployment that could set a variable.
    if service.root.is_none() {
        return Vec::new();
    }
    let (variables, complete) = service.variables();
    let examples = names_of_examples(model, service);
    let deployed = complete && variables.len() > 1;
    if examples.is_empty() && !deployed {
        return Vec::new();
    }
    let mut known: BTreeSet<&str> = examples;
    known.extend(variables.iter().map(|variable| variable.name.as_str()));
    let stage = service
        .image
        .as_ref()
        .and_then(|image| image.final_stage(service.target.as_deref()));
    for (name, _) in stage.into_iter().flat_map(|stage| &stage.environment) {
        known.insert(name);
    }
    let reads = service.facts.of::<EnvironmentRead>();
    let mut by_file: BTreeMap<&str, Vec<(&str, &Located<EnvironmentRead>)>> = BTreeMap::new();
    for read in reads.deployed() {
        let Some(name) = read.name.known() else {
            continue;
        };
        let bare = !read.required && read.fallback.is_absent();
        if bare && !COMMON.contains(&name.as_str()) && !known.contains(name.as_str()) {
            by_file.entry(&read.at.path).or_default().push((name, read));
        }
    }
    by_file
        .into_values()
        .filter_map(|reads| {
            let (name, first) = reads.first()?;
            let evidence = format!(
                "the code reads `{name}` without a fallback, and no deployment, example or check of the settings has it"
            );
            let others = reads.iter().skip(1).map(|(_, read)| read.at.clone());
            Some(Breach::guess(first.at.clone(), evidence).related(others).into())
        })
        .collect()
}

/// Names in the example file of a service, or of the repository, and in a check of the settings.
fn names_of_examples<'m>(model: &'m Model, service: &Service) -> BTreeSet<&'m str> {
    let root = service.root.as_deref().unwrap_or_default();
    let mut names = BTreeSet::new();
    for (path, found) in &model.files {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let example = folder == root || folder.is_empty();
        let dotenv = found.file.language == Language::Dotenv || name.contains(".env");
        if example && dotenv {
            names.extend(found.file.text.lines().filter_map(|line| {
                let name = line
                    .trim()
                    .trim_start_matches("export ")
                    .split('=')
                    .next()?;
                let name = name.trim_start_matches(['#', ' ']).trim();
                (!name.is_empty() && line.contains('=')).then_some(name)
            }));
        }
    }
    names
}
