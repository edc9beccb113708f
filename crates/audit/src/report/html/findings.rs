//! The findings: by severity, then by rule, each with its places.

use maud::{Markup, html};

use super::{printable, prose};
use crate::report::markdown::{
    MAX_FRAMES, MAX_PLACES, MAX_RELATED_SHOWN, REVIEW_NOTE, facts, heading,
};
use crate::report::narrative::{Group, Narrative, Place};
use crate::report::{Frame, Section};

pub(super) fn places_of(places: &[Place<'_>]) -> Markup {
    let shown: Vec<_> = places
        .iter()
        .filter(|place| place.service.is_some() || place.at.is_some())
        .collect();
    html! {
        @if !shown.is_empty() {
            " ("
            @for (number, place) in shown.iter().take(MAX_PLACES).enumerate() {
                @if number > 0 { ", " }
                @if let Some(service) = place.service { code { (printable(service)) } }
                @if place.service.is_some() && place.at.is_some() { " in " }
                @if let Some((path, line)) = place.at { code { (printable(path)) ":" (line) } }
            }
            @if shown.len() > MAX_PLACES { " and " (shown.len() - MAX_PLACES) " more" }
            ")"
        }
    }
}

pub(super) fn findings(narrative: &Narrative<'_>) -> Markup {
    html! {
        h2 #findings { "Findings" }
        @if narrative.groups.iter().all(|group| group.section == Section::Review) {
            p { "No open findings." }
        }
        @for section in Section::ALL.into_iter().filter(|section| *section != Section::Review) {
            (of_section(narrative, section))
        }
        @if narrative.groups.iter().any(|group| group.section == Section::Review) {
            h2 #review { "To review" }
            p { (REVIEW_NOTE) }
            @for one in narrative.groups.iter().filter(|group| group.section == Section::Review) {
                (group(one))
            }
        }
    }
}

fn of_section(narrative: &Narrative<'_>, section: Section) -> Markup {
    let mut groups = narrative
        .groups
        .iter()
        .filter(|group| group.section == section)
        .peekable();
    html! {
        @if groups.peek().is_some() { h3 { (heading(section)) } }
        @for one in groups { (group(one)) }
    }
}

fn group(group: &Group<'_>) -> Markup {
    let fixes = group.fixes();
    html! {
        article.(class_of(group)) id=(group.label) {
            h4 { span.label { (group.label) } " " (group.title) }
            p.facts { span.id { (group.id) } " · " (facts(group)) }
            @for (number, finding) in group.findings.iter().enumerate() {
                p.place {
                    code { (printable(&finding.path)) ":" (finding.line) ":" (finding.column) }
                    @if let Some(service) = &finding.service { " (" code { (printable(service)) } ")" }
                    ": " (prose(finding.evidence.as_str()))
                }
                @if !finding.related.is_empty() {
                    @let related = finding.related_places(MAX_RELATED_SHOWN);
                    p.facts {
                        "Also at "
                        @for (at, place) in related.shown.iter().enumerate() {
                            @if at > 0 { ", " }
                            code { (printable(place)) }
                        }
                        (related.more()) "."
                    }
                }
                @if number < MAX_FRAMES { (frame(&finding.frame)) }
            }
            p { strong { "Risk. " } (prose(group.impact)) }
            @for (fix, places) in &fixes {
                p {
                    strong { "Fix" @if fixes.len() > 1 { " (" (crate::report::prose::count(*places, "place")) ")" } ". " }
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
                        span.(class) { (printable(line)) "\n" }
                    }
                }
            }
        }
    }
}

fn class_of(group: &Group<'_>) -> &'static str {
    match group.section {
        Section::Review => "review",
        _ => group.severity.name(),
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
