//! A health check uses a port without a listener.

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
        meaning: "A Kubernetes probe names a port that the container does not have. Or a `HEALTHCHECK` or compose health check uses a port, and all listeners in the code have other literal ports. If a port is a setting, the result is unknown.",
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
        outcomes.extend(local(service, &check.command, at));
    }
    for entry in service
        .compose
        .iter()
        .filter(|entry| entry.context.is_some())
    {
        if let Some((command, span)) = &entry.healthcheck
            && let Some(at) = model.location(&entry.at.path, span.clone(), Some(&entry.name))
        {
            outcomes.extend(local(service, command, at));
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
    // A number need not be declared to work; a name must.
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

fn local(service: &Service, command: &[String], at: Location) -> Option<Outcome> {
    let line = command.join(" ");
    let rest = line
        .split_once("://127.0.0.1:")
        .or_else(|| line.split_once("://localhost:"))
        .or_else(|| line.split_once("://0.0.0.0:"))?
        .1;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    listens(service, digits.parse().ok()?, at)
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
