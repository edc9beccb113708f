//! A collection in memory only grows.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "DATA-4.growing-memory",
        title: "A collection in memory only grows",
        severity: Severity::Low,
        category: Category::Data,
        meaning: "Go, JavaScript, TypeScript, Python, Java, Kotlin: a map or a set that lives as long as the process gets an entry for each request, user or message, and no code of its file removes one. Functions that run at the start are excluded. The finding has low confidence.",
        why: "The memory of the process grows until the platform stops it.",
        fix: &[(
            "any",
            "Give entries a lifetime and the collection a size (`lru`, Caffeine, `cachetools.TTLCache`), or keep the data in a store.",
        )],
        references: &["https://cwe.mitre.org/data/definitions/770.html"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::GrowingMemory,
            "no collection in memory only grows",
        )
    }),
};
