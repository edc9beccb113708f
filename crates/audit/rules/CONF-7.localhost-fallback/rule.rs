//! The deployment omits a dependency address that defaults to localhost.

use crate::model::facts::EnvironmentRead;
use crate::model::{Model, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};
use crate::source::Location;

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-7.localhost-fallback",
        title: "The deployment omits a dependency address that defaults to localhost",
        severity: Severity::High,
        category: Category::Configuration,
        meaning: "The code reads the address of a dependency from a variable with a localhost fallback (a call, or a tag of a field in Go), and the deployment lists its variables without this one. Listen addresses and origins are excluded. With `envFrom`, `env_file` or templates the result is unknown.",
        why: "The container looks for the dependency inside itself. The service starts, and fails at its first use of the dependency.",
        fix: &[(
            "any",
            "Set the variable in the deployment. Remove the fallback from the code, so that startup fails if the address is missing.",
        )],
        references: &["https://12factor.net/config"],
    },
    check: Check::Service(check),
};

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let (variables, complete) = service.variables();
    if variables.is_empty() {
        return Vec::new();
    }
    let host = service
        .compose
        .iter()
        .any(|entry| entry.environment.is_empty())
        && service.workloads.is_empty();
    service
        .facts
        .of::<EnvironmentRead>()
        .deployed()
        .filter_map(|read| {
            let name = read.name.known()?;
            let upper = name.to_uppercase();
            let address = [
                "_URL",
                "_URI",
                "_HOST",
                "_ADDR",
                "_ADDRESS",
                "_BROKERS",
                "_DSN",
                "_ENDPOINT",
            ]
            .iter()
            .any(|end| upper.ends_with(end));
            let other = [
                "BIND",
                "LISTEN",
                "ORIGIN",
                "CORS",
                "FRONTEND",
                "CLIENT",
                "PUBLIC",
                "BASE_URL",
                "APP_URL",
                "SITE",
                "SERVER_HOST",
                "HTTP_ADDR",
                "CALLBACK",
                "REDIRECT",
                "OTEL",
                "COLLECTOR",
                "OTLP",
                "TRACING",
                "METRICS",
                "STATSD",
                "JAEGER",
                "DEBUG",
                "API_HOST",
                "APP_HOST",
                "GRPC_ADDR",
            ]
            .iter()
            .any(|word| upper.contains(word));
            let fallback = read.fallback.known()?;
            if !address
                || other
                || !(fallback.contains("localhost") || fallback.contains("127.0.0.1"))
            {
                return None;
            }
            let set = variables.iter().any(|variable| variable.name == *name);
            let image = service
                .image
                .as_ref()
                .and_then(|image| image.final_stage(service.target.as_deref()))
                .is_some_and(|stage| stage.environment.iter().any(|(own, _)| own == name));
            Some(if set || image {
                Outcome::passed(
                    format!("a deployment of the service sets `{name}`"),
                    Some(&read.at),
                )
            } else if !complete || host || elsewhere(model, name) {
                Outcome::unknown(format!(
                    "a file or reference of the deployment may set `{name}`"
                ))
            } else {
                Breach::new(
                    read.at.clone(),
                    Confidence::Medium,
                    format!(
                        "`{name}` falls back to localhost, and no deployment of `{}` sets it",
                        service.name
                    ),
                )
                .related(deployment(model, service))
                .into()
            })
        })
        .collect()
}

/// The first variable of the first deployment. The missing one belongs next to it.
fn deployment(model: &Model, service: &Service) -> Option<Location> {
    let entry = service
        .compose
        .iter()
        .find(|entry| !entry.environment.is_empty())?;
    let first = entry.environment.first()?;
    model.location(&entry.at.path, first.span.clone(), None)
}

/// Whether a patch, a config map or a template of the repository names the variable.
fn elsewhere(model: &Model, name: &str) -> bool {
    model.files.values().any(|found| {
        !found.file.language.is_code()
            && found.file.language.is_configuration()
            && found.file.role.is_deployed()
            && found.file.text.contains(name)
    })
}
