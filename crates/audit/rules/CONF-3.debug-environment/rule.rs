//! A deployment enables debug mode.

use crate::model::facts::Stage;
use crate::model::{Model, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-3.debug-environment",
        title: "A deployment enables debug mode",
        severity: Severity::Medium,
        category: Category::Configuration,
        meaning: "A workload, a production compose file, or the shipped image stage sets one of these: `DEBUG` or `FLASK_DEBUG` to true, `FLASK_ENV`, `NODE_ENV`, `APP_ENV` or `RAILS_ENV` to development, `GIN_MODE` to debug. Plain compose files and development overlays are excluded.",
        why: "In debug mode, frameworks return tracebacks, disable caches and skip security checks.",
        fix: &[(
            "any",
            "Set the production value. Move the debug value to the development overlay.",
        )],
        references: &[
            "https://expressjs.com/en/advanced/best-practice-performance.html#set-node_env-to-production",
        ],
    },
    check: Check::Service(check),
};

fn turns_on(name: &str, value: &str) -> Option<bool> {
    let value = value.trim().to_lowercase();
    match name {
        "DEBUG" | "FLASK_DEBUG" | "DJANGO_DEBUG" | "APP_DEBUG" => match value.as_str() {
            "1" | "true" | "on" | "yes" => Some(true),
            "0" | "false" | "off" | "no" | "" => Some(false),
            // `DEBUG=app:*` chooses log lines.
            _ => None,
        },
        "FLASK_ENV" | "NODE_ENV" | "APP_ENV" | "RAILS_ENV" => {
            Some(matches!(value.as_str(), "development" | "dev" | "local"))
        }
        "GIN_MODE" => Some(value == "debug"),
        _ => None,
    }
}

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let compose = service
        .compose
        .iter()
        .filter(|entry| {
            entry.at.role.is_deployed() && entry.at.path.to_lowercase().contains("prod")
        })
        .flat_map(|entry| {
            entry
                .environment
                .iter()
                .map(|variable| (variable, &*entry.at.path))
        });
    let workloads = service.workloads.iter().flat_map(|workload| {
        workload.containers.iter().flat_map(|container| {
            container
                .environment
                .iter()
                .map(|variable| (variable, &*workload.at.path))
        })
    });
    for (variable, path) in compose.chain(workloads) {
        let Some(value) = variable.value.known() else {
            continue;
        };
        let Some(at) = model.location(path, variable.span.clone(), Some(&variable.name)) else {
            continue;
        };
        match turns_on(&variable.name, value) {
            Some(true) => outcomes.push(
                Breach::new(
                    at,
                    Confidence::High,
                    format!("`{}` is `{value}`", variable.name),
                )
                .into(),
            ),
            Some(false) => outcomes.push(Outcome::passed(
                format!("`{}` is `{value}`", variable.name),
                Some(&at),
            )),
            None => {}
        }
    }
    if let Some(image) = service
        .image
        .as_ref()
        .filter(|image| image.at.role.is_deployed())
        && let Some(stage) = image.final_stage(service.target.as_deref())
        && !stage
            .name
            .as_deref()
            .is_some_and(|name| name.contains("dev") || name.contains("test"))
    {
        for (name, value) in image
            .lineage(stage)
            .iter()
            .take(1)
            .flat_map(|stage| &stage.environment)
        {
            if turns_on(name, value) == Some(true)
                && let Some(at) = model.location(&image.at.path, stage.span.clone(), Some(name))
            {
                let mut breach = Breach::new(
                    at,
                    Confidence::High,
                    format!("the shipped stage sets `{name}` to `{value}`"),
                );
                if has_no_program(stage) {
                    breach = breach.severity(Severity::Low);
                }
                outcomes.push(breach.into());
            }
        }
    }
    outcomes
}

/// An image into which only scripts are copied gets its program from a folder that is mounted: it
/// is for a developer's machine.
fn has_no_program(stage: &Stage) -> bool {
    stage
        .copies
        .iter()
        .flat_map(|copy| &copy.sources)
        .all(|source| source.ends_with(".sh"))
}
