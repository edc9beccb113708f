//! Runs all rules on all services.

use rayon::prelude::*;

use super::copied_manifest::without_copies;
use super::review_severity::{bounded, default_severity, is_about_servers};
use super::{Breach, Check, Confidence, Outcome, Rule, rules};
use crate::config::{AuditConfig, RuleSetting};
use crate::model::{Model, Service};
use crate::report::{
    Finding, Findings, Frame, MAX_RELATED, Passed, RelatedPlace, SwitchedOff, Unknown, diff,
    fingerprint, frame,
};
use crate::secret::SafeText;

/// Runs all rules over a model.
pub(crate) fn run(model: &Model, config: &AuditConfig) -> Findings {
    let parts: Vec<Findings> = rules()
        .par_iter()
        .map(|rule| run_one(rule, model, config))
        .collect();
    let mut all = Findings::default();
    for part in parts {
        all.findings.extend(part.findings);
        all.passed.extend(part.passed);
        all.unknown.extend(part.unknown);
        all.switched_off.extend(part.switched_off);
        all.flooded.extend(part.flooded);
    }
    without_repeats(&mut all.findings);
    fingerprint::separate(&mut all.findings);
    all.findings.sort_by(|left, right| {
        (
            right.section(),
            right.severity,
            right.confidence,
            &left.path,
            left.line,
            left.id,
        )
            .cmp(&(
                left.section(),
                left.severity,
                left.confidence,
                &right.path,
                right.line,
                right.id,
            ))
    });
    all
}

/// Rules of broad patterns. Another finding of the requirement at the same line is more precise.
const BROAD: &[&str] = &[
    "AUTH-5.unguarded-route",
    "CONF-5.literal-credential",
    "HLTH-2.ignored-result",
    "API-1.never-called",
    "LIFE-4.shutdown-context",
    "SEC-1.encryption-off",
    "SEC-2.loose-origin",
];

/// Removes findings of broad patterns where another rule of the requirement reports the line.
fn without_repeats(findings: &mut Vec<Finding>) {
    let requirement = |id: &'static str| id.split('.').next().unwrap_or(id);
    let precise: std::collections::BTreeSet<(&str, String, usize)> = findings
        .iter()
        .filter(|finding| !BROAD.contains(&finding.id))
        .map(|finding| (requirement(finding.id), finding.path.clone(), finding.line))
        .collect();
    findings.retain(|finding| {
        !BROAD.contains(&finding.id)
            || !precise.contains(&(requirement(finding.id), finding.path.clone(), finding.line))
    });
}

/// Runs one rule over a model.
pub(crate) fn run_one(rule: &Rule, model: &Model, config: &AuditConfig) -> Findings {
    let mut found = Findings::default();
    let setting = config.rules.get(rule.metadata.id);
    if let Some(RuleSetting::Off { reason }) = setting {
        found.switched_off.push(SwitchedOff {
            id: rule.metadata.id,
            title: rule.metadata.title,
            reason: SafeText::new(reason),
        });
        return found;
    }
    let max_findings = config.limits.max_findings_per_rule;
    let mut over = 0_usize;
    let mut take = |service: Option<&Service>, outcomes: Vec<Outcome>| {
        for outcome in outcomes {
            let name = service.map(|service| service.name.clone());
            let id = rule.metadata.id;
            match outcome {
                Outcome::Breach(mut breach) => {
                    if found.findings.len() >= max_findings {
                        over += 1;
                        continue;
                    }
                    breach.is_guess |= breach.confidence == Confidence::Low
                        && is_about_servers(&rule.metadata)
                        && model.pages.contains(&breach.at.path);
                    let mut finding = finding(rule, model, service, breach);
                    if let Some(RuleSetting::Severity(severity)) = setting {
                        finding.severity = *severity;
                    }
                    let tier = finding
                        .service
                        .as_deref()
                        .map_or(config.tier, |service| config.tier_of(service));
                    finding.severity = tier.severity(finding.severity);
                    finding.severity = bounded(&finding);
                    found.findings.push(finding);
                }
                Outcome::Passed { evidence, at } => found.passed.push(Passed {
                    id,
                    service: name,
                    title: rule.metadata.title,
                    evidence: SafeText::new(evidence),
                    path: at.as_ref().map(|at| at.path.to_string()),
                    line: at.map(|at| at.line),
                }),
                Outcome::Unknown(reason) => {
                    found.unknown.push(Unknown {
                        id,
                        service: name,
                        title: rule.metadata.title,
                        reason: SafeText::new(reason),
                    });
                }
            }
        }
    };
    match rule.check {
        Check::Service(check) => {
            model
                .services
                .iter()
                .filter(|service| {
                    config
                        .tier_of(&service.name)
                        .applies(&rule.metadata, Some(service.kind))
                })
                .for_each(|service| take(Some(service), check(model, service)));
            if !model.unowned.files.is_empty() {
                let outcomes = check(model, &model.unowned);
                take(None, outcomes.into_iter().filter_map(place).collect());
            }
        }
        Check::Repository(check) => take(None, check(model)),
    }
    if over > 0 {
        found.flooded.push((rule.metadata.id, over));
    }
    // A review adds nothing beside a finding of the same rule that is certain, or beside a further
    // place of it.
    let certain: Vec<(String, usize)> = found
        .findings
        .iter()
        .filter(|finding| !finding.is_review())
        .flat_map(|finding| {
            let others = finding
                .related
                .iter()
                .map(|place| (place.path.clone(), place.line));
            std::iter::once((finding.path.clone(), finding.line)).chain(others)
        })
        .collect();
    found.findings.retain(|finding| {
        !finding.is_review()
            || !certain
                .iter()
                .any(|(path, line)| *path == finding.path && *line == finding.line)
    });
    // Two services may share a file, and two packs may read a line: the breach is reported once.
    let findings = once_per_line(std::mem::take(&mut found.findings));
    found.findings = without_copies(model, findings);
    found
}

