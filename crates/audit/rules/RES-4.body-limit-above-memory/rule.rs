//! The body limit is too large for the memory of the container.

use crate::model::facts::BodyLimit;
use crate::model::{Model, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "RES-4.body-limit-above-memory",
        title: "The body limit is too large for the memory of the container",
        severity: Severity::High,
        category: Category::Resilience,
        meaning: "The code has a literal body limit, and the workload has a literal memory limit. One body of the maximum size uses half of the memory or more.",
        why: "One or two permitted requests exhaust the memory and end the process.",
        fix: &[(
            "any",
            "Lower the body limit, stream the body, or raise the memory limit.",
        )],
        references: &["https://expressjs.com/en/api.html#express.json"],
    },
    check: Check::Service(check),
};

fn check(_model: &Model, service: &Service) -> Vec<Outcome> {
    let limits = service.facts.of::<BodyLimit>();
    let Some(limit) = limits.deployed().max_by_key(|limit| limit.bytes) else {
        return Vec::new();
    };
    let memory = service
        .workloads
        .iter()
        .flat_map(|workload| &workload.containers)
        .filter_map(|container| bytes(container.memory.known()?))
        .min();
    match memory {
        None => vec![Outcome::unknown(
            "the memory limit of the container is unknown",
        )],
        Some(memory) if limit.bytes.saturating_mul(2) >= memory => {
            vec![
                Breach::new(
                    limit.at.clone(),
                    Confidence::High,
                    format!(
                        "one body may use {} MiB of {} MiB",
                        limit.bytes >> 20,
                        memory >> 20
                    ),
                )
                .into(),
            ]
        }
        Some(_) => vec![Outcome::passed(
            "the body limit is small compared to the memory limit",
            Some(&limit.at),
        )],
    }
}

/// A quantity of Kubernetes in bytes.
fn bytes(text: &str) -> Option<u64> {
    let at = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(at)?;
    let factor: u64 = match unit {
        "" => 1,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        "k" => 1_000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}
