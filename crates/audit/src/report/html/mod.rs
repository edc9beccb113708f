//! The document of [`super::markdown`] as one HTML file. It has no script and loads nothing.
//!
//! `maud` escapes all text. Only the style sheet is inserted as it is.

mod appendix;
mod findings;
mod plan;
mod services;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use self::appendix::{baseline, changes, how, not_verified, suppressed};
use self::findings::{findings, places_of};
use self::plan::{checklist, plan, risks, scorecard};
use self::services::services;
use super::markdown::{MAX_EVIDENCE, capitalised};
use super::narrative::Narrative;
use super::prose::{Piece, not_audited as heading_of, pieces, without_long_digests};
use super::{Report, Score, Verdict};
use crate::rule::Severity;
use crate::source::printable;

const STYLE: &str = include_str!("style.css");
/// The `Content-Security-Policy` of the file: it forbids loading and running anything.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The report as one HTML file that needs nothing else.
#[must_use]
pub fn html(report: &Report) -> String {
    let narrative = Narrative::of(report);
    let title = format!("Production readiness of {}", printable(&report.repository));
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
                header { h1 { (title) } (not_audited(report)) (verdict(&narrative)) }
                (contents(report))
                main {
                    (changes(report))
                    (scorecard(&narrative))
                    (risks(&narrative))
                    (plan(&narrative))
                    (services(&narrative))
                    (findings(&narrative))
                    (checklist(&narrative))
                    (strengths(&narrative))
                    (not_verified(&narrative))
                    (suppressed(report))
                    (baseline(report))
                    (how(report))
                }
            }
        }
    }
    .into_string()
        + "\n"
}

fn printable(text: &str) -> String {
    printable::lines(text)
}

/// A sentence of a rule, with code between backticks.
fn prose(sentence: &str) -> Markup {
    let sentence = without_long_digests(sentence);
    html! {
        @for piece in pieces(&sentence) {
            @match piece {
                Piece::Text(words) => (printable(words)),
                Piece::Code(words) => code { (printable(words)) },
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
        Verdict::ReadyWithConditions | Verdict::Undecided | Verdict::PartlyAudited => "conditions",
        Verdict::NotReady => "not-ready",
    };
    html! {
        section.verdict.(class) {
            p.answer { (capitalised(report.verdict.sentence())) }
            h2.summary { "Executive summary" }
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
                @if report.reviews() > 0 { div.review { dt { "To review" } dd { (report.reviews()) } } }
            }
        }
    }
}

/// Renders the services that were not audited, before everything else.
fn not_audited(report: &Report) -> Markup {
    html! {
        @if !report.not_audited.is_empty() {
            section.not-audited {
                p.answer { (heading_of(report.not_audited.len())) }
                ul {
                    @for service in &report.not_audited {
                        li {
                            code { (printable(&service.name)) } " ("
                            code { (printable(&service.path)) ":" (service.line) } "): "
                            (prose(&service.reason))
                        }
                    }
                }
            }
        }
    }
}

fn contents(report: &Report) -> Markup {
    html! {
        nav {
            @if report.changes.is_some() { a href="#changes" { "Changes" } }
            a href="#scorecard" { "Scorecard" }
            a href="#plan" { "Remediation plan" }
            @if !report.services.is_empty() { a href="#services" { "Services" } }
            a href="#findings" { "Findings" }
            @if report.reviews() > 0 { a href="#review" { "To review" } }
            a href="#checklist" { "Checklist" }
            a href="#right" { "Verified" }
            a href="#open" { "Not verified" }
        }
    }
}

fn strengths(narrative: &Narrative<'_>) -> Markup {
    html! {
        h2 #right { "What was verified" }
        p { "Each of these checks passed in every service that it names. The place shows the evidence." }
        @if narrative.strengths.is_empty() { p { "No check passed in all services." } }
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

#[cfg(test)]
mod tests;
