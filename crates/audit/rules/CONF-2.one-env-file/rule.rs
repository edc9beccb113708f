//! Development and production share one env file.

use crate::model::facts::ComposeService;
use crate::model::{FileFacts, Model};
use crate::repository::Role;
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-2.one-env-file",
        title: "Development and production share one env file",
        severity: Severity::Medium,
        category: Category::Configuration,
        meaning: "A production and a development compose file name the same `env_file`. The rule also reports a compose file that sets the environment to production and reads the `.env` file of a development compose file. Low confidence: three or more services of a compose file read the same file.",
        why: "Values that a developer sets for an experiment reach production: debug mode, test keys, local addresses.",
        fix: &[(
            "any",
            "Use one file per environment. Commit only an example file with placeholders.",
        )],
        references: &[
            "https://12factor.net/config",
            "https://docs.docker.com/compose/how-tos/environment-variables/best-practices/",
        ],
    },
    check: Check::Repository(check),
};

/// Services of one file below which a shared file of variables is a decision.
const MIN_SERVICES: usize = 3;

/// Services that all get the variables of one file, with the secrets of each other.
fn shared(found: &FileFacts) -> Option<Outcome> {
    let entries = found.facts.of::<ComposeService>();
    let built = |file: &str| {
        entries
            .items
            .iter()
            .filter(|entry| {
                entry.context.is_some() && entry.env_files.iter().any(|own| own == file)
            })
            .collect::<Vec<_>>()
    };
    let first = entries
        .items
        .iter()
        .flat_map(|entry| &entry.env_files)
        .find(|file| built(file).len() >= MIN_SERVICES)?;
    let services = built(first);
    let evidence = format!(
        "{} services read `{first}`, so each gets the secrets of the others",
        services.len()
    );
    let places: Vec<_> = services.iter().map(|entry| entry.at.clone()).collect();
    let at = places.first()?.clone();
    Some(
        Breach::review(at, evidence)
            .severity(Severity::Low)
            .related(places)
            .into(),
    )
}

fn check(model: &Model) -> Vec<Outcome> {
    let mut outcomes: Vec<Outcome> = model
        .files
        .values()
        .filter(|found| found.file.role.is_deployed())
        .filter_map(shared)
        .collect();
    let entries = |wanted: Role| {
        model
            .files
            .values()
            .filter(move |found| found.file.role == wanted)
            .flat_map(|found| found.facts.of::<ComposeService>().items.clone())
            .filter(|entry| !entry.env_files.is_empty())
    };
    let development: Vec<_> = entries(Role::Development).collect();
    for entry in entries(Role::Production) {
        // A plain `docker-compose.yml` may itself be the one for development.
        let name = entry.at.path.to_lowercase();
        let production = name.contains("prod")
            || entry.environment.iter().any(|variable| {
                variable.name.ends_with("ENV")
                    && variable
                        .value
                        .known()
                        .is_some_and(|value| value == "production")
            });
        if !production {
            continue;
        }
        let shared = development.iter().find(|other| {
            other.name == entry.name
                && other
                    .env_files
                    .iter()
                    .any(|file| entry.env_files.contains(file))
        });
        outcomes.push(match shared {
            Some(other) => {
                let evidence = format!(
                    "`{}` reads the same env file here for production and at {}:{}",
                    entry.name, other.at.path, other.at.line
                );
                Breach::new(entry.at.clone(), Confidence::High, evidence).into()
            }
            None => Outcome::passed(
                format!("`{}` has a separate env file for production", entry.name),
                Some(&entry.at),
            ),
        });
    }
    outcomes
}
