//! A secret has a fallback value in the code.

use crate::model::facts::EnvironmentRead;
use crate::model::{Model, Resolution, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-5.secret-fallback",
        title: "A secret has a fallback value in the code",
        severity: Severity::High,
        category: Category::Configuration,
        meaning: "The code reads a variable that is named like a secret, with a literal fallback. Settings about secrets (`TOKEN_TTL`, `PASSWORD_FILE`), empty fallbacks and development files are excluded. Medium for the password of a local database.",
        why: "A deployment without the variable starts without an error and uses a secret that everyone can read. Attackers can then forge tokens.",
        fix: &[
            (
                "JavaScript",
                "`const secret = process.env.JWT_SECRET; if (!secret) throw new Error(\"JWT_SECRET is not set\");`",
            ),
            ("Python", "`SECRET_KEY = os.environ[\"SECRET_KEY\"]`"),
            (
                "any",
                "Remove the fallback, and make startup fail if the variable is missing.",
            ),
        ],
        references: &["https://cwe.mitre.org/data/definitions/798.html"],
    },
    check: Check::Service(check),
};

/// Suffixes of names that make a variable a secret.
const SECRET: &[&str] = &[
    "PASSWORD",
    "PASSWD",
    "SECRET",
    "SECRET_KEY",
    "API_KEY",
    "APIKEY",
    "PRIVATE_KEY",
    "ACCESS_TOKEN",
    "AUTH_TOKEN",
    "ENCRYPTION_KEY",
    "SIGNING_KEY",
    "CLIENT_SECRET",
    "JWT_KEY",
];

fn check(_model: &Model, service: &Service) -> Vec<Outcome> {
    service
        .facts
        .of::<EnvironmentRead>()
        .deployed()
        .filter_map(|read| {
            let name = read.name.known().filter(|name| {
                SECRET
                    .iter()
                    .any(|word| name.to_uppercase().ends_with(word))
            })?;
            Some(match &read.fallback {
                Resolution::Known(fallback) if !fallback.is_empty() => {
                    let database = [
                        "DB_",
                        "POSTGRES_",
                        "PG",
                        "MYSQL_",
                        "REDIS_",
                        "MONGO",
                        "DATABASE_",
                        "RABBITMQ_",
                    ]
                    .iter()
                    .any(|start| name.to_uppercase().starts_with(start));
                    let severity = if database {
                        Severity::Medium
                    } else {
                        Severity::High
                    };
                    Breach::new(
                        read.at.clone(),
                        Confidence::High,
                        format!("`{name}` has a literal fallback"),
                    )
                    .severity(severity)
                    .into()
                }
                Resolution::Unknown(reason) => Outcome::unknown(format!("`{name}`: {reason}")),
                _ => Outcome::passed(format!("`{name}` has no fallback"), Some(&read.at)),
            })
        })
        .collect()
}
