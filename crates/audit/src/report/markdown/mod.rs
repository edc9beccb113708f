//! The report as a document in Markdown, as a good auditor would write it by hand.

pub(super) mod escape;

use std::fmt::{self, Write};

use super::narrative::{Group, Narrative, Place, State};
use super::promise::BY_HAND;
use super::prose::count;
use super::{Finding, Report, ServiceSummary};
use crate::rule::Severity;
use escape::{block, code, prose, table, text};

/// Places of one group that are shown with their code; the others are named.
pub(super) const MAX_FRAMES: usize = 4;
/// Evidence shown of one rule that is kept.
pub(super) const MAX_EVIDENCE: usize = 3;
/// Places named of one piece of evidence.
pub(super) const MAX_PLACES: usize = 3;

/// The report as Markdown. Whatever comes from the repository is escaped or stands in a code block.
///
/// # Errors
/// Never in practice: writing to a string cannot fail.
pub fn markdown(report: &Report) -> Result<String, fmt::Error> {
    let narrative = Narrative::of(report);
    let mut out = String::new();
    head(&mut out, &narrative)?;
    services(&mut out, report)?;
    strengths(&mut out, &narrative)?;
    findings(&mut out, &narrative)?;
    scorecard(&mut out, &narrative)?;
    actions(&mut out, &narrative)?;
    checklist(&mut out, &narrative)?;
    judged(&mut out, report)?;
    baseline(&mut out, report)?;
    open_questions(&mut out, &narrative)?;
    how(&mut out, report)?;
    Ok(out.trim_end().to_owned() + "\n")
}

fn head(out: &mut String, narrative: &Narrative<'_>) -> fmt::Result {
    let report = narrative.report;
    writeln!(
        out,
        "# Production readiness of {}\n\n**Verdict: {}.**{}\n",
        text(&report.repository),
        report.verdict.sentence(),
        report
            .score
            .percent
            .map_or_else(String::new, |percent| format!(" Score {percent} of 100."))
    )?;
    let summary: Vec<_> = narrative
        .summary
        .iter()
        .map(|sentence| prose(sentence))
        .collect();
    writeln!(out, "{}\n", summary.join(" "))
}

fn services(out: &mut String, report: &Report) -> fmt::Result {
    if report.services.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "## Services\n\n| Service | Kind | Tier | Source | Image | Open findings |\n| --- | --- | --- | --- | --- | --- |"
    )?;
    for service in &report.services {
        let ServiceSummary {
            name,
            root,
            dockerfile,
            ..
        } = service;
        let cell =
            |text: Option<&str>| text.map_or_else(|| "–".to_owned(), |text| table(&code(text)));
        let root = root
            .as_deref()
            .map(|root| if root.is_empty() { "." } else { root });
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            cell(Some(name)),
            service.kind.name(),
            service.tier,
            cell(root),
            cell(dockerfile.as_deref()),
            open_of(service)
        )?;
    }
    writeln!(out)
}

/// `2 high, 1 low`.
pub(super) fn open_of(service: &ServiceSummary) -> String {
    let counts: Vec<_> = Severity::ALL
        .into_iter()
        .filter_map(|severity| {
            service
                .findings
                .get(severity.name())
                .map(|number| format!("{number} {severity}"))
        })
        .collect();
    if counts.is_empty() {
        "none".to_owned()
    } else {
        counts.join(", ")
    }
}

