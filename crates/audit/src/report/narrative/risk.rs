//! The most important risks, in the language of the business.

use super::Group;
use super::effort::Effort;
use crate::report::Section;
use crate::rule::{Category, Severity};

/// Maximum number of risks in the table. The rest is in the remediation plan.
const MAX_RISKS: usize = 5;

/// Sentences for requirements whose consequence differs from that of their category.
const BY_PROMISE: &[(&str, &str)] = &[
    (
        "AUTH-1",
        "An attacker acts as another customer or as an administrator.",
    ),
    (
        "AUTH-2",
        "Customer accounts can be taken over, and stolen password lists can be used elsewhere.",
    ),
    (
        "CONF-5",
        "Everyone who can read the repository can use the credential against production systems.",
    ),
    (
        "DATA-6",
        "Customer data is lost for good when a container or a disk fails.",
    ),
    (
        "SEC-7",
        "Everyone who can read the repository can use the credential against production systems.",
    ),
    (
        "SHIP-2",
        "An attacker reaches a database, a broker or the container engine directly.",
    ),
    (
        "SHIP-1",
        "A deployment fails, or an attacker who breaks into one container gains more than that container.",
    ),
];

const fn of_category(category: Category) -> &'static str {
    match category {
        Category::Configuration => {
            "A deployment runs with wrong or development settings, and customers see the result."
        }
        Category::Lifecycle => {
            "Customers see failed requests at each deployment, restart or scale-down."
        }
        Category::Health => {
            "The platform sends traffic to broken replicas or restarts healthy ones, so outages last longer."
        }
        Category::Observability => {
            "The team learns of an outage from customers and needs longer to find the cause."
        }
        Category::Resilience => {
            "One slow dependency or one aggressive client stops the service for all customers."
        }
        Category::Data => {
            "Customer data is lost, inconsistent, or unavailable while a database recovers."
        }
        Category::Messaging => {
            "Work that depends on messages, such as orders or mails, is lost or done twice."
        }
        Category::Security => {
            "An attacker reads or changes data, and the company has to inform customers and authorities."
        }
        Category::Contracts => {
            "Clients break or receive internal details, which costs support time and helps attackers."
        }
        Category::Operations => {
            "A deployment or a recovery fails, or one fault spreads to other services of the same host."
        }
    }
}

#[derive(Debug)]
pub(in crate::report) struct Risk {
    /// The group of findings that shows it.
    pub(in crate::report) label: String,
    pub(in crate::report) severity: Severity,
    /// The problem.
    pub(in crate::report) title: &'static str,
    /// The consequence for the business.
    pub(in crate::report) impact: &'static str,
    /// How many places, in which services.
    pub(in crate::report) extent: String,
    /// The time to fix it.
    pub(in crate::report) effort: Effort,
}

/// The worst certain groups above low.
pub(super) fn risks(groups: &[Group<'_>]) -> Vec<Risk> {
    groups
        .iter()
        .filter(
            |group| matches!(group.section, Section::Certain(severity) if severity > Severity::Low),
        )
        .take(MAX_RISKS)
        .map(|group| Risk {
            label: group.label.clone(),
            severity: group.severity,
            title: group.title,
            impact: BY_PROMISE
                .iter()
                .find(|(id, _)| *id == group.requirement())
                .map_or_else(|| of_category(group.category()), |(_, sentence)| sentence),
            extent: super::action::extent(group),
            effort: group.effort(),
        })
        .collect()
}
