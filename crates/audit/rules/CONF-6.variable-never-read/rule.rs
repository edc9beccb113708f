//! The deployment sets a variable that the service never reads.

mod spring;

use std::collections::BTreeSet;

use crate::model::facts::{EnvironmentRead, EnvironmentVariable};
use crate::model::{Model, Service, ServiceKind};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-6.variable-never-read",
        title: "The deployment sets a variable that the service never reads",
        severity: Severity::Low,
        category: Category::Configuration,
        meaning: "A compose entry or workload sets a variable whose name does not occur in the service's files. Variables of runtimes and platforms (`NODE_ENV`, `TZ`, `OTEL_…`, `JAVA_OPTS`) are excluded. Services that compute variable names (viper, pydantic settings) are excluded too. Spring: no property of the settings, bound class or literal has the name of the variable (low confidence). .NET: no code or file of settings names the section of the variable (low confidence). Go, Python: a name that occurs as an identifier only (low confidence).",
        why: "Operators assume that the variable has an effect. A limit is then not enforced, or a renamed setting keeps its default.",
        fix: &[("any", "Remove the variable, or correct its name.")],
        references: &["https://12factor.net/config"],
    },
    check: Check::Service(check),
};

/// Variables that runtimes, libraries and platforms read by themselves: full names, and beginnings
/// with `_`.
const RUNTIME: &[&str] = &[
    "TZ",
    "PATH",
    "HOME",
    "LANG",
    "PORT",
    "HOST",
    "HOSTNAME",
    "DEBUG",
    "USER",
    "UID",
    "GID",
    "PUID",
    "PGID",
    "TERM",
    "SHELL",
    "NODE_",
    "NPM_",
    "GO",
    "GIN_MODE",
    "PYTHON",
    "PIP_",
    "UV_",
    "POETRY_",
    "JAVA_",
    "JDK_",
    "JVM_",
    "MAVEN_",
    "SPRING_",
    "SERVER_",
    "MANAGEMENT_",
    "LOGGING_",
    "RUST_",
    "CARGO_",
    "OTEL_",
    "AWS_",
    "GOOGLE_",
    "GCP_",
    "AZURE_",
    "DD_",
    "SENTRY_",
    "NEW_RELIC_",
    "ELASTIC_",
    "LC_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "SSL_",
    "MALLOC_",
    "LD_",
    "GUNICORN_",
    "UVICORN_",
    "WEB_CONCURRENCY",
    "FLASK_",
    "DJANGO_",
    "CELERY_",
    "ASPNETCORE_",
    "DOTNET_",
    "VIRTUAL_",
    "LETSENCRYPT_",
    "COMPOSE_",
    "DOCKER_",
    "PG",
    "PRISMA_",
    "CI",
    "VITE_",
    "NEXT_",
    "REACT_APP_",
    "GRPC_",
    "KUBERNETES_",
    "POD_",
    "ENABLE_PROFILER",
    "JAEGER_",
];

/// Sections of settings that .NET reads by itself.
const SECTIONS: &[&str] = &[
    "Logging",
    "ConnectionStrings",
    "Kestrel",
    "Serilog",
    "AllowedHosts",
    "OTEL",
    "NLog",
];

