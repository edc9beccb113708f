//! The configuration contains a default credential.

use crate::model::Model;
use crate::model::facts::{Secret, runs_stores_only};
use crate::repository::{Role, Tracked};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};
use crate::secret::{SecretClass, opens_the_same_machine};
use crate::source::Language;

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-5.default-credential",
        title: "The configuration contains a default credential",
        severity: Severity::Medium,
        category: Category::Configuration,
        meaning: "A configuration file sets a secret key or the password of a URL to a well-known value (`postgres`, `guest`, `secret`). Development files are excluded. Low if the compose file starts only databases and brokers for local development, or if nearby settings name this machine (`host: 127.0.0.1`).",
        why: "Default credentials reach production unchanged, and attackers try them first.",
        fix: &[(
            "any",
            "Take the value from the environment without a default (`${DB_PASSWORD:?}` in compose), from a secret file, or from a vault. Keep defaults only in the development override.",
        )],
        references: &[
            "https://cwe.mitre.org/data/definitions/1392.html",
            "https://docs.docker.com/compose/how-tos/use-secrets/",
        ],
    },
    check: Check::Repository(check),
};

fn check(model: &Model) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let mut read = 0;
    for found in model.files.values() {
        let file = &found.file;
        if file.tracked == Tracked::No
            || file.role != Role::Production
            || !file.language.is_configuration()
        {
            continue;
        }
        read += 1;
        for secret in found
            .facts
            .of::<Secret>()
            .items
            .iter()
            .filter(|secret| secret.credential.class == SecretClass::Weak)
        {
            let local = ["localhost", "127.0.0.1"]
                .iter()
                .any(|host| secret.subject.starts_with(host));
            // A CI file starts throw-away databases of its own.
            let severity =
                if local || file.path.starts_with(".github/") || file.name().starts_with(".gitlab")
                {
                    Severity::Info
                } else if runs_stores_only(found)
                    || opens_the_same_machine(&file.text, secret.at.span.start)
                {
                    Severity::Low
                } else {
                    Severity::Medium
                };
            let confidence = if file.language == Language::Yaml {
                Confidence::High
            } else {
                Confidence::Medium
            };
            let evidence = format!(
                "{} `{}` is a dictionary word or a well-known default",
                secret.credential.kind, secret.subject
            );
            outcomes.push(
                Breach::new(secret.at.clone(), confidence, evidence)
                    .severity(severity)
                    .into(),
            );
        }
    }
    if outcomes.is_empty() && read > 0 {
        outcomes.push(Outcome::passed(
            format!("no default credential found in {read} configuration files"),
            None,
        ));
    }
    outcomes
}
