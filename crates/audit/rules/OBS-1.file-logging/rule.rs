//! The service writes logs to files.

use crate::model::facts::Practice;
use crate::model::{Model, Service};
use crate::rule::{
    Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity, observed,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "OBS-1.file-logging",
        title: "The service writes logs to files",
        severity: Severity::Low,
        category: Category::Observability,
        meaning: "A logger in deployed code writes to files (winston `File`, `DailyRotateFile`, Python `FileHandler` and its subclasses, lumberjack).",
        why: "The files are lost with the container, fill its disk, and no collector reads them. With a read-only root file system the service fails.",
        fix: &[(
            "any",
            "Write JSON to standard output and let the platform collect it.",
        )],
        references: &["https://12factor.net/logs"],
    },
    check: Check::Service(check),
};

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let mut outcomes = observed(service, Practice::FileLogging);
    for entry in service
        .compose
        .iter()
        .filter(|entry| entry.at.role.is_deployed() && entry.profiles.is_empty())
    {
        let file = entry.command.iter().find(|word| {
            ["--logfile=", "--log-file="]
                .iter()
                .any(|option| word.starts_with(option) && word.len() > option.len() + 1)
                && !word.contains("/dev/std")
        });
        let at = entry
            .command_span
            .clone()
            .and_then(|span| model.location(&entry.at.path, span, Some(&entry.name)));
        if let (Some(word), Some(at)) = (file, at) {
            outcomes.push(
                Breach::new(
                    at,
                    Confidence::High,
                    format!("the command of `{}` has `{word}`", entry.name),
                )
                .into(),
            );
        }
    }
    outcomes
}