/// One finding for each line, with the further places of all findings of the line. Of two findings
/// to review, it keeps the one of higher severity.
fn once_per_line(findings: Vec<Finding>) -> Vec<Finding> {
    let mut places = std::collections::BTreeMap::new();
    let mut kept: Vec<Finding> = Vec::with_capacity(findings.len());
    for mut finding in findings {
        let place = (finding.path.clone(), finding.line);
        let known = places.get(&place).copied();
        if let Some(first) = known.and_then(|at: usize| kept.get_mut(at)) {
            let reviews = first.is_review() && finding.is_review();
            if reviews && finding.severity > first.severity {
                std::mem::swap(first, &mut finding);
            }
            for related in finding.related {
                if first.related.len() < MAX_RELATED && !first.related.contains(&related) {
                    first.related.push(related);
                }
            }
        } else {
            places.insert(place, kept.len());
            kept.push(finding);
        }
    }
    kept
}

/// An outcome for code of an unknown service, which is a place to review at most: a program that
/// uses the code may correct it. Nothing can be missing in an unknown service.
fn place(outcome: Outcome) -> Option<Outcome> {
    match outcome {
        Outcome::Breach(mut breach) if !breach.is_absence => {
            breach.confidence = Confidence::Low;
            Some(Outcome::Breach(breach))
        }
        _ => None,
    }
}

/// Each further place once, without the place of the finding itself.
fn related(breach: &Breach) -> Vec<RelatedPlace> {
    let mut places: Vec<RelatedPlace> = Vec::new();
    for at in breach.related.iter().filter(|at| **at != breach.at) {
        let place = RelatedPlace {
            path: at.path.to_string(),
            line: at.line,
        };
        if places.len() < MAX_RELATED && !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

fn finding(rule: &Rule, model: &Model, service: Option<&Service>, breach: Breach) -> Finding {
    let metadata = &rule.metadata;
    let file = model.files.get(&breach.at.path);
    let ecosystem = file.map_or("any", |found| found.file.language.name());
    let ecosystem = if file.is_some_and(|found| found.file.language.is_code()) {
        ecosystem
    } else {
        service
            .and_then(|service| service.languages.first().copied())
            .unwrap_or(ecosystem)
    };
    let frame = file
        .map(|found| Frame::of(found, &breach.at))
        .unwrap_or_default();
    let (end_line, end_column) = file
        .map(|found| {
            let end = frame::trimmed(found, &breach.at.span).end;
            found.file.location(end..end, None)
        })
        .map_or((breach.at.line, breach.at.column), |end| {
            (end.line, end.column)
        });
    let diff = breach
        .edit
        .as_ref()
        .zip(file)
        .and_then(|(edit, found)| diff::unified(found, &breach.at, edit));
    let name = service.map_or("", |service| service.name.as_str());
    let fingerprint = if breach.is_absence {
        fingerprint::of_absence(metadata.id, name)
    } else {
        fingerprint::of(metadata.id, &breach.at, &frame)
    };
    let related = related(&breach);
    Finding {
        id: metadata.id,
        related,
        severity: default_severity(&breach, metadata.severity),
        confidence: breach.confidence,
        category: metadata.category,
        service: service
            .map(|service| service.name.clone())
            .or_else(|| model.service_of(&breach.at.path).map(str::to_owned)),
        path: breach.at.path.to_string(),
        line: breach.at.line,
        column: breach.at.column,
        end_line,
        end_column,
        title: metadata.title,
        fingerprint,
        evidence: SafeText::new(breach.evidence),
        frame,
        impact: metadata.why,
        fix: SafeText::new(
            breach
                .fix
                .as_deref()
                .unwrap_or_else(|| metadata.fix_for(ecosystem)),
        ),
        diff,
    }
}

#[cfg(test)]
mod tests {
    use super::once_per_line;
    use crate::report::{RelatedPlace, sample};
    use crate::rule::{Confidence, Severity};

    #[test]
    fn guess_hides_no_other_review_of_its_line() {
        let mut guess = sample::report(false).findings.remove(0);
        guess.confidence = Confidence::Low;
        guess.severity = Severity::Low;
        let mut review = guess.clone();
        review.severity = Severity::Medium;
        let kept = once_per_line(vec![guess, review]);
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].severity, Severity::Medium);
    }

    #[test]
    fn findings_of_one_line_become_one_finding_with_all_places() {
        let place = |line| RelatedPlace {
            path: "src/orders.ts".to_owned(),
            line,
        };
        let mut first = sample::report(false).findings.remove(0);
        first.related = vec![place(1), place(2)];
        let mut second = first.clone();
        second.related = vec![place(2), place(3)];
        let mut other = first.clone();
        other.line += 1;
        let kept = once_per_line(vec![first, second, other]);
        assert_eq!(kept.len(), 2);
        assert_eq!(kept[0].related, [place(1), place(2), place(3)]);
        assert_eq!(kept[1].related, [place(1), place(2)]);
    }
}
