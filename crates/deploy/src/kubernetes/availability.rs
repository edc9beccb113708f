use seaworthy_facts::Facts;

use super::{object, selector};
use crate::{
    alert::recording_rule,
    yaml::{Yaml, list, map},
};

/// The target of the autoscaler: a pod that handles 20 messages/s clears its share in 50 s.
const MESSAGES_PER_POD: i64 = 1_000;

const COMMENT: &str = "\
The Deployment has no number of replicas, because the autoscaler sets it. The autoscaler
does not use memory, because the memory of a process does not shrink with its load.";
const QUEUE_COMMENT: &str = "\
The metric of the queues needs the rule of prometheus/adapter.yaml.";

/// Returns the lines above the objects.
pub(super) fn comment(facts: &Facts) -> String {
    if recording_rule::is_recorded(facts) {
        format!("{COMMENT}\n{QUEUE_COMMENT}")
    } else {
        COMMENT.to_owned()
    }
}

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
    let queue = recording_rule::is_recorded(facts).then(|| queues(name));
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
        ("metrics", list([cpu].into_iter().chain(queue))),
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

/// Returns the metric of the messages that wait in the queues of a service.
fn queues(service: &str) -> Yaml {
    let metric = map([
        ("name", recording_rule::METRIC.into()),
        (
            "selector",
            map([("matchLabels", map([("job", service.into())]))]),
        ),
    ]);
    let target = map([
        ("type", "AverageValue".into()),
        ("averageValue", MESSAGES_PER_POD.to_string().into()),
    ]);
    map([
        ("type", "External".into()),
        ("external", map([("metric", metric), ("target", target)])),
    ])
}
