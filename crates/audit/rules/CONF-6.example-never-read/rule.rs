//! The example of the environment names a variable that no code reads.

use std::collections::BTreeSet;

use crate::model::Model;
use crate::repository::Role;
use crate::rule::{Breach, Category, Check, Metadata, Outcome, Rule, Severity};
use crate::source::Language;

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-6.example-never-read",
        title: "The example of the environment names a variable that no code reads",
        severity: Severity::Low,
        category: Category::Configuration,
        meaning: "A variable of `.env.example` occurs in no code, manifest or script of the repository, also not in another notation (`redisUri`). Variables of runtimes are excluded. If most names of the file are made at run time, the rule reports none. The finding has low confidence.",
        why: "Operators set the documented variable, and the service uses its default or fails at the start.",
        fix: &[(
            "any",
            "Document the name that the code reads, and remove the others.",
        )],
        references: &["https://12factor.net/config"],
    },
    check: Check::Repository(check),
};

/// Prefixes of the names of variables that runtimes, libraries and platforms read.
const RUNTIME: &[&str] = &[
    "NODE_",
    "NPM_",
    "GO",
    "PYTHON",
    "JAVA_",
    "SPRING_",
    "RUST_",
    "OTEL_",
    "AWS_",
    "GOOGLE_",
    "AZURE_",
    "SENTRY_",
    "COMPOSE_",
    "DOCKER_",
    "POSTGRES_",
    "MYSQL_",
    "RABBITMQ_DEFAULT",
    "PG",
    "VITE_",
    "NEXT_",
    "REACT_APP_",
    "DJANGO_",
    "FLASK_",
    "CELERY_",
    "TZ",
    "PORT",
    "HOST",
    "DEBUG",
];

fn is_example(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.starts_with(".env")
        && ["example", "sample", "template", "dist"]
            .iter()
            .any(|end| name.ends_with(end))
}

/// A name without the notation of its language: `REDIS_URI` and `redisUri` are equal.
fn plain(name: &str) -> String {
    name.chars()
        .filter(|letter| *letter != '_')
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

/// The names with their spans.
fn names(text: &str) -> Vec<(&str, std::ops::Range<usize>)> {
    let mut at = 0;
    let mut found = Vec::new();
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let own = line.strip_prefix("export ").unwrap_or(line);
        let Some((name, _)) = own.split_once('=') else {
            continue;
        };
        let name = name.trim();
        let variable = name.len() > 2
            && name.starts_with(|letter: char| letter.is_ascii_uppercase())
            && name.chars().all(|letter| {
                letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_'
            });
        if variable {
            found.push((name, start..start + line.trim_end().len()));
        }
    }
    found
}

/// The words of all files that may read a variable.
fn words(model: &Model) -> BTreeSet<String> {
    model
        .files
        .values()
        .map(|found| &found.file)
        .filter(|file| {
            file.language != Language::Dotenv
                && !is_example(&file.path)
                && !matches!(file.role, Role::Documentation | Role::Example)
        })
        .flat_map(|file| {
            file.text
                .split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
                .filter(|word| word.len() > 2)
                .map(plain)
        })
        .collect()
}

fn check(model: &Model) -> Vec<Outcome> {
    let examples: Vec<_> = model
        .files
        .values()
        .filter(|found| is_example(&found.file.path))
        .collect();
    if examples.is_empty() {
        return Vec::new();
    }
    let words = words(model);
    let mut outcomes = Vec::new();
    for example in examples {
        let all = names(&example.file.text);
        let unread: Vec<_> = all
            .iter()
            .filter(|(name, _)| {
                let used = example.file.text.contains(&format!("${{{name}}}"));
                !used
                    && !RUNTIME.iter().any(|start| name.starts_with(start))
                    && !words.contains(&plain(name))
            })
            .collect();
        if unread.is_empty() {
            outcomes.push(Outcome::passed(
                format!("code reads the variables of `{}`", example.file.path),
                None,
            ));
        } else if unread.len() * 2 > all.len() {
            outcomes.push(Outcome::unknown(
                "the code makes names of variables at run time",
            ));
        } else {
            outcomes.extend(unread.into_iter().filter_map(|(name, span)| {
                let at = model.location(&example.file.path, span.clone(), Some(name))?;
                Some(Breach::review(at, format!("no code reads `{name}`")).into())
            }));
        }
    }
    outcomes
}
