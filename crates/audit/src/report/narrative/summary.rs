//! The verdict in a few sentences.

use super::Group;
use crate::baseline::Changes;
use crate::model::ServiceKind;
use crate::report::prose::{count, list};
use crate::report::{Report, Section, Verdict};
use crate::rule::Severity;

/// The number of groups that the verdict names. The chapter of findings contains all of them.
const MAX_NAMED: usize = 3;

pub(super) fn summary(report: &Report, groups: &[Group<'_>]) -> Vec<String> {
    let mut sentences = vec![what_was_read(report), what_was_found(report)];
    sentences.extend(why(report, groups));
    if let Some(comparison) = &report.comparison {
        sentences.push(format!(
            "Compared to the baseline: {} new, {} remaining, {} fixed{}.",
            comparison.new.len(),
            comparison.remaining.len(),
            comparison.fixed.len(),
            match comparison.undecided.len() {
                0 => String::new(),
                number => format!(", {number} gone but not proven fixed"),
            }
        ));
    }
    if let Some(changes) = &report.changes {
        sentences.push(changes_of(report, changes));
    }
    if !report.suppressed.is_empty() {
        sentences.push(match report.suppressed.len() {
            1 => "1 finding is suppressed. It is listed with its reason and does not count.".to_owned(),
            number => format!("{number} findings are suppressed. They are listed with their reasons and do not count."),
        });
    }
    if !report.incomplete.is_empty() {
        sentences.push(
            "The audit is incomplete, and the complete verdict can only be worse. The reasons are listed at the end."
                .to_owned(),
        );
    }
    sentences
}

/// The changes since an earlier report, in two sentences.
pub(in crate::report) fn changes_of(report: &Report, changes: &Changes) -> String {
    let Changes {
        score,
        verdict,
        comparison,
    } = changes;
    let gone = match comparison.undecided.len() {
        0 => String::new(),
        number => format!(", {number} gone but not proven fixed"),
    };
    let points =
        |score: Option<u8>| score.map_or_else(|| "none".to_owned(), |score| score.to_string());
    let verdict = if *verdict == report.verdict {
        "the verdict is the same".to_owned()
    } else {
        format!(
            "the verdict was “{}” and is “{}”",
            verdict.sentence(),
            report.verdict.sentence()
        )
    };
    format!(
        "Since the earlier report: {} new, {} fixed, {} unchanged{gone}. The score was {} and is {}, and {verdict}.",
        comparison.new.len(),
        comparison.fixed.len(),
        comparison.remaining.len(),
        points(*score),
        points(report.score.percent)
    )
}

fn what_was_read(report: &Report) -> String {
    let own = report
        .services
        .iter()
        .filter(|service| service.kind != ServiceKind::Infrastructure)
        .count();
    format!(
        "The auditor read {} and {}, and decided {} % of the applicable checks.",
        count(report.files, "file"),
        count(own, "service"),
        report.score.coverage
    )
}

fn what_was_found(report: &Report) -> String {
    let counts: Vec<String> = Severity::ALL
        .into_iter()
        .filter(|severity| *severity > Severity::Info)
        .filter_map(|severity| {
            let number = report.count(severity);
            (number > 0).then(|| format!("{number} {severity}"))
        })
        .collect();
    let besides: Vec<String> = [
        (report.reviews(), "finding to review", "findings to review"),
        (report.count(Severity::Info), "note", "notes"),
    ]
    .into_iter()
    .filter(|(number, ..)| *number > 0)
    .map(|(number, one, many)| format!("{number} {}", if number == 1 { one } else { many }))
    .collect();
    let besides = if besides.is_empty() {
        String::new()
    } else {
        format!(" In addition: {}.", list(&besides))
    };
    if counts.is_empty() {
        let certain = if report.reviews() > 0 { "certain " } else { "" };
        return format!("No {certain}findings.{besides}");
    }
    let open = report.certain();
    format!(
        "{} {} open: {}.{besides}",
        count(open, "finding"),
        if open == 1 { "is" } else { "are" },
        list(&counts)
    )
}

fn why(report: &Report, groups: &[Group<'_>]) -> Option<String> {
    let decides = match report.verdict {
        Verdict::PartlyAudited if report.count(Severity::High) > 0 => Severity::High,
        Verdict::PartlyAudited => {
            return Some("No finding blocks the services that were audited.".to_owned());
        }
        Verdict::NotReady => Severity::Critical,
        Verdict::ReadyWithConditions => Severity::High,
        Verdict::Undecided => {
            return Some(
                "Too many checks are undecided for a verdict. Answer them manually.".to_owned(),
            );
        }
        Verdict::Ready => {
            return Some(
                "No finding blocks production. The checklist ends with the questions that files cannot answer."
                    .to_owned(),
            );
        }
    };
    let named: Vec<String> = groups
        .iter()
        .filter(|group| group.section == Section::Certain(decides))
        .take(MAX_NAMED)
        .map(|group| format!("{} ({})", lower_first(group.title), group.label))
        .collect();
    (!named.is_empty()).then(|| format!("Deciding findings: {}.", list(&named)))
}

/// Returns a title for use inside a sentence. Abbreviations keep their capitals.
fn lower_first(title: &str) -> String {
    let mut letters = title.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => title.to_owned(),
    }
}
