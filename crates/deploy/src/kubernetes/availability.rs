use seaworthy_facts::Facts;

use super::{object, selector};
use crate::yaml::{Yaml, list, map};

pub(super) const COMMENT: &str = "\
The Deployment has no number of replicas, because the autoscaler sets it. The autoscaler
does not use memory, because the memory of a process does not shrink with its load.";

/// Returns the disruption budget and the autoscaler.
pub(super) fn objects(facts: &Facts) -> Vec<Yaml> {
    let name = facts.name.as_str();
    let budget = map([
        ("maxUnavailable", 1_i64.into()),
        ("unhealthyPodEvictionPolicy", "AlwaysAllow".into()),
        ("selector", map([("matchLabels", selector(name))])),
    ]);
    let target = map([
        ("apiVersion", "apps/v1".into()),
        ("kind", "Deployment".into()),
        ("name", name.into()),
    ]);
    let cpu = map([
        ("type", "Utilization".into()),
        ("averageUtilization", 70_i64.into()),
    ]);
    let cpu = map([
        ("type", "Resource".into()),
        ("resource", map([("name", "cpu".into()), ("target", cpu)])),
    ]);
    let policy = map([
        ("type", "Percent".into()),
        ("value", 100_i64.into()),
        ("periodSeconds", 30_i64.into()),
    ]);
    let behavior = map([
        ("scaleUp", map([("policies", list([policy]))])),
        (
            "scaleDown",
            map([("stabilizationWindowSeconds", 300_i64.into())]),
        ),
    ]);
    let autoscaler = map([
        ("scaleTargetRef", target),
        ("minReplicas", 2_i64.into()),
        ("maxReplicas", 10_i64.into()),
        ("metrics", list([cpu])),
        ("behavior", behavior),
    ]);
    vec![
        object(
            "policy/v1",
            "PodDisruptionBudget",
            name,
            name,
            vec![("spec", budget)],
        ),
        object(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            name,
            name,
            vec![("spec", autoscaler)],
        ),
    ]
}
