//! A worker does not stop gracefully on SIGTERM.

use crate::model::facts::{Blocking, Consumer, Server, SignalHandling};
use crate::model::{Model, Resolution, Service, ServiceKind};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "LIFE-4.worker-signal",
        title: "A worker does not stop gracefully on SIGTERM",
        severity: Severity::Medium,
        category: Category::Lifecycle,
        meaning: "A service consumes messages and serves no requests, and no file of it handles a signal. The location is where the program waits forever (`select {}`, a loop over messages), otherwise the consumer.",
        why: "Each deployment ends the work on a message in the middle. With automatic acknowledgement the message is lost, otherwise its effects happen twice.",
        fix: &[(
            "any",
            "Wait for SIGTERM. Stop consuming, finish the messages in progress, acknowledge them, close the connection, and exit with 0.",
        )],
        references: &[
            "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination",
        ],
    },
    check: Check::Service(check),
};

/// Libraries whose consumers end on SIGTERM after the work in progress.
const STOP_BY_THEMSELVES: &[&str] = &["asynq", "Spring"];

fn check(_model: &Model, service: &Service) -> Vec<Outcome> {
    if service.kind != ServiceKind::Worker {
        return Vec::new();
    }
    let servers = service.facts.of::<Server>();
    if let Some(server) = servers.deployed().find(|server| server.stops_by_itself) {
        return vec![Outcome::passed(
            format!("{} handles SIGTERM", server.framework),
            Some(&server.at),
        )];
    }
    let consumers = service.facts.of::<Consumer>();
    if let Some(consumer) = consumers
        .deployed()
        .find(|consumer| STOP_BY_THEMSELVES.contains(&consumer.library))
    {
        return vec![Outcome::passed(
            format!("{} handles SIGTERM", consumer.library),
            Some(&consumer.at),
        )];
    }
    let waits = service.facts.of::<Blocking>();
    // A library with consumers is no program.
    let runs = service.image.is_some()
        || !service.compose.is_empty()
        || !service.workloads.is_empty()
        || waits.deployed().next().is_some();
    if !runs {
        return Vec::new();
    }
    match service.facts.of::<SignalHandling>().find(|_| true) {
        Resolution::Known(handler) => vec![Outcome::passed(
            "the worker waits for a signal",
            Some(&handler.at),
        )],
        Resolution::Unknown(reason) => vec![Outcome::unknown(reason)],
        Resolution::Absent => {
            let place = waits
                .deployed()
                .map(|wait| (&wait.at, wait.form))
                .next()
                .or_else(|| {
                    consumers
                        .deployed()
                        .map(|consumer| (&consumer.at, "a consumer"))
                        .next()
                });
            let Some((at, form)) = place else {
                return Vec::new();
            };
            let others = consumers
                .deployed()
                .map(|consumer| consumer.at.clone())
                .chain(waits.deployed().map(|wait| wait.at.clone()));
            vec![
                Breach::new(
                    at.clone(),
                    Confidence::Medium,
                    format!(
                        "the program stays in {form}, and no file of the service handles a signal"
                    ),
                )
                .related(others)
                .into(),
            ]
        }
    }
}
