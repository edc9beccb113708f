//! Liveness and readiness use the same probe.

use crate::model::facts::{Probe, ProbeAction, ProbeKind, Route, Workload};
use crate::model::{Model, Resolution, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity, charts};
use crate::source::Located;

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "HLTH-2.probes-the-same",
        title: "Liveness and readiness use the same probe",
        severity: Severity::Low,
        category: Category::Health,
        meaning: "A container uses the same path and port for liveness and readiness. Severity low, and info if the thresholds differ, because a longer liveness threshold can be intended. Low confidence if the liveness and readiness routes have the same handler, and for equal commands or TCP checks. The values of a Helm chart count.",
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

/// Equal probes of a kind other than HTTP. The program may be too small for two checks.
fn same_action(
    model: &Model,
    workload: &Located<Workload>,
    liveness: &Probe,
    readiness: &Probe,
) -> Option<Outcome> {
    let text = |probe: &Probe| {
        let text = &model.files.get(&workload.at.path)?.file.text;
        let compact = text
            .get(probe.span.clone())?
            .split_whitespace()
            .collect::<String>();
        Some(compact).filter(|compact| !compact.contains("{{"))
    };
    let same = text(liveness)
        .zip(text(readiness))
        .is_some_and(|(live, ready)| live == ready);
    let at = model.location(&workload.at.path, readiness.span.clone(), None)?;
    let unlike = matches!(
        liveness.action,
        ProbeAction::Http { .. } | ProbeAction::Unknown
    );
    (same && !unlike).then(|| {
        Breach::review(at, "both probes use the same check")
            .related(model.location(&workload.at.path, liveness.span.clone(), None))
            .into()
    })
}

/// The action of a probe in the values of a chart.
const ACTIONS: &[&str] = &["httpGet", "tcpSocket", "exec", "grpc"];

/// Equal probes in the values of the charts whose workloads the service has.
fn in_values(model: &Model, service: &Service) -> Vec<Outcome> {
    charts(model)
        .iter()
        .filter(|chart| {
            let templates = format!("{}/templates/", chart.folder);
            service
                .workloads
                .iter()
                .any(|workload| workload.at.path.starts_with(&templates))
        })
        .flat_map(|chart| {
            chart.values.iter().filter_map(|live| {
                let parent = live.path.strip_suffix("livenessProbe")?;
                let ready = chart.value(&format!("{parent}readinessProbe"))?;
                let action = |probe: &str| {
                    ACTIONS.iter().find_map(|action| {
                        Some((*action, &chart.value(&format!("{probe}.{action}"))?.text))
                    })
                };
                let (live_action, ready_action) = (action(&live.path)?, action(&ready.path)?);
                let used = chart.uses(&live.path) && chart.uses(&ready.path);
                (used && live_action == ready_action).then(|| {
                    let evidence = format!("both probes use the same `{}`", live_action.0);
                    Breach::new(ready.at.clone(), Confidence::Medium, evidence)
                        .related(std::iter::once(live.at.clone()))
                        .severity(if live.text == ready.text {
                            Severity::Low
                        } else {
                            Severity::Info
                        })
                        .into()
                })
            })
        })
        .collect()
}

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let mut outcomes: Vec<Outcome> = handlers(service).into_iter().collect();
    if !service.workloads.is_empty() {
        outcomes.extend(in_values(model, service));
    }
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
                outcomes.extend(same_action(model, workload, liveness, readiness));
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
