//! A timeout, breaker or limiter is created and never used.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "RES-3.unused-resilience",
        title: "A timeout, breaker or limiter is created and never used",
        severity: Severity::High,
        category: Category::Resilience,
        meaning: "Go, Python: no code uses the variable that holds it. JavaScript: a timer aborts a controller whose signal no call uses. TypeScript: no method reads the private field that holds it. Names that other files may use are excluded. Java, Kotlin: a method with an annotation of Spring or Resilience4j (`@Async`, `@Retryable`) that its own object calls, so that no proxy runs (low confidence).",
        why: "The code looks protected, but the call can wait forever.",
        fix: &[(
            "any",
            "Pass it to the call: `fetch(url, { signal: controller.signal })`, `session.get(url, timeout=timeout)`, `breaker.Execute(…)`.",
        )],
        references: &["https://developer.mozilla.org/docs/Web/API/AbortController"],
    },
    check: Check::Service(|_, service| observed(service, Practice::DeadResilience)),
};
