//! A timeout, breaker or limiter is created and never used.

mod collector;

use crate::model::facts::Practice;
use crate::model::{Model, Service};
use crate::rule::{Category, Check, Metadata, Outcome, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "RES-3.unused-resilience",
        title: "A timeout, breaker or limiter is created and never used",
        severity: Severity::High,
        category: Category::Resilience,
        meaning: "Go, Python: no code uses the variable that holds it. JavaScript: a timer aborts a controller whose signal no call uses. TypeScript: no method reads the private field that holds it. Names that other files may use are excluded. Java, Kotlin: a method with an annotation of Spring or Resilience4j (`@Async`, `@Retryable`) that its own object calls, so that no proxy runs (low confidence). Low for a connection in Go that only exports telemetry.",
        why: "The code looks protected, but the call can wait forever.",
        fix: &[(
            "any",
            "Pass it to the call: `fetch(url, { signal: controller.signal })`, `session.get(url, timeout=timeout)`, `breaker.Execute(…)`.",
        )],
        references: &["https://developer.mozilla.org/docs/Web/API/AbortController"],
    },
    check: Check::Service(check),
};

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let mut outcomes = observed(service, Practice::DeadResilience);
    for outcome in &mut outcomes {
        if let Outcome::Breach(breach) = outcome
            && collector::is_only_for_collector(model, &breach.at)
        {
            breach.severity = Some(Severity::Low);
        }
    }
    outcomes
}
