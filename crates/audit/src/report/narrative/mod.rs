//! The prose of a report, shared by Markdown and HTML.

mod action;
mod checklist;
mod effort;
mod group;
mod matrix;
mod risk;
mod scorecard;
mod strength;
mod summary;

pub(super) use action::Stage;
pub(super) use checklist::{ChecklistItem, State};
pub(super) use group::Group;
pub(super) use matrix::Matrix;
pub(super) use risk::Risk;
pub(super) use scorecard::ScorecardRow;
pub(super) use strength::{Place, Strength};
pub(super) use summary::changes_of;

use super::{Report, Unknown};
use crate::rule::Category;

/// The text of a report, in chapters.
#[derive(Debug)]
pub(super) struct Narrative<'r> {
    /// The report itself.
    pub(super) report: &'r Report,
    /// The reasons for the verdict, one per sentence.
    pub(super) summary: Vec<String>,
    /// Passed, by category.
    pub(super) strengths: Vec<(Category, Vec<Strength<'r>>)>,
    /// The findings, most severe first.
    pub(super) groups: Vec<Group<'r>>,
    /// Points by category.
    pub(super) scorecard: Vec<ScorecardRow>,
    /// The worst risks.
    pub(super) risks: Vec<Risk>,
    /// The remediation plan.
    pub(super) plan: Vec<Stage>,
    /// Services by category.
    pub(super) matrix: Matrix<'r>,
    /// The requirements, by category.
    pub(super) checklist: Vec<(Category, Vec<ChecklistItem>)>,
    /// Undecided checks: one outcome of a rule, and its services.
    pub(super) unknown: Vec<(&'r Unknown, Vec<&'r str>)>,
}

impl<'r> Narrative<'r> {
    pub(super) fn of(report: &'r Report) -> Self {
        let groups = group::groups(&report.findings);
        Self {
            report,
            summary: summary::summary(report, &groups),
            strengths: strength::strengths(report),
            scorecard: scorecard::scorecard(report),
            risks: risk::risks(&groups),
            plan: action::plan(&groups),
            matrix: matrix::matrix(report),
            checklist: checklist::checklist(report, &groups),
            unknown: unknown(&report.unknown),
            groups,
        }
    }
}

fn unknown(all: &[Unknown]) -> Vec<(&Unknown, Vec<&str>)> {
    let mut together: Vec<(&Unknown, Vec<&str>)> = Vec::new();
    for unknown in all {
        let same = together
            .iter_mut()
            .find(|(first, _)| first.id == unknown.id && first.reason == unknown.reason);
        let service = unknown.service.as_deref();
        match same {
            Some((_, services)) => {
                services.extend(service);
                services.dedup();
            }
            None => together.push((unknown, service.into_iter().collect())),
        }
    }
    together
}
