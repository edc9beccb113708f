//! Workflow commands of GitHub Actions: annotations on the lines of a pull request.
//!
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>

use std::fmt::{self, Write};

use super::{Finding, Report, Section};
use crate::rule::Severity;
use crate::source::printable;

/// The report as workflow commands. Beside a baseline only new findings are annotated.
///
/// # Errors
/// Never in practice: writing to a string cannot fail.
pub fn github(report: &Report) -> Result<String, fmt::Error> {
    let mut out = String::new();
    let new = |finding: &&Finding| {
        report
            .comparison
            .as_ref()
            .is_none_or(|comparison| comparison.new.contains(&finding.fingerprint))
    };
    for service in &report.not_audited {
        writeln!(
            out,
            "::warning file={},line={},title=Not audited::{}",
            property(&service.path),
            service.line,
            message(&format!("{}: {}", service.name, service.reason))
        )?;
    }
    for finding in report.findings.iter().filter(new) {
        let level = match finding.section() {
            Section::Certain(Severity::Critical | Severity::High) => "error",
            Section::Certain(Severity::Medium) => "warning",
            Section::Certain(Severity::Low | Severity::Info) | Section::Review | Section::Note => {
                "notice"
            }
        };
        let severity = if finding.is_review() {
            "to review"
        } else {
            finding.severity.name()
        };
        writeln!(
            out,
            "::{level} file={},line={},endLine={},col={},title={}::{}",
            property(&finding.path),
            finding.line,
            finding.end_line,
            finding.column,
            property(&format!("{} ({})", finding.title, finding.id)),
            message(&format!(
                "{severity} · {}\nImpact: {}\nFix: {}",
                finding.evidence,
                finding.impact,
                finding.fix_with_diff()
            ))
        )?;
    }
    for notice in &report.notices {
        writeln!(
            out,
            "::warning title=Suppression::{}",
            message(&format!("{}: {}", notice.place, notice.text))
        )?;
    }
    for reason in &report.incomplete {
        writeln!(
            out,
            "::error title=The audit is incomplete::{}",
            message(reason)
        )?;
    }
    writeln!(
        out,
        "::notice title=seaworthy audit::{}",
        message(&format!(
            "{}: {}",
            report.repository,
            report.verdict.sentence()
        ))
    )?;
    Ok(out)
}

/// Escapes text as the toolkit of GitHub Actions does. A line end would begin another command. The
/// caller has removed other control characters.
fn message(text: &str) -> String {
    printable::lines(text)
        .replace('%', "%25")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{github, property};
    use crate::report::sample;

    #[test]
    fn repository_text_adds_no_workflow_command() {
        let text = github(&sample::report(false)).unwrap();
        for line in text.lines() {
            assert!(
                ["::error ", "::warning ", "::notice "]
                    .iter()
                    .any(|command| line.starts_with(command)),
                "{line}"
            );
        }
        assert_eq!(
            property("a\n::stop-commands::x,y%"),
            "a%0A%3A%3Astop-commands%3A%3Ax%2Cy%25"
        );
    }

    #[test]
    fn likely_findings_are_notices() {
        let text = github(&sample::report(false)).unwrap();
        let line = text.lines().find(|line| line.contains(sample::REVIEWED));
        let line = line.unwrap();
        assert!(
            line.starts_with("::notice ") && line.contains("::to review · "),
            "{line}"
        );
    }

    #[test]
    fn beside_a_baseline_only_new_findings_are_annotated() {
        let report = sample::report(true);
        let text = github(&report).unwrap();
        let annotated = text
            .lines()
            .filter(|line| line.contains(",endLine="))
            .count();
        assert_eq!(annotated, report.comparison.unwrap().new.len());
    }
}
