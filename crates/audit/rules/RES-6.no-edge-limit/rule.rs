//! The proxy at the edge has no limits.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "RES-6.no-edge-limit",
        title: "The proxy at the edge has no limits",
        severity: Severity::Low,
        category: Category::Resilience,
        meaning: "A configuration of nginx passes requests on without `limit_req` and `limit_conn`. The finding has low confidence, because another proxy may limit.",
        why: "One client can use all connections and guess passwords at full speed.",
        fix: &[(
            "any",
            "Add `limit_req_zone` and `limit_req` for all routes, with a lower rate for logins.",
        )],
        references: &["https://nginx.org/en/docs/http/ngx_http_limit_req_module.html"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(model, Practice::EdgeLimit, "every proxy has limits")
    }),
};
