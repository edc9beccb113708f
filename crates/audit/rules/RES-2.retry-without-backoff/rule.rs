//! Retries that hit what is already down.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "RES-2.retry-without-backoff",
        title: "Retries do not wait, or never end",
        severity: Severity::Medium,
        category: Category::Resilience,
        meaning: "tenacity (Python) without `wait` or `stop`, axios-retry (JavaScript) without `retryDelay`, retry-go (Go) with a delay of 0: their defaults do not wait. Loops written by hand are left out: whether they wait is not told by their form.",
        why: "A dependency that has trouble gets several times its traffic at once, from every caller: it does not come back, and the retries take the callers with it.",
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
                "Wait longer each time, with jitter; end after a few, or with the caller's deadline; retry only what may be repeated.",
            ),
        ],
        references: &[
            "https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/",
            "https://tenacity.readthedocs.io/en/latest/",
        ],
    },
    check: Check::Service(|_, service| observed(service, Topic::RetryDelay)),
};
