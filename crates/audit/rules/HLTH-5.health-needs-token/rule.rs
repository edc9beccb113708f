//! The health path needs credentials.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "HLTH-5.health-needs-token",
        title: "The health path needs credentials",
        severity: Severity::Medium,
        category: Category::Health,
        meaning: "The configuration of Spring Security ends with `anyRequest().authenticated()`, and its file lists no health path. Or the health route of a Go service has a handler for credentials. The finding has low confidence, because another configuration or route may come first.",
        why: "Probes get 401, so the platform restarts healthy replicas, or runs without a probe.",
        fix: &[(
            "any",
            "Permit `/actuator/health/**`, and serve it on the management port.",
        )],
        references: &[
            "https://docs.spring.io/spring-boot/reference/actuator/endpoints.html#actuator.endpoints.kubernetes-probes",
        ],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::HealthAccess,
            "health paths need no credentials",
        )
    }),
};
