//! The severity of findings to review.

use super::{Breach, Metadata, Severity};
use crate::report::Finding;

/// Maximum severity of a finding that needs a review. It also limits a severity of the rule or of
/// the configuration.
const MAX_REVIEW_SEVERITY: Severity = Severity::Medium;

/// The severity of a finding, with the bound for findings to review.
pub(super) fn bounded(finding: &Finding) -> Severity {
    if finding.is_review() {
        finding.severity.min(MAX_REVIEW_SEVERITY)
    } else {
        finding.severity
    }
}

/// Chapters of requirements that scripts in a browser have too.
const ABOUT_PAGES: &[&str] = &["CONF", "OBS", "SEC", "SHIP", "FLAG"];

/// Whether a requirement is about programs that serve. In a browser, its breach costs less.
pub(super) fn is_about_servers(rule: &Metadata) -> bool {
    let requirement = rule.requirement();
    let chapter = requirement.split('-').next().unwrap_or_default();
    !ABOUT_PAGES.contains(&chapter) && requirement != "AUTH-1"
}

/// The severity of a breach without the configuration.
pub(super) fn default_severity(breach: &Breach, of_rule: Severity) -> Severity {
    let severity = breach.severity.unwrap_or(of_rule);
    if breach.is_guess {
        severity.min(Severity::Low)
    } else {
        severity
    }
}

#[cfg(test)]
mod tests {
    use super::{bounded, default_severity};
    use crate::report::sample;
    use crate::repository::Role;
    use crate::rule::{Breach, Confidence, Outcome, Severity, guesses};
    use crate::source::Location;

    #[test]
    fn likely_findings_are_at_most_medium() {
        let mut finding = sample::report(false).findings.remove(0);
        finding.severity = Severity::Critical;
        finding.confidence = Confidence::Medium;
        assert_eq!(bounded(&finding), Severity::Critical);
        finding.confidence = Confidence::Low;
        assert_eq!(bounded(&finding), Severity::Medium);
        finding.severity = Severity::Low;
        assert_eq!(bounded(&finding), Severity::Low);
    }

    #[test]
    fn guess_is_at_most_low_and_certain_breach_is_not_a_guess() {
        let at = Location {
            path: "src/orders.ts".into(),
            span: 0..1,
            line: 1,
            column: 1,
            symbol: None,
            role: Role::Production,
        };
        let severity = |outcome: &Outcome, of_rule| match outcome {
            Outcome::Breach(breach) => default_severity(breach, of_rule),
            _ => unreachable!(),
        };
        let review = Breach::review(at.clone(), "a place").severity(Severity::High);
        let certain = Breach::new(at.clone(), Confidence::Medium, "another place");
        let outcomes = guesses(vec![review.into(), certain.into()]);
        assert_eq!(severity(&outcomes[0], Severity::High), Severity::Low);
        assert_eq!(severity(&outcomes[1], Severity::High), Severity::High);
        let note = Breach::guess(at, "a note");
        assert_eq!(default_severity(&note, Severity::Info), Severity::Info);
    }
}