fn strengths(out: &mut String, narrative: &Narrative<'_>) -> fmt::Result {
    writeln!(out, "## What is already right\n")?;
    if narrative.strengths.is_empty() {
        return writeln!(out, "Nothing that could be decided was right everywhere.\n");
    }
    for (category, strengths) in &narrative.strengths {
        writeln!(out, "**{}**\n", capitalised(category.name()))?;
        for strength in strengths {
            let shown: Vec<String> = strength
                .evidence
                .iter()
                .take(MAX_EVIDENCE)
                .map(|(evidence, places)| format!("{}{}", prose(evidence), places_of(places)))
                .collect();
            let more = match strength.evidence.len().saturating_sub(MAX_EVIDENCE) {
                0 => String::new(),
                more => format!("; and {more} more"),
            };
            writeln!(
                out,
                "- {} ({}): {}{more}",
                strength.topic,
                code(strength.id),
                shown.join("; ")
            )?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn places_of(places: &[Place<'_>]) -> String {
    let shown: Vec<String> = places
        .iter()
        .filter_map(|place| {
            let service = place.service.map(code);
            let at = place.at.map(|(path, line)| code(&format!("{path}:{line}")));
            match (service, at) {
                (Some(service), Some(at)) => Some(format!("{service} in {at}")),
                (service, at) => at.or(service),
            }
        })
        .collect();
    if shown.is_empty() {
        return String::new();
    }
    let more = match shown.len().saturating_sub(MAX_PLACES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let shown: Vec<_> = shown.into_iter().take(MAX_PLACES).collect();
    format!(" ({}{more})", shown.join(", "))
}

fn findings(out: &mut String, narrative: &Narrative<'_>) -> fmt::Result {
    writeln!(out, "## Findings\n")?;
    if narrative.groups.is_empty() {
        return writeln!(out, "None is open.\n");
    }
    let mut last = None;
    for one in &narrative.groups {
        if last != Some(one.severity) {
            last = Some(one.severity);
            writeln!(out, "### {}\n", heading(one.severity))?;
        }
        if one.severity == Severity::Info {
            note(out, one)?;
        } else {
            group(out, one)?;
        }
    }
    writeln!(out)
}

/// The heading of a severity.
pub(super) fn heading(severity: Severity) -> String {
    if severity == Severity::Info {
        "Worth knowing".to_owned()
    } else {
        capitalised(severity.name())
    }
}

/// What counts against nobody is told in one line.
fn note(out: &mut String, group: &Group<'_>) -> fmt::Result {
    let places: Vec<String> = group
        .findings
        .iter()
        .take(MAX_PLACES)
        .map(|finding| {
            let service = finding
                .service
                .as_deref()
                .map(|service| format!(" ({})", code(service)))
                .unwrap_or_default();
            format!(
                "{}{service}",
                code(&format!("{}:{}", finding.path, finding.line))
            )
        })
        .collect();
    let more = match group.findings.len().saturating_sub(MAX_PLACES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let fixes = group.fixes();
    writeln!(
        out,
        "- **{}.** {} ({}): {}{more}. {}",
        group.label,
        text(group.title),
        code(group.id),
        places.join(", "),
        fixes
            .first()
            .map_or_else(String::new, |(fix, _)| prose(fix))
    )
}

fn group(out: &mut String, group: &Group<'_>) -> fmt::Result {
    writeln!(
        out,
        "#### {}. {}\n\n{} · {}\n",
        group.label,
        text(group.title),
        code(group.id),
        certainty(group)
    )?;
    for (at, finding) in group.findings.iter().enumerate() {
        let service = finding
            .service
            .as_deref()
            .map(|service| format!(" ({})", code(service)))
            .unwrap_or_default();
        writeln!(
            out,
            "- {}{service}: {}",
            code(&format!(
                "{}:{}:{}",
                finding.path, finding.line, finding.column
            )),
            prose(finding.evidence.as_str())
        )?;
        if at < MAX_FRAMES && !finding.frame.is_empty() {
            writeln!(out, "\n{}\n", block("", &finding.frame.to_string(), "  "))?;
        }
    }
    if !out.ends_with("\n\n") {
        writeln!(out)?;
    }
    writeln!(out, "**Risk.** {}\n", prose(group.impact))?;
    let fixes = group.fixes();
    for (fix, places) in &fixes {
        let places = if fixes.len() > 1 {
            format!(" ({})", count(*places, "place"))
        } else {
            String::new()
        };
        writeln!(out, "**Fix{places}.** {}\n", prose(fix))?;
    }
    for diff in group
        .findings
        .iter()
        .filter_map(|finding| finding.diff.as_ref())
        .take(MAX_FRAMES)
    {
        writeln!(out, "{}\n", block("diff", diff, ""))?;
    }
    Ok(())
}

/// The confidence of the places: `high confidence`, or how many of which.
pub(super) fn certainty(group: &Group<'_>) -> String {
    let mut counts = std::collections::BTreeMap::new();
    for Finding { confidence, .. } in group.findings.iter().copied() {
        *counts.entry(*confidence).or_insert(0_usize) += 1;
    }
    let parts: Vec<String> = if counts.len() == 1 {
        counts
            .keys()
            .map(|confidence| format!("{} confidence", confidence.name()))
            .collect()
    } else {
        counts
            .iter()
            .rev()
            .map(|(confidence, number)| format!("{number} with {} confidence", confidence.name()))
            .collect()
    };
    format!(
        "{} · {}",
        count(group.findings.len(), "place"),
        parts.join(", ")
    )
}

fn scorecard(out: &mut String, narrative: &Narrative<'_>) -> fmt::Result {
    writeln!(
        out,
        "## Scorecard\n\n| Category | Score | Decided | Right | Wrong | Not decided |\n| --- | ---: | ---: | ---: | ---: | ---: |"
    )?;
    for row in &narrative.scorecard {
        writeln!(
            out,
            "| {} | {} | {} % | {} | {} | {} |",
            capitalised(row.category.name()),
            row.score
                .percent
                .map_or_else(|| "–".to_owned(), |percent| percent.to_string()),
            row.score.coverage,
            row.passed,
            row.findings,
            row.unknown
        )?;
    }
    let report = narrative.report;
    writeln!(
        out,
        "| **All** | **{}** | **{} %** | {} | {} | {} |\n\nThe score is the share of kept promises, weighted by severity (critical 10, high 7.5, medium 5, low 2.5). What is not decided counts neither way: read the score together with the column beside it.\n",
        report
            .score
            .percent
            .map_or_else(|| "–".to_owned(), |percent| percent.to_string()),
        report.score.coverage,
        report.passed.len(),
        report.findings.len(),
        report.unknown.len()
    )
}

fn actions(out: &mut String, narrative: &Narrative<'_>) -> fmt::Result {
    writeln!(out, "## Action plan\n")?;
    for (horizon, actions) in &narrative.actions {
        writeln!(out, "### {}\n", horizon.heading())?;
        if actions.is_empty() {
            writeln!(out, "Nothing.\n")?;
            continue;
        }
        for action in actions {
            let look = if action.look_first {
                " Look at it first: the evidence alone does not decide."
            } else {
                ""
            };
            writeln!(
                out,
                "- [ ] **{}** {}: {} ({}).{look}",
                action.label,
                text(action.title),
                prose(&action.text),
                prose(&action.extent)
            )?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn checklist(out: &mut String, narrative: &Narrative<'_>) -> fmt::Result {
    writeln!(out, "## Readiness checklist\n")?;
    for (category, items) in &narrative.checklist {
        writeln!(out, "**{}**\n", capitalised(category.name()))?;
        for item in items {
            let (mark, words) = state(item.state);
            let see = if item.labels.is_empty() {
                String::new()
            } else {
                format!("; see {}", item.labels.join(", "))
            };
            writeln!(
                out,
                "- [{mark}] {} {}: {words} ({}{see})",
                code(item.id),
                item.sentence,
                item.basis
            )?;
        }
        writeln!(out)?;
    }
    writeln!(out, "**To be answered by a person: no file shows it**\n")?;
    for item in BY_HAND {
        writeln!(out, "- [ ] {item}")?;
    }
    writeln!(out)
}

/// The mark of a box and the words for a state.
pub(super) const fn state(state: State) -> (char, &'static str) {
    match state {
        State::Kept => ('x', "right as far as it was asked"),
        State::PartlyKept => ('x', "right as far as it could be decided"),
        State::Broken => (' ', "**broken**"),
        State::NotShown => (' ', "nothing shows it"),
        State::Unknown => (' ', "not decided"),
    }
}

fn judged(out: &mut String, report: &Report) -> fmt::Result {
    if report.suppressed.is_empty() && report.switched_off.is_empty() && report.notices.is_empty() {
        return Ok(());
    }
    writeln!(out, "## Suppressed\n")?;
    for judged in &report.suppressed {
        let until = judged
            .until
            .map(|until| format!(" until {until}"))
            .unwrap_or_default();
        writeln!(
            out,
            "- {} {} at {}: {} (said at {}{until})",
            judged.finding.severity,
            code(judged.finding.id),
            code(&format!("{}:{}", judged.finding.path, judged.finding.line)),
            text(judged.reason.as_str()),
            code(&judged.place)
        )?;
    }
    for off in &report.switched_off {
        writeln!(
            out,
            "- {} is switched off everywhere: {}",
            code(off.id),
            text(off.reason.as_str())
        )?;
    }
    for notice in &report.notices {
        writeln!(
            out,
            "- {}: {}",
            code(&notice.place),
            prose(notice.text.as_str())
        )?;
    }
    writeln!(out)
}

fn baseline(out: &mut String, report: &Report) -> fmt::Result {
    let Some(comparison) = &report.comparison else {
        return Ok(());
    };
    writeln!(out, "## Against the baseline\n")?;
    let open = report
        .findings
        .iter()
        .map(|finding| {
            let word = if comparison.new.contains(&finding.fingerprint) {
                "new"
            } else {
                "remaining"
            };
            (word, finding.id, finding.path.as_str(), finding.title)
        })
        .filter(|(word, ..)| *word == "new");
    let gone = [
        ("fixed", &comparison.fixed),
        (
            "gone, without proof that it is fixed",
            &comparison.undecided,
        ),
    ]
    .into_iter()
    .flat_map(|(word, entries)| {
        entries.iter().map(move |entry| {
            (
                word,
                entry.id.as_str(),
                entry.path.as_str(),
                entry.title.as_str(),
            )
        })
    });
    for (word, id, path, title) in open.chain(gone) {
        writeln!(
            out,
            "- {word}: {} in {}: {}",
            code(id),
            code(path),
            text(title)
        )?;
    }
    writeln!(out, "- {} remaining\n", comparison.remaining.len())
}

fn open_questions(out: &mut String, narrative: &Narrative<'_>) -> fmt::Result {
    if narrative.unknown.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "## What could not be decided\n\nNeither right nor wrong: what stands here was not guessed.\n"
    )?;
    for (unknown, services) in &narrative.unknown {
        let services = if services.is_empty() {
            String::new()
        } else {
            let named: Vec<_> = services
                .iter()
                .take(MAX_PLACES)
                .map(|service| code(service))
                .collect();
            let more = match services.len().saturating_sub(MAX_PLACES) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!(" ({}{more})", named.join(", "))
        };
        writeln!(
            out,
            "- {}{services}: {}",
            code(unknown.id),
            prose(unknown.reason.as_str())
        )?;
    }
    writeln!(out)
}

fn how(out: &mut String, report: &Report) -> fmt::Result {
    writeln!(
        out,
        "## How this report was made\n\nBy {} {} from files alone: nothing was run and nobody was asked. Line numbers are those of the audited commit. {} explains a rule.\n",
        code("seaworthy audit"),
        env!("CARGO_PKG_VERSION"),
        code("seaworthy audit explain ID")
    )?;
    for left_out in &report.left_out {
        writeln!(
            out,
            "- Not read: {} {}, the first is {}",
            count(left_out.count, "file"),
            left_out.reason,
            code(&left_out.example)
        )?;
    }
    for reason in &report.incomplete {
        writeln!(out, "- Incomplete: {}", prose(reason))?;
    }
    Ok(())
}

pub(super) fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
