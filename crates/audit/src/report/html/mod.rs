//! The document of [`super::markdown`] as one HTML file: no script, no request, nothing from elsewhere.
//!
//! Text is escaped by `maud` wherever it is put; nothing is put in as it is but the style sheet.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::markdown::{
    MAX_EVIDENCE, MAX_FRAMES, MAX_PLACES, capitalised, certainty, heading, open_of,
    state as words_of,
};
use super::narrative::{Group, Narrative, Place, State};
use super::promise::BY_HAND;
use super::prose::{Piece, pieces, without_long_digests};
use super::{Frame, Report, Score, Verdict};
use crate::rule::Severity;
use crate::source::printable;

const STYLE: &str = include_str!("style.css");
/// Nothing may be loaded or run, whatever slipped into the text.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The report as one HTML file that needs nothing else.
#[must_use]
pub fn html(report: &Report) -> String {
    let narrative = Narrative::of(report);
    let title = format!("Production readiness of {}", seen(&report.repository));
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="generator" content=(concat!("seaworthy ", env!("CARGO_PKG_VERSION")));
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header { h1 { (title) } (verdict(&narrative)) }
                (contents(report))
                main {
                    (services(report))
                    (strengths(&narrative))
                    (findings(&narrative))
                    (scorecard(&narrative))
                    (actions(&narrative))
                    (checklist(&narrative))
                    (judged(report))
                    (baseline(report))
                    (open_questions(&narrative))
                    (how(report))
                }
            }
        }
    }
    .into_string()
        + "\n"
}

fn seen(text: &str) -> String {
    printable::lines(text)
}

/// A sentence of a rule, with code between backticks.
fn prose(sentence: &str) -> Markup {
    let sentence = without_long_digests(sentence);
    html! {
        @for piece in pieces(&sentence) {
            @match piece {
                Piece::Text(words) => (seen(words)),
                Piece::Code(words) => code { (seen(words)) },
            }
        }
    }
}

fn percent(score: Score) -> String {
    score
        .percent
        .map_or_else(|| "–".to_owned(), |percent| percent.to_string())
}

fn verdict(narrative: &Narrative<'_>) -> Markup {
    let report = narrative.report;
    let class = match report.verdict {
        Verdict::Ready => "ready",
        Verdict::ReadyWithConditions | Verdict::Undecided => "conditions",
        Verdict::NotReady => "not-ready",
    };
    html! {
        section.verdict.(class) {
            p.answer { (capitalised(report.verdict.sentence())) }
            p { @for sentence in &narrative.summary { (prose(sentence)) " " } }
            dl {
                div { dt { "Score" } dd { (percent(report.score)) } }
                div { dt { "Decided" } dd { (report.score.coverage) " %" } }
                @for severity in Severity::ALL {
                    @let number = report.count(severity);
                    @if number > 0 {
                        div.(severity.name()) { dt { (capitalised(severity.name())) } dd { (number) } }
                    }
                }
            }
        }
    }
}

fn contents(report: &Report) -> Markup {
    html! {
        nav {
            a href="#right" { "What is right" }
            a href="#findings" { "Findings" }
            a href="#scorecard" { "Scorecard" }
            a href="#plan" { "Action plan" }
            a href="#checklist" { "Checklist" }
            @if !report.unknown.is_empty() { a href="#open" { "Not decided" } }
        }
    }
}

fn services(report: &Report) -> Markup {
    html! {
        @if !report.services.is_empty() {
            h2 { "Services" }
            table {
                thead { tr { th { "Service" } th { "Kind" } th { "Tier" } th { "Source" } th { "Image" } th { "Open findings" } } }
                tbody {
                    @for service in &report.services {
                        tr {
                            td { code { (seen(&service.name)) } }
                            td { (service.kind.name()) }
                            td { (service.tier.name()) }
                            td { @match service.root.as_deref() {
                                Some("") => code { "." },
                                Some(root) => code { (seen(root)) },
                                None => "–",
                            } }
                            td { @match &service.dockerfile {
                                Some(path) => code { (seen(path)) },
                                None => "–",
                            } }
                            td { (open_of(service)) }
                        }
                    }
                }
            }
        }
    }
}

fn strengths(narrative: &Narrative<'_>) -> Markup {
    html! {
        h2 #right { "What is already right" }
        @if narrative.strengths.is_empty() { p { "Nothing that could be decided was right everywhere." } }
        @for (category, strengths) in &narrative.strengths {
            h3 { (capitalised(category.name())) }
            ul {
                @for strength in strengths {
                    li {
                        strong { (strength.topic) } " " span.id { (strength.id) }
                        ul {
                            @for (evidence, places) in strength.evidence.iter().take(MAX_EVIDENCE) {
                                li { (prose(evidence)) (places_of(places)) }
                            }
                            @let more = strength.evidence.len().saturating_sub(MAX_EVIDENCE);
                            @if more > 0 { li { "and " (more) " more" } }
                        }
                    }
                }
            }
        }
    }
}

