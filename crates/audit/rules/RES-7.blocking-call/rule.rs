//! A blocking call runs on a thread of the async runtime.

use crate::model::facts::Practice;
use crate::rule::{
    Category, Check, Metadata, Rule, Severity, blocking_calls, observed_in_repository,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "RES-7.blocking-call",
        title: "A blocking call runs on a thread of the async runtime",
        severity: Severity::Medium,
        category: Category::Resilience,
        meaning: "Rust: a file takes a connection from a synchronous pool (`pool.get()?`) and mentions neither `spawn_blocking` nor `web::block`. Python: a coroutine calls a function that waits on its thread, itself or in another file. Go, Python, Java: a lock is held during a call of another system. PHP and other workers that sleep for each message count too. The finding has low confidence.",
        why: "A few slow queries stop every request of the process.",
        fix: &[(
            "any",
            "Run the call in `web::block` or `spawn_blocking`, or use an asynchronous driver.",
        )],
        references: &["https://docs.rs/tokio/latest/tokio/task/fn.spawn_blocking.html"],
    },
    check: Check::Repository(|model| {
        let mut outcomes =
            observed_in_repository(model, Practice::Blocking, "no blocking call was found");
        outcomes.extend(blocking_calls(model));
        outcomes
    }),
};
