//! A label of a metric takes any value.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "OBS-5.unbounded-label",
        title: "A label of a metric takes any value",
        severity: Severity::Low,
        category: Category::Observability,
        meaning: "A label of a metric comes from the path of a request, an ID or the text of an error. The finding has low confidence, because a router may replace the path before.",
        why: "Each value is a new time series. A crawler or an attacker fills the memory of the service and of Prometheus.",
        fix: &[(
            "any",
            "Use the pattern of the route (`/orders/{id}`) and a fixed list of error kinds as labels.",
        )],
        references: &["https://prometheus.io/docs/practices/naming/#labels"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::MetricLabel,
            "labels of metrics have few values",
        )
    }),
};