fn places_of(places: &[Place<'_>]) -> Markup {
    let shown: Vec<_> = places
        .iter()
        .filter(|place| place.service.is_some() || place.at.is_some())
        .collect();
    html! {
        @if !shown.is_empty() {
            " ("
            @for (number, place) in shown.iter().take(MAX_PLACES).enumerate() {
                @if number > 0 { ", " }
                @if let Some(service) = place.service { code { (seen(service)) } }
                @if place.service.is_some() && place.at.is_some() { " in " }
                @if let Some((path, line)) = place.at { code { (seen(path)) ":" (line) } }
            }
            @if shown.len() > MAX_PLACES { " and " (shown.len() - MAX_PLACES) " more" }
            ")"
        }
    }
}

fn findings(narrative: &Narrative<'_>) -> Markup {
    html! {
        h2 #findings { "Findings" }
        @if narrative.groups.is_empty() { p { "None is open." } }
        @for severity in Severity::ALL {
            @if narrative.groups.iter().any(|group| group.severity == severity) {
                h3 { (heading(severity)) }
            }
            @for one in narrative.groups.iter().filter(|group| group.severity == severity) {
                (group(one))
            }
        }
    }
}

fn group(group: &Group<'_>) -> Markup {
    let fixes = group.fixes();
    html! {
        article.(group.severity.name()) id=(group.label) {
            h4 { span.label { (group.label) } " " (group.title) }
            p.facts { span.id { (group.id) } " · " (certainty(group)) }
            @for (number, finding) in group.findings.iter().enumerate() {
                p.place {
                    code { (seen(&finding.path)) ":" (finding.line) ":" (finding.column) }
                    @if let Some(service) = &finding.service { " (" code { (seen(service)) } ")" }
                    ": " (prose(finding.evidence.as_str()))
                }
                @if number < MAX_FRAMES { (frame(&finding.frame)) }
            }
            p { strong { "Risk. " } (prose(group.impact)) }
            @for (fix, places) in &fixes {
                p {
                    strong { "Fix" @if fixes.len() > 1 { " (" (super::prose::count(*places, "place")) ")" } ". " }
                    (prose(fix))
                }
            }
            @for diff in group.findings.iter().filter_map(|finding| finding.diff.as_ref()).take(MAX_FRAMES) {
                pre.diff {
                    @for line in diff.lines() {
                        @let class = match line.chars().next() {
                            Some('+') => "added",
                            Some('-') => "removed",
                            _ => "same",
                        };
                        span.(class) { (seen(line)) "\n" }
                    }
                }
            }
        }
    }
}

fn frame(frame: &Frame) -> Markup {
    html! {
        @if !frame.is_empty() {
            pre {
                @for line in &frame.lines {
                    @let class = if line.marked { "marked" } else { "same" };
                    span.(class) { span.number { (format!("{:>5} ", line.number)) } (line.text.as_str()) "\n" }
                }
            }
        }
    }
}

fn scorecard(narrative: &Narrative<'_>) -> Markup {
    let report = narrative.report;
    html! {
        h2 #scorecard { "Scorecard" }
        table.numbers {
            thead { tr { th { "Category" } th { "Score" } th {} th { "Decided" } th { "Right" } th { "Wrong" } th { "Not decided" } } }
            tbody {
                @for row in &narrative.scorecard {
                    tr {
                        td { (capitalised(row.category.name())) }
                        td { (percent(row.score)) }
                        td { @if let Some(value) = row.score.percent { meter min="0" max="100" low="50" high="80" optimum="100" value=(value) { (value) } } }
                        td { (row.score.coverage) " %" }
                        td { (row.passed) }
                        td { (row.findings) }
                        td { (row.unknown) }
                    }
                }
            }
            tfoot { tr { th { "All" } th { (percent(report.score)) } th {} th { (report.score.coverage) " %" } th { (report.passed.len()) } th { (report.findings.len()) } th { (report.unknown.len()) } } }
        }
        p { "The score is the share of kept promises, weighted by severity (critical 10, high 7.5, medium 5, low 2.5). What is not decided counts neither way: read the score together with the column “Decided”." }
    }
}

fn actions(narrative: &Narrative<'_>) -> Markup {
    html! {
        h2 #plan { "Action plan" }
        @for (horizon, actions) in &narrative.actions {
            h3 { (horizon.heading()) }
            @if actions.is_empty() { p { "Nothing." } }
            ul.boxes {
                @for action in actions {
                    li {
                        a href=(format!("#{}", action.label)) { (action.label) } " "
                        strong { (action.title) } ": " (prose(&action.text)) " (" (prose(&action.extent)) ")."
                        @if action.look_first { " Look at it first: the evidence alone does not decide." }
                    }
                }
            }
        }
    }
}

fn checklist(narrative: &Narrative<'_>) -> Markup {
    html! {
        h2 #checklist { "Readiness checklist" }
        @for (category, items) in &narrative.checklist {
            h3 { (capitalised(category.name())) }
            ul.checklist {
                @for item in items {
                    li.(class_of(item.state)) {
                        span.id { (item.id) } " " (item.sentence) ": "
                        strong { (words_of(item.state).1.trim_matches('*')) }
                        " (" (item.basis)
                        @if !item.labels.is_empty() {
                            "; see "
                            @for (number, label) in item.labels.iter().enumerate() {
                                @if number > 0 { ", " }
                                a href=(format!("#{label}")) { (label) }
                            }
                        }
                        ")"
                    }
                }
            }
        }
        h3 { "To be answered by a person: no file shows it" }
        ul.checklist { @for item in BY_HAND { li.unknown { (item) } } }
    }
}

const fn class_of(state: State) -> &'static str {
    match state {
        State::Kept => "kept",
        State::PartlyKept => "partly",
        State::Broken => "broken",
        State::NotShown | State::Unknown => "unknown",
    }
}

