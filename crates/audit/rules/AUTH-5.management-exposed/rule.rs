//! All management endpoints are public.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "AUTH-5.management-exposed",
        title: "All management endpoints are public",
        severity: Severity::High,
        category: Category::Security,
        meaning: "The settings of Spring Boot expose every endpoint of the actuator on the port of the service (`management.endpoints.web.exposure.include=*`), or switch its security off. With low confidence: Spring Security permits all paths of the actuator.",
        why: "Callers read the environment and dumps of the memory with all credentials, and change levels of logs.",
        fix: &[(
            "any",
            "Expose `health` and `prometheus` only, and set `management.server.port` to a port that is not published.",
        )],
        references: &["https://docs.spring.io/spring-boot/reference/actuator/endpoints.html"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::Management,
            "no settings expose every management endpoint",
        )
    }),
};
