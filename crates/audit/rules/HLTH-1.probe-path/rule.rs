//! A health check requests a path that the service does not serve.

use crate::model::facts::{Mount, ProbeAction, Route};
use crate::model::{Model, Resolution, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};
use crate::source::Location;

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "HLTH-1.probe-path",
        title: "A health check requests a path that the service does not serve",
        severity: Severity::Critical,
        category: Category::Health,
        meaning: "A `HEALTHCHECK`, a compose health check or a Kubernetes HTTP probe names a path. All routes of the service are known, and none matches.",
        why: "The check fails although the service is healthy. The orchestrator restarts it repeatedly, or never routes traffic to it.",
        fix: &[(
            "any",
            "Use a path that the service serves, or add the route. Use the same pair of paths (`/livez`, `/readyz`) in every service.",
        )],
        references: &[
            "https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/",
            "https://docs.docker.com/reference/dockerfile/#healthcheck",
        ],
    },
    check: Check::Service(check),
};

/// A place that requests a path.
struct RequestedPath {
    path: String,
    by: &'static str,
    at: Location,
}

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    requested(model, service)
        .into_iter()
        .map(|requested| answer(service, &requested))
        .collect()
}

fn requested(model: &Model, service: &Service) -> Vec<RequestedPath> {
    let mut list = Vec::new();
    let place = |path: &str, span| {
        model
            .files
            .get(path)
            .map(|found| found.file.location(span, None))
    };
    if let Some(image) = &service.image
        && let Some(check) = image.healthcheck(service.target.as_deref())
        && let (Some(path), Some(at)) = (
            http_path(&check.command),
            place(&image.at.path, check.span.clone()),
        )
    {
        list.push(RequestedPath {
            path,
            by: "HEALTHCHECK",
            at,
        });
    }
    for entry in &service.compose {
        if let Some((command, span)) = &entry.healthcheck
            && let (Some(path), Some(at)) =
                (http_path(command), place(&entry.at.path, span.clone()))
        {
            list.push(RequestedPath {
                path,
                by: "the compose health check",
                at,
            });
        }
    }
    for workload in &service.workloads {
        for probe in workload
            .containers
            .iter()
            .filter_map(|container| container.probes.known())
            .flatten()
        {
            if let ProbeAction::Http {
                path: Resolution::Known(path),
                ..
            } = &probe.action
                && let Some(at) = place(&workload.at.path, probe.span.clone())
            {
                list.push(RequestedPath {
                    path: path.split('?').next().unwrap_or(path).to_owned(),
                    by: "the probe",
                    at,
                });
            }
        }
    }
    list
}

/// The path of the first local HTTP address in a command.
fn http_path(command: &[String]) -> Option<String> {
    let line = command.join(" ");
    let start = line.find("http://").or_else(|| line.find("https://"))?;
    let address = line
        .get(start..)?
        .split(|letter: char| letter.is_whitespace() || "\"'|;)`".contains(letter))
        .next()?;
    let rest = address.split_once("://")?.1;
    let (host, path) = rest.split_once('/')?;
    let local = ["localhost", "127.0.0.1", "0.0.0.0", "[::1]"]
        .iter()
        .any(|name| host.starts_with(name));
    let path = path.split(['?', '#']).next().unwrap_or(path);
    (local && !path.contains('$') && !path.is_empty()).then(|| format!("/{path}"))
}

fn answer(service: &Service, requested: &RequestedPath) -> Outcome {
    if service.root.is_none() {
        return Outcome::unknown("the sources of the service were not found");
    }
    let routes = service.facts.of::<Route>();
    let mounts = service.facts.of::<Mount>();
    let mut maybe = None;
    for route in &routes.items {
        let Resolution::Known(path) = &route.path else {
            maybe = Some(format!(
                "a route at {}:{} has a path that is not a literal",
                route.at.path, route.at.line
            ));
            continue;
        };
        match serves(
            path,
            &requested.path,
            route.may_be_mounted,
            mounts.items.iter().filter_map(|mount| mount.prefix.known()),
        ) {
            Some(true) => {
                return Outcome::passed(
                    format!(
                        "{} requests `{}`, which {}:{} serves",
                        requested.by, requested.path, route.at.path, route.at.line
                    ),
                    Some(&requested.at),
                );
            }
            Some(false) => {
                maybe = Some(format!(
                    "the route at {}:{} may match `{}`",
                    route.at.path, route.at.line, requested.path
                ))
            }
            None => {}
        }
    }
    let mounted = mounts.items.iter().find(|mount| {
        mount
            .prefix
            .known()
            .is_none_or(|prefix| prefix.len() > 1 && requested.path.starts_with(prefix.as_str()))
    });
    if let Some(mount) = mounted {
        maybe = Some(format!(
            "the router mounted at {}:{} may match `{}`",
            mount.at.path, mount.at.line, requested.path
        ));
    }
    if let Some(reason) = maybe {
        return Outcome::unknown(reason);
    }
    match routes.find(|_| false) {
        Resolution::Unknown(reason) => Outcome::unknown(reason),
        _ if routes.items.is_empty() => Outcome::unknown("no route of the service was found"),
        _ => {
            let nearest = routes
                .items
                .iter()
                .filter_map(|route| route.path.known())
                .find(|path| {
                    path.contains("health") || path.contains("live") || path.contains("ready")
                });
            let hint = nearest
                .map(|path| format!("; did you mean `{path}`?"))
                .unwrap_or_default();
            let evidence = format!(
                "{} requests `{}`, and none of the {} routes of `{}` matches{hint}",
                requested.by,
                requested.path,
                routes.items.len(),
                service.name
            );
            Breach::new(requested.at.clone(), Confidence::High, evidence).into()
        }
    }
}

/// Whether a route answers a path: surely, perhaps (`Some(false)`), or not.
fn serves<'p>(
    route: &str,
    requested: &str,
    may_be_mounted: bool,
    prefixes: impl Iterator<Item = &'p String>,
) -> Option<bool> {
    let direct = matches(route, requested);
    if direct == Some(true) {
        return direct;
    }
    if may_be_mounted {
        for prefix in prefixes {
            if matches(
                &format!("{}{route}", prefix.trim_end_matches('/')),
                requested,
            ) == Some(true)
            {
                return Some(true);
            }
        }
        if route.len() > 1 && requested.ends_with(route.trim_end_matches('/')) {
            return Some(false);
        }
    }
    direct
}

fn matches(route: &str, requested: &str) -> Option<bool> {
    let trimmed = |path: &str| path.trim_matches('/').to_owned();
    let (route, requested) = (trimmed(route), trimmed(requested));
    if route == requested {
        return Some(true);
    }
    let mut wanted = requested.split('/');
    for part in route.split('/') {
        if part.contains('*') || part.starts_with("{*") || part.ends_with("...}") {
            return Some(false);
        }
        let word = wanted.next()?;
        let parameter = part.starts_with([':', '{', '<', '(']);
        if !parameter && part != word {
            return None;
        }
    }
    if wanted.next().is_none() {
        Some(false)
    } else {
        None
    }
}
