//! The shutdown timeout is longer than the grace period of the orchestrator.

use crate::model::facts::Drain;
use crate::model::{Model, Resolution, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};
use crate::source::Location;

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "LIFE-4.drain-longer-than-grace",
        title: "The shutdown timeout is longer than the grace period of the orchestrator",
        severity: Severity::Medium,
        category: Category::Lifecycle,
        meaning: "The literal shutdown timeout in the code is longer than the grace period of the workload. The default grace period is 30 s, and the time of a `preStop` hook reduces it. Low if it is longer than the compose `stop_grace_period` (default 10 s).",
        why: "The orchestrator kills the process during its drain. Open requests are aborted, and later steps (flush, close) do not run.",
        fix: &[(
            "any",
            "Set `terminationGracePeriodSeconds` (`stop_grace_period`) to the drain timeout plus the delay before it plus a few seconds, or shorten the drain.",
        )],
        references: &[
            "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination",
            "https://docs.docker.com/reference/compose-file/services/#stop_grace_period",
        ],
    },
    check: Check::Service(check),
};

/// The default grace period of Kubernetes, in seconds.
const KUBERNETES_DEFAULT: u64 = 30;
/// The default grace period of Docker, in seconds.
const DOCKER_DEFAULT: u64 = 10;

fn check(_model: &Model, service: &Service) -> Vec<Outcome> {
    let drains = service.facts.of::<Drain>();
    let Some((drain, seconds)) = drains
        .deployed()
        .filter_map(|drain| Some((drain, *drain.seconds.known()?)))
        .max_by_key(|(_, seconds)| *seconds)
    else {
        return Vec::new();
    };
    let mut outcomes = Vec::new();
    for workload in &service.workloads {
        let (grace, how) = match &workload.grace_period_seconds {
            Resolution::Known(grace) => (*grace, "set"),
            Resolution::Absent => (KUBERNETES_DEFAULT, "by default"),
            Resolution::Unknown(reason) => {
                outcomes.push(Outcome::unknown(reason.clone()));
                continue;
            }
        };
        outcomes.push(answer(
            seconds,
            &drain.at,
            grace,
            how,
            "the pod",
            &workload.at,
            None,
        ));
    }
    for entry in service
        .compose
        .iter()
        .filter(|entry| entry.at.role.is_deployed())
    {
        let (grace, how, severity) = match entry.stop_grace_period.as_deref().map(duration) {
            Some(Some(grace)) => (grace, "set", None),
            Some(None) => continue,
            None => (DOCKER_DEFAULT, "by default", Some(Severity::Low)),
        };
        outcomes.push(answer(
            seconds,
            &drain.at,
            grace,
            how,
            "the container",
            &entry.at,
            severity,
        ));
    }
    outcomes
}

fn answer(
    drain: u64,
    code: &Location,
    grace: u64,
    how: &str,
    who: &str,
    at: &Location,
    severity: Option<Severity>,
) -> Outcome {
    let place = format!("{}:{}", code.path, code.line);
    if drain < grace {
        return Outcome::passed(
            format!(
                "the drain of {drain} s ({place}) is shorter than the grace period of {who} ({grace} s)"
            ),
            Some(at),
        );
    }
    if drain == grace {
        return Outcome::passed(
            format!(
                "the drain of {drain} s ({place}) equals the grace period of {who} ({grace} s)"
            ),
            Some(at),
        );
    }
    let mut breach = Breach::new(
        at.clone(),
        Confidence::High,
        format!(
            "the code drains for {drain} s ({place}), but {who} is killed after {grace} s ({how})"
        ),
    );
    breach.severity = severity;
    breach.into()
}

/// `1m30s` in seconds.
fn duration(text: &str) -> Option<u64> {
    let mut total = 0_u64;
    let mut number = String::new();
    for letter in text.chars() {
        match letter {
            '0'..='9' => number.push(letter),
            'h' | 'm' | 's' => {
                let factor = match letter {
                    'h' => 3600,
                    'm' => 60,
                    _ => 1,
                };
                total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(factor)?)?;
                number.clear();
            }
            _ => return None,
        }
    }
    number.is_empty().then_some(total)
}
