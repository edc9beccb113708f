//! A manifest contains a secret as plain text.

use crate::model::facts::{Secret, runs_stores_only};
use crate::model::{Model, Resolution, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};
use crate::secret::{REFERENCES, is_for_demonstration};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-5.secret-in-manifest",
        title: "A manifest contains a secret as plain text",
        severity: Severity::Medium,
        category: Category::Configuration,
        meaning: "A Kubernetes container or a compose entry sets a variable that is named like a secret to a literal value. File names, addresses, settings about secrets, references (`$(NAME)`), templates and placeholders are excluded. SEC-7 also reports usable credentials. Low if the name contains `DEMO`.",
        why: "Everyone with read access to the manifest, the pod or its history can read the secret. Rotation needs a deployment.",
        fix: &[(
            "any",
            "Use `valueFrom.secretKeyRef`, or preferably a mounted file from an external secret store.",
        )],
        references: &["https://kubernetes.io/docs/concepts/configuration/secret/"],
    },
    check: Check::Service(check),
};

/// Words at the end of a name that make it a secret.
const SECRET: &[&str] = &[
    "PASSWORD",
    "PASSWD",
    "SECRET",
    "TOKEN",
    "API_KEY",
    "APIKEY",
    "PRIVATE_KEY",
    "SECRET_KEY",
    "ACCESS_KEY",
    "CLIENT_SECRET",
    "JWT_SECRET",
    "_PASS",
    "_PWD",
    "SIGNING_KEY",
    "ENCRYPTION_KEY",
];

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let mut outcomes = compose(model, service);
    for workload in &service.workloads {
        for container in &workload.containers {
            let secrets = container.environment.iter().filter(|variable| {
                SECRET
                    .iter()
                    .any(|word| variable.name.to_uppercase().ends_with(word))
            });
            for variable in secrets {
                let Some(at) = model.location(
                    &workload.at.path,
                    variable.span.clone(),
                    Some(&variable.name),
                ) else {
                    continue;
                };
                match &variable.value {
                    Resolution::Known(value) if is_literal(value) => {
                        let severity = if is_for_demonstration(&variable.name) {
                            Severity::Low
                        } else {
                            Severity::Medium
                        };
                        outcomes.push(
                            Breach::new(
                                at,
                                Confidence::High,
                                format!("`{}` is a literal", variable.name),
                            )
                            .severity(severity)
                            .into(),
                        );
                    }
                    Resolution::Absent => outcomes.push(Outcome::passed(
                        format!("`{}` is a reference", variable.name),
                        Some(&at),
                    )),
                    Resolution::Unknown(reason) => outcomes.push(Outcome::unknown(reason.clone())),
                    Resolution::Known(_) => {}
                }
            }
        }
    }
    outcomes
}

/// Literals in compose files. Default credentials have a rule of their own.
fn compose(model: &Model, service: &Service) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for entry in service
        .compose
        .iter()
        .filter(|entry| entry.at.role.is_deployed())
    {
        let Some(found) = model.files.get(&entry.at.path) else {
            continue;
        };
        let reported = found.facts.of::<Secret>();
        for variable in &entry.environment {
            let upper = variable.name.to_uppercase();
            let Resolution::Known(value) = &variable.value else {
                continue;
            };
            let again = reported.items.iter().any(|secret| {
                secret.at.span.start < variable.span.end && variable.span.start < secret.at.span.end
            });
            if again || !is_literal(value) || !SECRET.iter().any(|word| upper.ends_with(word)) {
                continue;
            }
            let at = found
                .file
                .location(variable.span.clone(), Some(variable.name.as_str().into()));
            let severity = if runs_stores_only(found) || is_for_demonstration(&variable.name) {
                Severity::Low
            } else {
                Severity::Medium
            };
            outcomes.push(
                Breach::new(
                    at,
                    Confidence::Medium,
                    format!("`{}` is a literal", variable.name),
                )
                .severity(severity)
                .into(),
            );
        }
    }
    outcomes
}

fn is_literal(value: &str) -> bool {
    let lower = value.to_lowercase();
    let stands_in = [
        "$",
        "<",
        "{{",
        "changeme",
        "change-me",
        "change_me",
        "your",
        "example",
        "placeholder",
        "replace",
        "todo",
    ]
    .iter()
    .any(|mark| lower.contains(mark));
    // A later step replaces `value: API_KEY_VALUE`.
    let name = value.contains('_')
        && value
            .chars()
            .all(|letter| letter.is_ascii_uppercase() || letter == '_');
    let referred = REFERENCES.iter().any(|scheme| lower.starts_with(scheme));
    !stands_in
        && !referred
        && !name
        && !value.is_empty()
        && !matches!(
            lower.as_str(),
            "true" | "false" | "null" | "none" | "0" | "1"
        )
        && !value.starts_with('/')
}
