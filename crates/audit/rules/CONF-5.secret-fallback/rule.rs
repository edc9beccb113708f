//! A secret that the code knows.

use crate::model::facts::EnvironmentRead;
use crate::model::{Model, Resolution, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-5.secret-fallback",
        title: "A secret has a fallback in the code",
        severity: Severity::High,
        category: Category::Configuration,
        meaning: "The code reads a variable whose name says that it is a secret, with a literal that is used when it is not set. Names about secrets (`TOKEN_TTL`, `PASSWORD_FILE`), empty fallbacks and files for development are left out; medium where the password of a local database is meant.",
        why: "A deployment that forgets the variable starts without a word, with a secret that everybody can read: tokens can be forged.",
        fix: &[
            (
                "JavaScript",
                "`const secret = process.env.JWT_SECRET; if (!secret) throw new Error(\"JWT_SECRET is not set\");`",
            ),
            ("Python", "`SECRET_KEY = os.environ[\"SECRET_KEY\"]`"),
            (
                "any",
                "Read it without a fallback and refuse to start when it is missing.",
            ),
        ],
        references: &["https://cwe.mitre.org/data/definitions/798.html"],
    },
    check: Check::Service(check),
};

/// Ends of names that make a variable a secret.
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
