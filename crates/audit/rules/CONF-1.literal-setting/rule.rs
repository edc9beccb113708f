//! No environment can replace a setting.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-1.literal-setting",
        title: "No environment can replace a setting",
        severity: Severity::Low,
        category: Category::Configuration,
        meaning: "A Django settings module does not read the environment. Or an address, a pool or a limit on memory is a literal in code (Rust, JavaScript, Java, Kotlin). The finding has low confidence. The rule reports one per file. A literal number of prefetched messages counts in Node.js. A Go service that ends without its `.env` file counts too, and so does a literal address of Kafka (Python).",
        why: "Every environment needs a change of the code, and a limit that is wrong in production needs a release.",
        fix: &[(
            "any",
            "Read the value from the environment, with the literal as the documented default.",
        )],
        references: &["https://12factor.net/config"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::LiteralSetting,
            "settings come from the environment",
        )
    }),
};