/// Variables of .NET whose section of settings no file names: `Database__Host` sets the key `Host`
/// of the section `Database`.
fn sections(model: &Model, service: &Service) -> Vec<Outcome> {
    let named = |section: &str| {
        let texts = [format!("\"{section}\""), format!("\"{section}:")];
        model.files.values().any(|found| {
            found.file.role.is_deployed()
                && [".cs", ".json"]
                    .iter()
                    .any(|end| found.file.path.ends_with(end))
                && texts.iter().any(|text| found.file.text.contains(text))
        })
    };
    service
        .compose
        .iter()
        .filter(|entry| entry.at.role.is_deployed())
        .flat_map(|entry| {
            entry
                .environment
                .iter()
                .map(|variable| (variable, &*entry.at.path))
        })
        .filter_map(|(variable, path)| {
            let (section, _) = variable.name.split_once("__")?;
            if section.is_empty() || SECTIONS.contains(&section) || named(section) {
                return None;
            }
            let at = model.location(path, variable.span.clone(), Some(&variable.name))?;
            let evidence = format!("no code or file of settings names the section `{section}`");
            Some(Breach::review(at, evidence).into())
        })
        .collect()
}

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    if service.languages.contains("C#") {
        return sections(model, service);
    }
    if ["Java", "Kotlin"]
        .iter()
        .any(|language| service.languages.contains(*language))
    {
        return spring::check(model, service);
    }
    if service.root.is_none() || service.files.is_empty() {
        return Vec::new();
    }
    let reads = service.facts.of::<EnvironmentRead>();
    let read_here = service
        .languages
        .iter()
        .all(|language| matches!(*language, "Go" | "JavaScript" | "TypeScript" | "Python"));
    if !read_here || !reads.gaps.is_empty() || reads.items.iter().any(|read| read.name.is_unknown())
    {
        let (variables, _) = service.variables();
        return if variables.is_empty() {
            Vec::new()
        } else {
            vec![Outcome::unknown(
                "the code computes variable names at run time",
            )]
        };
    }
    let runs = matches!(service.kind, ServiceKind::Server | ServiceKind::Worker);
    if reads.items.is_empty() && !(reads.covered && runs) {
        return Vec::new();
    }
    let places: Vec<(&EnvironmentVariable, &str)> = service
        .compose
        .iter()
        .filter(|entry| entry.at.role.is_deployed())
        .flat_map(|entry| {
            entry
                .environment
                .iter()
                .map(|variable| (variable, &*entry.at.path))
        })
        .chain(service.workloads.iter().flat_map(|workload| {
            workload.containers.iter().take(1).flat_map(|container| {
                container
                    .environment
                    .iter()
                    // A key of a config map has the place of its line, not that of the container.
                    .filter(|variable| variable.span != container.span)
                    .map(|variable| (variable, &*workload.at.path))
            })
        }))
        .collect();
    let manifests: BTreeSet<&str> = places.iter().map(|(_, path)| *path).collect();
    let read = |name: &str| {
        model
            .mentions(name)
            .is_some_and(|files| files.iter().any(|path| !manifests.contains(&**path)))
    };
    let mut outcomes = Vec::new();
    for (variable, path) in places {
        let name = variable.name.as_str();
        let runtime = RUNTIME.iter().any(|known| {
            name == *known
                || (name.starts_with(known)
                    && (known.ends_with('_') || known.len() > 3 || matches!(*known, "GO" | "PG")))
        });
        if runtime || name.to_uppercase() != name {
            continue;
        }
        let started = service
            .compose
            .iter()
            .flat_map(|entry| &entry.command)
            .chain(
                service
                    .workloads
                    .iter()
                    .flat_map(|workload| &workload.containers)
                    .flat_map(|container| &container.command),
            )
            .any(|word| word.contains(name));
        if !started && read(name) && !is_text(model, name, &manifests) {
            if let Some(at) = model.location(path, variable.span.clone(), Some(name)) {
                let evidence = format!(
                    "`{name}` occurs in the code as a name only, and no code reads a variable of this name"
                );
                outcomes.push(Breach::review(at, evidence).into());
            }
        } else if started || read(name) {
            outcomes.push(Outcome::passed(format!("`{name}` is read"), None));
        } else if let Some(at) = model.location(path, variable.span.clone(), Some(name)) {
            outcomes.push(
                Breach::new(
                    at,
                    Confidence::Medium,
                    format!("`{name}` does not occur in the code or configuration"),
                )
                .into(),
            );
        }
    }
    outcomes
}

/// Whether a file contains the name of a variable as a string. In Go and Python, an identifier with
/// this name does not read the variable.
fn is_text(model: &Model, name: &str, manifests: &BTreeSet<&str>) -> bool {
    let quotes = ['"', '\'', '`', '$', '{'];
    let files = model.mentions(name).into_iter().flatten();
    files
        .filter(|path| !manifests.contains(&***path))
        .any(|path| {
            let identifiers = [".go", ".py"].iter().any(|end| path.ends_with(end));
            !identifiers
                || model.files.get(&**path).is_some_and(|found| {
                    let text = &found.file.text;
                    text.match_indices(name).any(|(at, _)| {
                        let before = text.get(..at).and_then(|part| part.chars().next_back());
                        let after = text
                            .get(at + name.len()..)
                            .and_then(|part| part.chars().next());
                        let part = |letter: char| letter.is_alphanumeric() || letter == '_';
                        let quoted = |letter: Option<char>| {
                            letter.is_some_and(|letter| quotes.contains(&letter))
                        };
                        !before.is_some_and(part)
                            && !after.is_some_and(part)
                            && (quoted(before) || quoted(after))
                    })
                })
        })
}
