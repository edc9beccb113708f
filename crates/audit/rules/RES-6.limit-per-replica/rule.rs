//! The rate limiter counts in the memory of each replica.

use crate::model::facts::{Practice, Verdict};
use crate::model::{Model, Service};
use crate::rule::{
    Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity, observations,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "RES-6.limit-per-replica",
        title: "The rate limiter counts in the memory of each replica",
        severity: Severity::Low,
        category: Category::Resilience,
        meaning: "The limiter has no shared store, and a workload of the service runs several replicas. Low confidence if no workload sets the number of replicas.",
        why: "The effective limit is the configured limit times the number of replicas, and changes when the service scales.",
        fix: &[(
            "any",
            "Count in a shared store (Redis), or divide the limit by the number of replicas and document this.",
        )],
        references: &["https://express-rate-limit.mintlify.app/reference/stores"],
    },
    check: Check::Service(check),
};

fn check(_model: &Model, service: &Service) -> Vec<Outcome> {
    let places = observations(service, Practice::LimiterStore);
    let Some(place) = places.first() else {
        return Vec::new();
    };
    if place.verdict == Verdict::Kept {
        return vec![Outcome::passed(place.evidence.clone(), Some(&place.at))];
    }
    let replicas = service
        .workloads
        .iter()
        .filter_map(|workload| workload.replicas.known())
        .max();
    match replicas {
        Some(count) if *count > 1 => vec![
            Breach::new(
                place.at.clone(),
                Confidence::High,
                format!("{}, and the service has {count} replicas", place.evidence),
            )
            .into(),
        ],
        Some(_) => vec![Outcome::passed(
            "the service has one replica",
            Some(&place.at),
        )],
        None => vec![
            Breach::review(
                place.at.clone(),
                format!(
                    "{}, and the number of replicas is not set here",
                    place.evidence
                ),
            )
            .into(),
        ],
    }
}
