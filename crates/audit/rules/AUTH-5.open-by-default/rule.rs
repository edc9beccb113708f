//! Routes without an explicit access rule are public.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "AUTH-5.open-by-default",
        title: "Routes without an explicit access rule are public",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "The Spring Security configuration ends with `anyRequest().permitAll()`. Routers of other frameworks have no default rule, so the rule cannot check them. Django REST framework: `REST_FRAMEWORK` sets no `DEFAULT_PERMISSION_CLASSES`.",
        why: "The next new route is public by default, and its review does not show that.",
        fix: &[(
            "any",
            "List the public routes explicitly, and end with `anyRequest().authenticated()` or `denyAll()`.",
        )],
        references: &[
            "https://docs.spring.io/spring-security/reference/servlet/authorization/authorize-http-requests.html",
        ],
    },
    check: Check::Service(|_, service| observed(service, Practice::OpenByDefault)),
};
