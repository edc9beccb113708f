//! The verdict in a few sentences.

use super::Group;
use crate::model::ServiceKind;
use crate::report::prose::{count, list};
use crate::report::{Report, Verdict};
use crate::rule::{Confidence, Severity};

/// Groups named in the verdict; the rest is in the chapter of findings.
const MAX_NAMED: usize = 3;

pub(super) fn summary(report: &Report, groups: &[Group<'_>]) -> Vec<String> {
    let mut sentences = vec![what_was_read(report), what_was_found(report)];
    sentences.extend(why(report, groups));
    if let Some(comparison) = &report.comparison {
        sentences.push(format!(
            "Against the baseline: {} new, {} remaining, {} fixed{}.",
            comparison.new.len(),
            comparison.remaining.len(),
            comparison.fixed.len(),
            match comparison.undecided.len() {
                0 => String::new(),
                number => format!(", {number} gone without proof that they are fixed"),
            }
        ));
    }
    if !report.suppressed.is_empty() {
        sentences.push(match report.suppressed.len() {
            1 => "1 finding was judged and suppressed; it is listed with its reason and counts neither way.".to_owned(),
            number => format!("{number} findings were judged and suppressed; they are listed with their reasons and count neither way."),
        });
    }
    if !report.incomplete.is_empty() {
        sentences.push(
            "The audit is incomplete; the reasons stand at the end, and this verdict can only get worse."
                .to_owned(),
        );
    }
    sentences
}

fn what_was_read(report: &Report) -> String {
    let own = report
        .services
        .iter()
        .filter(|service| service.kind != ServiceKind::Infrastructure)
        .count();
    format!(
        "{} and {} were read; {} % of the questions that apply could be decided from files alone.",
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
    let notes = report.count(Severity::Info);
    let notes = if notes == 0 {
        String::new()
    } else {
        format!(", beside {}", count(notes, "note"))
    };
    if counts.is_empty() {
        return format!("Nothing wrong was found{notes}.");
    }
    let open = report.findings.len() - report.count(Severity::Info);
    format!(
        "{} {} open: {}{notes}.",
        count(open, "finding"),
        if open == 1 { "is" } else { "are" },
        list(&counts)
    )
}

fn why(report: &Report, groups: &[Group<'_>]) -> Option<String> {
    let decides = match report.verdict {
        Verdict::NotReady => Severity::Critical,
        Verdict::ReadyWithConditions => Severity::High,
        Verdict::Undecided => {
            return Some(
                "Too much could not be decided for a verdict: silence says little here, and the open questions should be answered by hand."
                    .to_owned(),
            );
        }
        Verdict::Ready => {
            return Some(
                "Nothing that was found stands against production; what files cannot show is listed at the end of the checklist."
                    .to_owned(),
            );
        }
    };
    let named: Vec<String> = groups
        .iter()
        .filter(|group| group.severity == decides && group.confidence() > Some(Confidence::Low))
        .take(MAX_NAMED)
        .map(|group| format!("{} ({})", lower_first(group.title), group.label))
        .collect();
    (!named.is_empty()).then(|| format!("What decides: {}.", list(&named)))
}

/// A title inside a sentence; abbreviations keep their capitals.
fn lower_first(title: &str) -> String {
    let mut letters = title.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => title.to_owned(),
    }
}
