//! Every replica runs the same schedule.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "WORK-2.unguarded-schedule",
        title: "Every replica runs the same schedule",
        severity: Severity::Medium,
        category: Category::Messaging,
        meaning: "Code has a schedule (`@Scheduled` of Spring, `@Cron` of Nest), and its file takes no lock. Or a relay reads the unsent messages of an outbox, and no code reserves them. The finding has low confidence.",
        why: "With two replicas each job runs twice: mails are sent twice, and reports are counted twice.",
        fix: &[(
            "any",
            "Take a lock with an expiry in the database or Redis (ShedLock), or run the job as a CronJob of Kubernetes.",
        )],
        references: &["https://github.com/lukas-krecan/ShedLock"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(model, Practice::Schedule, "every schedule takes a lock")
    }),
};
