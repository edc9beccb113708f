//! Routes that are open because nobody named them.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "AUTH-5.open-by-default",
        title: "A route that no rule names is open to everybody",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "Spring Security ends with `anyRequest().permitAll()`. Routers of other frameworks have no last rule: which of their routes are meant to be public, no file says.",
        why: "The next route somebody adds is public, and no review of it shows that.",
        fix: &[(
            "any",
            "Name what is public, and end with `anyRequest().authenticated()` or `denyAll()`.",
        )],
        references: &[
            "https://docs.spring.io/spring-security/reference/servlet/authorization/authorize-http-requests.html",
        ],
    },
    check: Check::Service(|_, service| observed(service, Topic::OpenByDefault)),
};
