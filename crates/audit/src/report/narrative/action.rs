//! The remediation plan.

use super::Group;
use super::effort::Effort;
use crate::report::Section;
use crate::report::prose::{count, first_sentence, list};
use crate::rule::Severity;

/// By when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Horizon {
    /// Critical.
    BeforeProduction,
    /// High.
    Week,
    /// Medium and low.
    Month,
    /// Likely findings, which a person verifies first.
    Review,
}

impl Horizon {
    const ALL: [Self; 4] = [
        Self::BeforeProduction,
        Self::Week,
        Self::Month,
        Self::Review,
    ];

    /// Returns the heading of the horizon in the report.
    pub(in crate::report) const fn heading(self) -> &'static str {
        match self {
            Self::BeforeProduction => "Before production",
            Self::Week => "Within a week",
            Self::Month => "Within a month",
            Self::Review => "Verify, then decide",
        }
    }

    const fn of(section: Section) -> Option<Self> {
        match section {
            Section::Certain(Severity::Critical) => Some(Self::BeforeProduction),
            Section::Certain(Severity::High) => Some(Self::Week),
            Section::Certain(Severity::Medium | Severity::Low) => Some(Self::Month),
            Section::Review => Some(Self::Review),
            Section::Certain(Severity::Info) | Section::Note => None,
        }
    }
}

/// The actions of one horizon.
#[derive(Debug)]
pub(in crate::report) struct Stage {
    /// By when.
    pub(in crate::report) horizon: Horizon,
    /// What to do, in order.
    pub(in crate::report) actions: Vec<Action>,
    /// The time for all of it.
    pub(in crate::report) effort: Effort,
}

/// A task for the team.
#[derive(Debug)]
pub(in crate::report) struct Action {
    /// The group of findings that it ends.
    pub(in crate::report) label: String,
    /// The problem.
    pub(in crate::report) title: &'static str,
    /// The fix.
    pub(in crate::report) text: String,
    /// The number of places, and their services.
    pub(in crate::report) extent: String,
    /// The time it takes.
    pub(in crate::report) effort: Effort,
}

/// Maximum number of services that an action names. The rest is only counted.
const MAX_SERVICES: usize = 4;

/// Every horizon with its actions. Of equal severity the quickest comes first.
pub(super) fn plan(groups: &[Group<'_>]) -> Vec<Stage> {
    Horizon::ALL
        .into_iter()
        .map(|horizon| {
            let mut mine: Vec<&Group<'_>> = groups
                .iter()
                .filter(|group| Horizon::of(group.section) == Some(horizon))
                .collect();
            mine.sort_by_key(|group| (std::cmp::Reverse(group.severity), group.effort()));
            Stage {
                horizon,
                effort: Effort::sum(mine.iter().map(|group| group.effort())),
                actions: mine.into_iter().map(action).collect(),
            }
        })
        .collect()
}

fn action(group: &Group<'_>) -> Action {
    let fix = group
        .fixes()
        .into_iter()
        .max_by_key(|(_, places)| *places)
        .map(|(text, _)| text)
        .unwrap_or_default();
    Action {
        label: group.label.clone(),
        title: group.title,
        text: first_sentence(fix).to_owned(),
        extent: extent(group),
        effort: group.effort(),
    }
}

/// `3 places in `api` and `worker``.
pub(super) fn extent(group: &Group<'_>) -> String {
    let services: Vec<String> = group
        .services()
        .into_iter()
        .map(|service| format!("`{}`", service.replace('`', "'")))
        .collect();
    let mut extent = count(group.findings.len(), "place");
    if let Some((shown, more)) = services
        .split_at_checked(MAX_SERVICES)
        .filter(|(_, more)| !more.is_empty())
    {
        extent.push_str(&format!(
            " in {} and {}",
            shown.join(", "),
            count(more.len(), "other service")
        ));
    } else if !services.is_empty() {
        extent.push_str(&format!(" in {}", list(&services)));
    }
    extent
}
