//! A manifest contains a secret as plain text.

use crate::model::{Model, Resolution, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-5.secret-in-manifest",
        title: "A manifest contains a secret as plain text",
        severity: Severity::Medium,
        category: Category::Configuration,
        meaning: "A container of a Kubernetes workload sets a variable that is named like a secret to a literal value, not to a `secretKeyRef`. File names, addresses, settings about secrets, references (`$(NAME)`), templates and placeholders are excluded. SEC-7 also reports usable credentials.",
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
];

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
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
                        outcomes.push(
                            Breach::new(
                                at,
                                Confidence::High,
                                format!("`{}` is a literal", variable.name),
                            )
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
    // `value: API_KEY_VALUE` is put in later.
    let name = value.contains('_')
        && value
            .chars()
            .all(|letter| letter.is_ascii_uppercase() || letter == '_');
    !stands_in
        && !name
        && !value.is_empty()
        && !matches!(
            lower.as_str(),
            "true" | "false" | "null" | "none" | "0" | "1"
        )
        && !value.starts_with('/')
}
