//! The action plan.

use super::Group;
use crate::report::prose::{count, first_sentence, list};
use crate::rule::{Confidence, Severity};

/// By when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Horizon {
    /// Critical.
    BeforeProduction,
    /// High.
    Week,
    /// Medium and low.
    Month,
}

impl Horizon {
    const ALL: [Self; 3] = [Self::BeforeProduction, Self::Week, Self::Month];

    /// For people.
    pub(in crate::report) const fn heading(self) -> &'static str {
        match self {
            Self::BeforeProduction => "Before production",
            Self::Week => "Within a week",
            Self::Month => "Within a month",
        }
    }

    const fn of(severity: Severity) -> Option<Self> {
        match severity {
            Severity::Critical => Some(Self::BeforeProduction),
            Severity::High => Some(Self::Week),
            Severity::Medium | Severity::Low => Some(Self::Month),
            Severity::Info => None,
        }
    }
}

/// One thing to do.
#[derive(Debug)]
pub(in crate::report) struct Action {
    /// The group of findings that it ends.
    pub(in crate::report) label: String,
    /// The problem.
    pub(in crate::report) title: &'static str,
    /// The fix.
    pub(in crate::report) text: String,
    /// How much there is of it, and where.
    pub(in crate::report) extent: String,
    /// Whether a person should look first, because the evidence alone does not decide.
    pub(in crate::report) look_first: bool,
}

/// Services named before the rest is counted.
const MAX_SERVICES: usize = 4;

/// Every horizon, with what belongs to it; quick things come first where the severity is the same.
pub(super) fn actions(groups: &[Group<'_>]) -> Vec<(Horizon, Vec<Action>)> {
    Horizon::ALL
        .into_iter()
        .map(|horizon| {
            let actions = groups
                .iter()
                .filter(|group| Horizon::of(group.severity) == Some(horizon))
                .map(action)
                .collect();
            (horizon, actions)
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
    Action {
        label: group.label.clone(),
        title: group.title,
        text: first_sentence(fix).to_owned(),
        extent,
        look_first: group.confidence() == Some(Confidence::Low),
    }
}
