//! Retries have no backoff or no limit.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "RES-2.retry-without-backoff",
        title: "Retries have no backoff or no limit",
        severity: Severity::Medium,
        category: Category::Resilience,
        meaning: "tenacity (Python) without `wait` or `stop`, axios-retry (JavaScript) without `retryDelay`, retry-go (Go) with a delay of 0. The defaults of these libraries do not wait. Low confidence: a loop that reads again at once after a failure, and a function that calls itself after each failure.",
        why: "A failing dependency gets several times its normal traffic and cannot recover. The retries then overload the callers too.",
        fix: &[
            (
                "Python",
                "`@retry(stop=stop_after_attempt(3), wait=wait_random_exponential(multiplier=0.1, max=5))`",
            ),
            (
                "JavaScript",
                "`axiosRetry(client, { retries: 3, retryDelay: axiosRetry.exponentialDelay })`",
            ),
            (
                "TypeScript",
                "`axiosRetry(client, { retries: 3, retryDelay: axiosRetry.exponentialDelay })`",
            ),
            (
                "any",
                "Use exponential backoff with jitter. Stop after a few attempts or at the caller's deadline, and retry only idempotent calls.",
            ),
        ],
        references: &[
            "https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/",
            "https://tenacity.readthedocs.io/en/latest/",
        ],
    },
    check: Check::Service(|_, service| observed(service, Practice::RetryDelay)),
};
