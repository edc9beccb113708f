//! Changes, what could not be verified, suppressions, the comparison with the baseline, and the
//! method.

use maud::{Markup, html};

use super::{printable, prose};
use crate::baseline::Comparison;
use crate::report::Report;
use crate::report::markdown::MAX_PLACES;
use crate::report::narrative::{Narrative, changes_of};
use crate::report::prose::count;
use crate::report::requirement::BY_HAND;

pub(super) fn suppressed(report: &Report) -> Markup {
    let any = !report.suppressed.is_empty()
        || !report.switched_off.is_empty()
        || !report.notices.is_empty();
    html! {
        @if any {
            h2 { "Suppressed" }
            ul {
                @for suppression in &report.suppressed {
                    li {
                        (suppression.finding.severity.name()) " " span.id { (suppression.finding.id) } " at "
                        code { (printable(&suppression.finding.path)) ":" (suppression.finding.line) }
                        ": " (suppression.reason.as_str()) " (declared at " code { (printable(&suppression.place)) }
                        @if let Some(until) = suppression.until { " until " (until.to_string()) }
                        ")"
                    }
                }
                @for off in &report.switched_off {
                    li { span.id { (off.id) } " is disabled: " (off.reason.as_str()) }
                }
                @for notice in &report.notices {
                    li { code { (printable(&notice.place)) } ": " (prose(notice.text.as_str())) }
                }
            }
        }
    }
}

pub(super) fn baseline(report: &Report) -> Markup {
    html! {
        @if let Some(comparison) = &report.comparison {
            h2 { "Comparison with the baseline" }
            (compared(report, comparison))
        }
    }
}

/// The changes since an earlier report.
pub(super) fn changes(report: &Report) -> Markup {
    html! {
        @if let Some(changes) = &report.changes {
            h2 #changes { "Changes since the earlier report" }
            p { (changes_of(report, changes)) }
            (compared(report, &changes.comparison))
        }
    }
}

/// New, fixed and unchanged findings.
fn compared(report: &Report, comparison: &Comparison) -> Markup {
    html! {
        ul {
            @for finding in report.findings.iter().filter(|finding| comparison.new.contains(&finding.fingerprint)) {
                li { "new: " span.id { (finding.id) } " in " code { (printable(&finding.path)) ":" (finding.line) } ": " (finding.title) }
            }
            @for (word, entries) in [("fixed", &comparison.fixed), ("gone, but not proven fixed", &comparison.undecided)] {
                @for entry in entries {
                    li { (word) ": " span.id { (printable(&entry.id)) } " in " code { (printable(&entry.path)) } ": " (printable(&entry.title)) }
                }
            }
            li { (comparison.remaining.len()) " unchanged" }
        }
    }
}

/// Undecided checks, files that were not read, and questions that files cannot answer.
pub(super) fn not_verified(narrative: &Narrative<'_>) -> Markup {
    let report = narrative.report;
    html! {
        h2 #open { "What could not be verified" }
        ul {
            @for service in &report.not_audited {
                li { "Not audited: " code { (printable(&service.name)) } ", because " (prose(&service.reason)) }
            }
            @for left_out in &report.left_out {
                li {
                    "Not read: " (count(left_out.count, "file")) " " (left_out.reason)
                    ", for example " code { (printable(&left_out.example)) }
                }
            }
            @for reason in &report.incomplete { li { "Incomplete: " (prose(reason)) } }
        }
        @if !narrative.unknown.is_empty() {
            h3 { "Undecided checks (neither confirmed nor rejected)" }
            ul {
                @for (unknown, services) in &narrative.unknown {
                    li {
                        span.id { (unknown.id) }
                        @if !services.is_empty() {
                            " ("
                            @for (number, service) in services.iter().take(MAX_PLACES).enumerate() {
                                @if number > 0 { ", " }
                                code { (printable(service)) }
                            }
                            @if services.len() > MAX_PLACES { " and " (services.len() - MAX_PLACES) " more" }
                            ")"
                        }
                        ": " (prose(unknown.reason.as_str()))
                    }
                }
            }
        }
        h3 { "Questions for the team (files cannot answer them)" }
        ul.checklist { @for item in BY_HAND { li.unknown { (item) } } }
    }
}

pub(super) fn how(report: &Report) -> Markup {
    html! {
        h2 { "How this report was made" }
        p {
            "By " code { "seaworthy audit" } " " (env!("CARGO_PKG_VERSION"))
            " from " (count(report.files, "file"))
            " of the repository, without running any of its code. Line numbers refer to the audited commit. "
            code { "seaworthy audit explain ID" } " explains a rule."
        }
    }
}
