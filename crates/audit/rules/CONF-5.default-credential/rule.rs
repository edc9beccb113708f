//! A credential that everybody tries first.

use crate::model::Model;
use crate::model::facts::{Secret, runs_stores_only};
use crate::repository::{Role, Tracked};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};
use crate::secret::{SecretClass, opens_the_same_machine};
use crate::source::Language;

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-5.default-credential",
        title: "A default credential is written in the configuration",
        severity: Severity::Medium,
        category: Category::Configuration,
        meaning: "A configuration file that is not for development gives a secret key, or the password of a URL, a value that attackers try first (`postgres`, `guest`, `secret`). Low in a compose file that starts nothing but stores, for a program that a developer runs beside it, and where the settings beside it name this machine (`host: 127.0.0.1`), which a deployment has to replace.",
        why: "What is written is what runs: defaults reach production, and they are the first thing anybody tries.",
        fix: &[(
            "any",
            "Take the value from the environment without a default (`${DB_PASSWORD:?}` in compose), from a secret file, or from a vault; keep a convenient one in the development override only.",
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
                if local || file.path.starts_with(".github/") || file.path.starts_with(".gitlab") {
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
                "{} `{}` is a plain word, or one of the values tried first",
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
            format!("none was recognised in {read} configuration files"),
            None,
        ));
    }
    outcomes
}
