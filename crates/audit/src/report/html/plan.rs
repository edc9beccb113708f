//! The scorecard, the top risks, the remediation plan and the checklist.

use maud::{Markup, html};

use super::{percent, prose};
use crate::report::markdown::{EFFORT_NOTE, SCORE_NOTE, capitalised, state as words_of};
use crate::report::narrative::{Narrative, State};

pub(super) fn scorecard(narrative: &Narrative<'_>) -> Markup {
    let report = narrative.report;
    html! {
        h2 #scorecard { "Scorecard" }
        table.numbers {
            thead { tr { th { "Category" } th { "Score" } th {} th { "Decided" } th { "Passed" } th { "Failed" } th { "To review" } th { "Undecided" } } }
            tbody {
                @for row in &narrative.scorecard {
                    tr {
                        td { (capitalised(row.category.name())) }
                        td { (percent(row.score)) }
                        td { @if let Some(value) = row.score.percent { meter min="0" max="100" low="50" high="80" optimum="100" value=(value) { (value) } } }
                        td { (row.score.coverage) " %" }
                        td { (row.passed) }
                        td { (row.findings) }
                        td { (row.reviews) }
                        td { (row.unknown) }
                    }
                }
            }
            tfoot { tr { th { "All" } th { (percent(report.score)) } th {} th { (report.score.coverage) " %" } th { (report.passed.len()) } th { (report.certain()) } th { (report.reviews()) } th { (report.unknown.len()) } } }
        }
        p { (SCORE_NOTE) }
    }
}

pub(super) fn risks(narrative: &Narrative<'_>) -> Markup {
    html! {
        @if !narrative.risks.is_empty() {
            h2 #risks { "Top risks" }
            table.risks {
                thead { tr { th { "Risk" } th { "Severity" } th { "Impact on the business" } th { "Extent" } th { "Effort" } } }
                tbody {
                    @for risk in &narrative.risks {
                        tr.(risk.severity.name()) {
                            td { a href=(format!("#{}", risk.label)) { (risk.label) } " " strong { (risk.title) } }
                            td { span.label { (capitalised(risk.severity.name())) } }
                            td { (risk.impact) }
                            td { (prose(&risk.extent)) }
                            td.effort { (risk.effort.to_string()) }
                        }
                    }
                }
            }
        }
    }
}

pub(super) fn plan(narrative: &Narrative<'_>) -> Markup {
    html! {
        h2 #plan { "Remediation plan" }
        p { (EFFORT_NOTE) }
        @for stage in &narrative.plan {
            h3 {
                (stage.horizon.heading())
                @if !stage.actions.is_empty() { " (" (stage.effort.to_string()) ")" }
            }
            @if stage.actions.is_empty() { p { "Nothing." } }
            ol.boxes {
                @for action in &stage.actions {
                    li {
                        a href=(format!("#{}", action.label)) { (action.label) } " "
                        strong { (action.title) } ": " (prose(&action.text))
                        " (" (prose(&action.extent)) ", " (action.effort.to_string()) ")."
                    }
                }
            }
        }
    }
}

pub(super) fn checklist(narrative: &Narrative<'_>) -> Markup {
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
                            ", see "
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
    }
}

const fn class_of(state: State) -> &'static str {
    match state {
        State::Kept => "kept",
        State::PartlyKept => "partly",
        State::Broken => "broken",
        State::Review | State::NotShown | State::Unknown => "unknown",
    }
}
