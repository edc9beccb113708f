//! A background task has no time limit.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "WORK-1.task-limit",
        title: "A background task has no time limit",
        severity: Severity::Low,
        category: Category::Messaging,
        meaning: "Celery: the file of a task sets no `time_limit` and no `soft_time_limit`. The finding has low confidence, because the settings of the application may set one.",
        why: "A few tasks that hang occupy every worker.",
        fix: &[("any", "Set `task_soft_time_limit` and `task_time_limit`.")],
        references: &["https://docs.celeryq.dev/en/stable/userguide/workers.html#time-limits"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(model, Practice::TaskLimit, "tasks have a time limit")
    }),
};
