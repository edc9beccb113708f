//! Liveness and readiness use the same probe.

use crate::model::facts::{ProbeAction, ProbeKind, Route};
use crate::model::{Model, Resolution, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "HLTH-2.probes-the-same",
        title: "Liveness and readiness use the same probe",
        severity: Severity::Low,
        category: Category::Health,
        meaning: "A container uses the same path and port for liveness and readiness. Low, and informative if the thresholds differ, because a longer liveness threshold can be intended. Low confidence if the liveness and readiness routes have the same handler.",
        why: "If the path checks dependencies, a slow database restarts every pod. If it does not, pods that cannot serve receive traffic.",
        fix: &[(
            "any",
            "Use two paths: `/livez` without dependency checks, and `/readyz` with checks of required dependencies.",
        )],
        references: &[
            "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/",
        ],
    },
    check: Check::Service(check),
};

/// Last segments of liveness paths.
const LIVE: &[&str] = &["live", "livez", "liveness", "alive", "healthz", "health"];
const READY: &[&str] = &["ready", "readyz", "readiness"];

/// Liveness and readiness routes with the same handler.
fn handlers(service: &Service) -> Option<Outcome> {
    let routes = service.facts.of::<Route>();
    let named = |words: &[&str]| {
        routes
            .deployed()
            .filter(|route| {
                let path = route.path.known().map_or("", String::as_str).to_lowercase();
                let last = path.trim_end_matches('/').rsplit('/').next();
                !route.handler.trim().is_empty() && last.is_some_and(|last| words.contains(&last))
            })
            .collect::<Vec<_>>()
    };
    let (live, ready) = (named(LIVE), named(READY));
    let ready = ready.first()?;
    // A path for liveness has precedence over a general health path.
    let live = live
        .iter()
        .find(|route| route.path.known().is_some_and(|path| path.contains("live")))
        .or_else(|| live.first())?;
    let same = live
        .handler
        .split_whitespace()
        .eq(ready.handler.split_whitespace());
    same.then(|| {
        let evidence = "the liveness and readiness routes have the same handler";
        Breach::review(ready.at.clone(), evidence)
            .related(std::iter::once(live.at.clone()))
            .into()
    })
}

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let mut outcomes: Vec<Outcome> = handlers(service).into_iter().collect();
    for workload in &service.workloads {
        for container in &workload.containers {
            let probes = container
                .probes
                .known()
                .map(Vec::as_slice)
                .unwrap_or_default();
            let of = |kind| probes.iter().find(|probe| probe.kind == kind);
            let (Some(liveness), Some(readiness)) =
                (of(ProbeKind::Liveness), of(ProbeKind::Readiness))
            else {
                continue;
            };
            let (
                ProbeAction::Http {
                    path: Resolution::Known(live),
                    ..
                },
                ProbeAction::Http {
                    path: Resolution::Known(ready),
                    ..
                },
            ) = (&liveness.action, &readiness.action)
            else {
                continue;
            };
            let symbol = format!("{}/{}", workload.kind, container.name);
            let Some(at) = model.location(&workload.at.path, readiness.span.clone(), Some(&symbol))
            else {
                continue;
            };
            if liveness.action != readiness.action {
                outcomes.push(Outcome::passed(
                    format!("liveness uses `{live}`, readiness `{ready}`"),
                    Some(&at),
                ));
                continue;
            }
            let text = |span: &std::ops::Range<usize>| {
                model
                    .files
                    .get(&workload.at.path)
                    .and_then(|found| found.file.text.get(span.clone()))
                    .map(|text| text.split_whitespace().collect::<String>())
            };
            let severity = if text(&liveness.span) == text(&readiness.span) {
                Severity::Low
            } else {
                Severity::Info
            };
            outcomes.push(
                Breach::new(at, Confidence::Medium, format!("both probes use `{live}`"))
                    .related(model.location(
                        &workload.at.path,
                        liveness.span.clone(),
                        Some(&symbol),
                    ))
                    .severity(severity)
                    .into(),
            );
        }
    }
    outcomes
}