fn judged(report: &Report) -> Markup {
    let any = !report.suppressed.is_empty()
        || !report.switched_off.is_empty()
        || !report.notices.is_empty();
    html! {
        @if any {
            h2 { "Suppressed" }
            ul {
                @for judged in &report.suppressed {
                    li {
                        (judged.finding.severity.name()) " " span.id { (judged.finding.id) } " at "
                        code { (seen(&judged.finding.path)) ":" (judged.finding.line) }
                        ": " (judged.reason.as_str()) " (said at " code { (seen(&judged.place)) }
                        @if let Some(until) = judged.until { " until " (until.to_string()) }
                        ")"
                    }
                }
                @for off in &report.switched_off {
                    li { span.id { (off.id) } " is switched off everywhere: " (off.reason.as_str()) }
                }
                @for notice in &report.notices {
                    li { code { (seen(&notice.place)) } ": " (prose(notice.text.as_str())) }
                }
            }
        }
    }
}

fn baseline(report: &Report) -> Markup {
    html! {
        @if let Some(comparison) = &report.comparison {
            h2 { "Against the baseline" }
            ul {
                @for finding in report.findings.iter().filter(|finding| comparison.new.contains(&finding.fingerprint)) {
                    li { "new: " span.id { (finding.id) } " in " code { (seen(&finding.path)) } ": " (finding.title) }
                }
                @for (word, entries) in [("fixed", &comparison.fixed), ("gone, without proof that it is fixed", &comparison.undecided)] {
                    @for entry in entries {
                        li { (word) ": " span.id { (seen(&entry.id)) } " in " code { (seen(&entry.path)) } ": " (seen(&entry.title)) }
                    }
                }
                li { (comparison.remaining.len()) " remaining" }
            }
        }
    }
}

fn open_questions(narrative: &Narrative<'_>) -> Markup {
    html! {
        @if !narrative.unknown.is_empty() {
            h2 #open { "What could not be decided" }
            p { "Neither right nor wrong: what stands here was not guessed." }
            ul {
                @for (unknown, services) in &narrative.unknown {
                    li {
                        span.id { (unknown.id) }
                        @if !services.is_empty() {
                            " ("
                            @for (number, service) in services.iter().take(MAX_PLACES).enumerate() {
                                @if number > 0 { ", " }
                                code { (seen(service)) }
                            }
                            @if services.len() > MAX_PLACES { " and " (services.len() - MAX_PLACES) " more" }
                            ")"
                        }
                        ": " (prose(unknown.reason.as_str()))
                    }
                }
            }
        }
    }
}

fn how(report: &Report) -> Markup {
    html! {
        h2 { "How this report was made" }
        p {
            "By " code { "seaworthy audit" } " " (env!("CARGO_PKG_VERSION"))
            " from files alone: nothing was run and nobody was asked. Line numbers are those of the audited commit. "
            code { "seaworthy audit explain ID" } " explains a rule."
        }
        ul {
            @for left_out in &report.left_out {
                li {
                    "Not read: " (super::prose::count(left_out.count, "file")) " " (left_out.reason)
                    ", the first is " code { (seen(&left_out.example)) }
                }
            }
            @for reason in &report.incomplete { li { "Incomplete: " (prose(reason)) } }
        }
    }
}

#[cfg(test)]
mod tests;
