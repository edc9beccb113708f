//! A health check uses a port without a listener.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::facts::{Container, Listener, ProbeAction};
use crate::model::{Model, Resolution, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};
use crate::source::Location;

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "HLTH-1.probe-port",
        title: "A health check uses a port without a listener",
        severity: Severity::Critical,
        category: Category::Health,
        meaning: "A Kubernetes probe names a port that the container does not have. Or a `HEALTHCHECK` or compose health check uses a port, and all listeners have other literal ports. Listeners are those in the code and of the nginx in the image. If a port is a setting, the result is unknown.",
        why: "The check fails although the service is healthy. The orchestrator restarts it repeatedly, or never routes traffic to it.",
        fix: &[(
            "any",
            "Use the port that the service listens on. In Kubernetes, name each port once and refer to it by name.",
        )],
        references: &[
            "https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/",
        ],
    },
    check: Check::Service(check),
};

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for workload in &service.workloads {
        for container in &workload.containers {
            for probe in container.probes.known().into_iter().flatten() {
                let ProbeAction::Http {
                    port: Resolution::Known(port),
                    ..
                } = &probe.action
                else {
                    continue;
                };
                let symbol = format!("{}/{}", workload.kind, container.name);
                if let Some(at) =
                    model.location(&workload.at.path, probe.span.clone(), Some(&symbol))
                {
                    outcomes.extend(kubernetes(service, container, port, at));
                }
            }
        }
    }
    if let Some(image) = &service.image
        && let Some(check) = image.healthcheck(service.target.as_deref())
        && let Some(at) = model.location(&image.at.path, check.span.clone(), None)
    {
        outcomes.extend(local(model, service, &check.command, at));
    }
    for entry in service
        .compose
        .iter()
        .filter(|entry| entry.context.is_some())
    {
        if let Some((command, span)) = &entry.healthcheck
            && let Some(at) = model.location(&entry.at.path, span.clone(), Some(&entry.name))
        {
            outcomes.extend(local(model, service, command, at));
        }
    }
    outcomes
}

fn kubernetes(
    service: &Service,
    container: &Container,
    port: &str,
    at: Location,
) -> Option<Outcome> {
    let number: Option<u16> = port.parse().ok();
    let declared = match number {
        Some(number) => container
            .ports
            .iter()
            .any(|port| port.number == Some(number)),
        None => container
            .ports
            .iter()
            .any(|own| own.name.as_deref() == Some(port)),
    };
    if declared {
        return Some(Outcome::passed(
            format!("container `{}` has the port `{port}`", container.name),
            Some(&at),
        ));
    }
    // Only a port name has to be declared. A number works without.
    let Some(number) = number else {
        let sure = container.ports.iter().all(|port| port.number.is_some());
        return Some(if sure {
            Breach::new(
                at,
                Confidence::High,
                format!(
                    "the probe uses the port `{port}`, which container `{}` does not have",
                    container.name
                ),
            )
            .into()
        } else {
            Outcome::unknown("the ports of the container are templates")
        });
    };
    listens(service, number, at)
}

fn local(model: &Model, service: &Service, command: &[String], at: Location) -> Option<Outcome> {
    let line = command.join(" ");
    let names = ["127.0.0.1", "localhost", "0.0.0.0", service.name.as_str()]
        .into_iter()
        .chain(service.compose.iter().map(|entry| entry.name.as_str()));
    let rest = names
        .filter_map(|name| line.split_once(&format!("://{name}:")))
        .map(|(_, rest)| rest)
        .next()?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let number = digits.parse().ok()?;
    match proxy(model, service) {
        Some((ports, place)) if !ports.contains(&number) => {
            let shown: Vec<String> = ports.iter().map(u16::to_string).collect();
            Some(
                Breach::new(
                    at,
                    Confidence::High,
                    format!(
                        "the health check uses port {number}, and nginx listens on {}",
                        shown.join(", ")
                    ),
                )
                .related([place])
                .into(),
            )
        }
        Some(_) => Some(Outcome::passed(
            format!("nginx listens on {number}"),
            Some(&at),
        )),
        None => listens(service, number, at),
    }
}

/// `listen 8080;`, `listen [::]:8080;`, `listen 0.0.0.0:8080 ssl;`
static LISTEN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?m)^\s*listen\s+(?:\[[^\]]*\]:|[0-9.]+:|\*:)?([0-9]{2,5})\b").ok()
});

/// The ports of the nginx of the image: those of the settings that the image takes from its
/// context.
fn proxy(model: &Model, service: &Service) -> Option<(Vec<u16>, Location)> {
    let image = service.image.as_ref()?;
    let target = service.target.as_deref();
    let stage = image.final_stage(target)?;
    if !image.outer_base(target)?.contains("nginx") {
        return None;
    }
    let own = image
        .at
        .path
        .rsplit_once('/')
        .map_or("", |(folder, _)| folder);
    let contexts = service
        .compose
        .iter()
        .filter_map(|entry| entry.context.as_deref())
        .chain([own]);
    let sources: Vec<&String> = stage
        .copies
        .iter()
        .filter(|copied| copied.from.is_none())
        .flat_map(|copied| &copied.sources)
        .filter(|source| source.contains(".conf"))
        .collect();
    for context in contexts {
        for source in &sources {
            let name = source.trim_start_matches("./").trim_start_matches('/');
            let path = if context.is_empty() {
                name.to_owned()
            } else {
                format!("{context}/{name}")
            };
            let Some(found) = model.files.get(path.as_str()) else {
                continue;
            };
            let captures: Vec<_> = LISTEN
                .iter()
                .flat_map(|regex| regex.captures_iter(&found.file.text))
                .collect();
            let ports: Vec<u16> = captures
                .iter()
                .filter_map(|captures| captures.get(1)?.as_str().parse().ok())
                .collect();
            let first = captures.first().and_then(|captures| captures.get(0));
            if let (Some(first), false) = (first, ports.is_empty()) {
                return Some((ports, found.file.location(first.range(), None)));
            }
        }
    }
    None
}

/// Decided by the listeners in the code: all literal, all others.
fn listens(service: &Service, number: u16, at: Location) -> Option<Outcome> {
    let listeners = service.facts.of::<Listener>();
    let known: Vec<u16> = listeners
        .deployed()
        .filter_map(|listener| listener.port.known().copied())
        .collect();
    if known.contains(&number) {
        return Some(Outcome::passed(
            format!("the code listens on {number}"),
            Some(&at),
        ));
    }
    let all_literal = !known.is_empty()
        && listeners.gaps.is_empty()
        && listeners.deployed().count() == known.len();
    if !all_literal {
        return Some(Outcome::unknown(format!(
            "the port of a listener is a setting, so it is unknown whether {number} is in use"
        )));
    }
    let shown: Vec<String> = known.iter().map(u16::to_string).collect();
    Some(
        Breach::new(
            at,
            Confidence::High,
            format!(
                "the health check uses port {number}, and the code listens on {}",
                shown.join(", ")
            ),
        )
        .into(),
    )
}
