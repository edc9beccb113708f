//! A background task has no owner.

use crate::model::facts::Practice;
use crate::rule::{
    Category, Check, Metadata, Rule, Severity, dropped_promises, guesses, observed_in_repository,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "LIFE-5.unowned-task",
        title: "A background task has no owner",
        severity: Severity::Medium,
        category: Category::Lifecycle,
        meaning: "Code starts work and drops its handle. C#: `async void`. JVM: `CompletableFuture.runAsync` without an executor, `GlobalScope.launch`. Python: `asyncio.create_task` as a statement. JavaScript, TypeScript, Python: a call of an async function of the service without `await`. A goroutine for each message, or from a handler, counts too. So do a goroutine whose channel nothing reads after a timeout, and a background task of FastAPI. A scheduled method of Spring whose loop stops at the first failure counts. Event handlers are excluded. The finding has low confidence. The rule reports one per file.",
        why: "A shutdown loses the work. Its failure is not logged, or ends the process.",
        fix: &[(
            "any",
            "Return the task and await it, or give it to an executor that the stop shuts down.",
        )],
        references: &[
            "https://learn.microsoft.com/en-us/archive/msdn-magazine/2013/march/async-await-best-practices-in-asynchronous-programming",
        ],
    },
    check: Check::Repository(|model| {
        let mut outcomes = observed_in_repository(
            model,
            Practice::OwnedTask,
            "all work in the background has an owner",
        );
        outcomes.extend(dropped_promises(model));
        guesses(outcomes)
    }),
};
