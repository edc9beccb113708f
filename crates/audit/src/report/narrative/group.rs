//! Findings of one rule in one section of the report: reported once, with all their places.

use super::effort::Effort;
use crate::report::{Finding, Section};
use crate::rule::{Category, Confidence, Severity};

/// Findings of one rule in one section.
#[derive(Debug)]
pub(in crate::report) struct Group<'r> {
    /// How the text refers to it: `C1`, `H2`, `R1`.
    pub(in crate::report) label: String,
    pub(in crate::report) section: Section,
    /// The highest severity of its places. In a section of a severity all have this one.
    pub(in crate::report) severity: Severity,
    /// The ID of the rule.
    pub(in crate::report) id: &'static str,
    /// The problem.
    pub(in crate::report) title: &'static str,
    /// The consequence.
    pub(in crate::report) impact: &'static str,
    /// The places, by confidence.
    pub(in crate::report) findings: Vec<&'r Finding>,
}

impl<'r> Group<'r> {
    /// The fixes in order, each with the number of places that it is for.
    pub(in crate::report) fn fixes(&self) -> Vec<(&'r str, usize)> {
        let mut fixes: Vec<(&str, usize)> = Vec::new();
        for finding in &self.findings {
            match fixes
                .iter_mut()
                .find(|(text, _)| *text == finding.fix.as_str())
            {
                Some((_, count)) => *count += 1,
                None => fixes.push((finding.fix.as_str(), 1)),
            }
        }
        fixes
    }

    /// The services that it is about, sorted.
    pub(in crate::report) fn services(&self) -> Vec<&'r str> {
        let mut services: Vec<_> = self
            .findings
            .iter()
            .filter_map(|finding| finding.service.as_deref())
            .collect();
        services.sort_unstable();
        services.dedup();
        services
    }

    /// The requirement of its rule.
    pub(in crate::report) fn requirement(&self) -> &'static str {
        self.id.split('.').next().unwrap_or(self.id)
    }

    /// The category of its rule.
    pub(in crate::report) fn category(&self) -> Category {
        self.findings
            .first()
            .map_or(Category::Operations, |finding| finding.category)
    }

    /// The time to fix all its places.
    pub(in crate::report) fn effort(&self) -> Effort {
        Effort::of(
            self.requirement(),
            self.category(),
            self.findings.len(),
            self.findings.iter().all(|finding| finding.diff.is_some()),
        )
    }

    /// The highest confidence of its places.
    pub(in crate::report) fn confidence(&self) -> Option<Confidence> {
        self.findings.iter().map(|finding| finding.confidence).max()
    }
}

/// Returns the groups by section. Groups of equal severity are sorted by confidence, then by number
/// of places.
pub(super) fn groups(findings: &[Finding]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for finding in findings {
        match groups
            .iter_mut()
            .find(|group| group.id == finding.id && group.section == finding.section())
        {
            Some(group) => {
                group.severity = group.severity.max(finding.severity);
                group.findings.push(finding);
            }
            None => groups.push(Group {
                label: String::new(),
                section: finding.section(),
                severity: finding.severity,
                id: finding.id,
                title: finding.title,
                impact: finding.impact,
                findings: vec![finding],
            }),
        }
    }
    groups.sort_by(|left, right| {
        (
            right.section,
            right.severity,
            right.confidence(),
            right.findings.len(),
            left.id,
        )
            .cmp(&(
                left.section,
                left.severity,
                left.confidence(),
                left.findings.len(),
                right.id,
            ))
    });
    let mut numbers = std::collections::BTreeMap::<Section, usize>::new();
    for group in &mut groups {
        let number = numbers.entry(group.section).or_default();
        *number += 1;
        group.label = format!("{}{number}", letter(group.section));
        group
            .findings
            .sort_by_key(|finding| std::cmp::Reverse(finding.confidence));
    }
    groups
}

const fn letter(section: Section) -> char {
    match section {
        Section::Certain(Severity::Critical) => 'C',
        Section::Certain(Severity::High) => 'H',
        Section::Certain(Severity::Medium) => 'M',
        Section::Certain(Severity::Low | Severity::Info) => 'L',
        Section::Review => 'R',
        Section::Note => 'I',
    }
}
