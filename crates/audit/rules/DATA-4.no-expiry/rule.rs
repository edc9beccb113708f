//! A Redis key never expires.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_by_file, or_passed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "DATA-4.no-expiry",
        title: "A Redis key never expires",
        severity: Severity::Low,
        category: Category::Data,
        meaning: "Go, JavaScript, TypeScript, Python, Java, Kotlin: code sets a Redis key without an expiry, and the function sets none afterwards. The rule reports one finding per file, with low confidence, because the data may be permanent. Stores with an eviction policy are excluded. A Redis stream without a maximum length counts too. Finished jobs of BullMQ count too if the code sets no `removeOnComplete`.",
        why: "The store grows until it rejects writes. A lock without an expiry stays locked after a crash.",
        fix: &[(
            "any",
            "Set an expiry together with the key (`SET key value EX 300`, for a lock `NX PX 30000`).",
        )],
        references: &["https://redis.io/docs/latest/commands/set/"],
    },
    check: Check::Service(|_, service| {
        or_passed(
            observed_by_file(service, Practice::Expiry),
            service,
            &["Go", "JavaScript", "TypeScript", "Python", "Java", "Kotlin"],
            "no key is set without an expiry",
        )
    }),
};
