//! JUnit XML: one suite for each category, one case for each answer of a rule.

use quick_junit::{
    NonSuccessKind, Report as Document, SerializeError, TestCase, TestCaseStatus, TestSuite,
};

use super::{Finding, Report};
use crate::rule::{Category, rules};
use crate::source::printable;
use crate::suppression::Suppressed;

/// The report as JUnit XML. A finding is a failure. Undecided checks, findings to review and
/// suppressed findings are skipped. Beside a baseline, known findings are skipped too, because they
/// fail nothing.
///
/// # Errors
/// Never in practice: the text is made in memory.
pub fn junit(report: &Report) -> Result<String, SerializeError> {
    let mut document = Document::new(printable(&format!(
        "seaworthy audit of {}",
        report.repository
    )));
    if !report.not_audited.is_empty() {
        let mut suite = TestSuite::new("not audited");
        for service in &report.not_audited {
            let mut status = TestCaseStatus::skipped();
            status
                .set_type("not audited")
                .set_message(printable(&service.reason));
            suite.add_test_case(TestCase::new(printable(&service.name), status));
        }
        document.add_test_suite(suite);
    }
    for chapter in &report.categories {
        let mut suite = TestSuite::new(chapter.category.name());
        suite.add_test_cases(cases(report, chapter.category));
        document.add_test_suite(suite);
    }
    if !report.incomplete.is_empty() {
        let mut suite = TestSuite::new("audit");
        for reason in &report.incomplete {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(printable(reason));
            suite.add_test_case(TestCase::new("the audit is complete", status));
        }
        document.add_test_suite(suite);
    }
    document.to_string()
}

fn cases(report: &Report, category: Category) -> Vec<TestCase> {
    let mine = |id: &str| {
        rules()
            .iter()
            .any(|rule| rule.metadata.id == id && rule.metadata.category == category)
    };
    let of = |service: &Option<String>| printable(service.as_deref().unwrap_or(&report.repository));
    let mut cases = Vec::new();
    for finding in report
        .findings
        .iter()
        .filter(|finding| finding.category == category)
    {
        let known = report
            .comparison
            .as_ref()
            .is_some_and(|comparison| comparison.remaining.contains(&finding.fingerprint));
        let mut status = if known || finding.is_review() {
            TestCaseStatus::skipped()
        } else {
            TestCaseStatus::non_success(NonSuccessKind::Failure)
        };
        status
            .set_type(if finding.is_review() {
                "review"
            } else {
                finding.severity.name()
            })
            .set_message(finding.title)
            .set_description(description(finding));
        cases.push((finding_name(finding), of(&finding.service), status));
    }
    for suppression in report
        .suppressed
        .iter()
        .filter(|suppression| suppression.finding.category == category)
    {
        cases.push((
            finding_name(&suppression.finding),
            of(&suppression.finding.service),
            suppressed(suppression),
        ));
    }
    for passed in report.passed.iter().filter(|passed| mine(passed.id)) {
        let place = match (&passed.path, passed.line) {
            (Some(path), Some(line)) => format!(" at {}:{line}", printable(path)),
            _ => String::new(),
        };
        cases.push((
            format!("{}{place}", passed.id),
            of(&passed.service),
            TestCaseStatus::success(),
        ));
    }
    for unknown in report.unknown.iter().filter(|unknown| mine(unknown.id)) {
        let mut status = TestCaseStatus::skipped();
        status.set_message(unknown.reason.as_str());
        cases.push((unknown.id.to_owned(), of(&unknown.service), status));
    }
    cases
        .into_iter()
        .map(|(name, service, status)| {
            let mut case = TestCase::new(name, status);
            case.set_classname(service);
            case
        })
        .collect()
}

fn printable(text: &str) -> String {
    printable::lines(text)
}

fn finding_name(finding: &Finding) -> String {
    format!(
        "{} at {}:{}",
        finding.id,
        printable(&finding.path),
        finding.line
    )
}

fn description(finding: &Finding) -> String {
    format!(
        "{}:{}:{}\n{}\n\nImpact: {}\nFix: {}",
        printable(&finding.path),
        finding.line,
        finding.column,
        finding.evidence_with_frame(),
        finding.impact,
        finding.fix_with_diff()
    )
}

fn suppressed(suppression: &Suppressed) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(format!(
        "suppressed at {}: {}",
        printable(&suppression.place),
        suppression.reason
    ));
    status
}

#[cfg(test)]
mod tests;
