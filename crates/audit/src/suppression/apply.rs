//! Removes the suppressed findings, and reports the suppressions without effect.

use chrono::NaiveDate;

use super::comment;
use crate::config::AuditConfig;
use crate::model::Model;
use crate::report::Finding;
use crate::secret::SafeText;

/// A finding that a person has suppressed.
#[derive(Debug, Clone)]
pub struct Suppressed {
    /// The finding.
    pub finding: Finding,
    /// The reason of the suppression.
    pub reason: SafeText,
    /// The last day on which it does not count.
    pub until: Option<NaiveDate>,
    /// The location of the suppression: `path:line`.
    pub place: String,
    /// Whether the suppression is a comment in the source.
    pub in_source: bool,
}

/// A notice about the settings of the audit, for the reader of a report.
#[derive(Debug, Clone)]
pub struct Notice {
    /// The location: `path:line`.
    pub place: String,
    /// The kind.
    pub text: SafeText,
}

struct DeclaredSuppression {
    place: String,
    reason: String,
    until: Option<NaiveDate>,
    used: bool,
    in_source: bool,
}

/// Splits findings into open and suppressed ones.
pub(crate) fn apply(
    model: &Model,
    findings: Vec<Finding>,
    config: &AuditConfig,
) -> (Vec<Finding>, Vec<Suppressed>, Vec<Notice>) {
    if !config.honour_suppressions {
        return (findings, Vec::new(), Vec::new());
    }
    let mut notices = Vec::new();
    let mut declared = Vec::new();
    let mut comments = Vec::new();
    for found in model.files.values() {
        let (read, wrong) = comment::read(&found.file);
        notices.extend(wrong.into_iter().map(|(line, text)| Notice {
            place: format!("{}:{line}", found.file.path),
            text: SafeText::new(format!("this suppression is not valid: {text}")),
        }));
        for suppression in read {
            declared.push(DeclaredSuppression {
                place: format!("{}:{}", found.file.path, suppression.line),
                reason: suppression.reason.clone(),
                until: suppression.until,
                used: false,
                in_source: true,
            });
            comments.push((found.file.path.clone(), suppression));
        }
    }
    declared.extend(
        config
            .suppressions
            .iter()
            .map(|suppression| DeclaredSuppression {
                place: suppression.place.clone(),
                reason: suppression.reason.clone(),
                until: suppression.until,
                used: false,
                in_source: false,
            }),
    );
    let mut open = Vec::new();
    let mut suppressed = Vec::new();
    for finding in findings {
        let in_comment = comments.iter().map(|(path, suppression)| {
            **path == *finding.path
                && suppression.rules.contains(&finding.id)
                && suppression.lines.start() <= &finding.end_line
                && suppression.lines.end() >= &finding.line
        });
        let in_file = config
            .suppressions
            .iter()
            .map(|suppression| suppression.matches(&finding));
        let mut found = None;
        for (suppression, matches) in declared.iter_mut().zip(in_comment.chain(in_file)) {
            if matches {
                suppression.used = true;
                let is_valid = suppression.until.is_none_or(|until| config.today <= until);
                if is_valid && found.is_none() {
                    found = Some(Suppressed {
                        finding: finding.clone(),
                        reason: SafeText::new(&suppression.reason),
                        until: suppression.until,
                        place: suppression.place.clone(),
                        in_source: suppression.in_source,
                    });
                }
            }
        }
        match found {
            Some(found) => suppressed.push(found),
            None => open.push(finding),
        }
    }
    for suppression in declared {
        let text = match suppression.until {
            Some(until) if until < config.today => {
                format!("this suppression expired on {until}")
            }
            _ if !suppression.used => {
                "this suppression does not match a finding: delete it".to_owned()
            }
            _ => continue,
        };
        notices.push(Notice {
            place: suppression.place,
            text: SafeText::new(text),
        });
    }
    (open, suppressed, notices)
}
