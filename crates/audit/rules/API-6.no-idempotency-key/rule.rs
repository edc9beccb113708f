//! A repeated request adds a second order or payment.

use crate::rule::{Category, Check, Metadata, Outcome, Rule, Severity, repeated_requests};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "API-6.no-idempotency-key",
        title: "A repeated request adds a second order or payment",
        severity: Severity::Medium,
        category: Category::Contracts,
        meaning: "An HTTP or gRPC handler adds an order, a payment, a booking or a transfer, itself or through the functions that it calls. No function on its path recognizes a repetition, and no code of the service names an idempotency key. Go, JavaScript, TypeScript, Python, Java and Kotlin are read. The finding has low confidence.",
        why: "Clients and proxies repeat requests after a timeout. The customer gets two orders, or pays twice.",
        fix: &[(
            "any",
            "Accept an `Idempotency-Key`, and store it with the response in the transaction of the change. Otherwise let a unique constraint reject the second record.",
        )],
        references: &[
            "https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/",
        ],
    },
    check: Check::Repository(|model| {
        let outcomes = repeated_requests(model);
        if outcomes.is_empty() {
            return vec![Outcome::passed(
                "no handler adds an order or a payment without a check for repetitions",
                None,
            )];
        }
        outcomes
    }),
};
