//! Every request is traced.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "OBS-6.every-request-sampled",
        title: "Every request is traced",
        severity: Severity::Low,
        category: Category::Observability,
        meaning: "The sampler is always on (`AlwaysSample`, `probability: 1.0`, `OTEL_TRACES_SAMPLER=always_on`), and no setting replaces it. The finding has low confidence. The rule reports one per file.",
        why: "Under load, traces cost memory, network and money, and the exporter drops spans at random.",
        fix: &[(
            "any",
            "Sample a ratio of the requests, with the decision of the parent: `ParentBased(TraceIDRatioBased(0.1))`.",
        )],
        references: &["https://opentelemetry.io/docs/concepts/sampling/"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::Sampling,
            "a part of the requests is traced",
        )
    }),
};
