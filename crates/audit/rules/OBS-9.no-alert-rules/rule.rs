//! The repository has no alert rules.

use crate::model::Model;
use crate::model::facts::Manifest;
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};
use crate::source::Language;

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "OBS-9.no-alert-rules",
        title: "The repository has no alert rules",
        severity: Severity::Info,
        category: Category::Observability,
        meaning: "The repository deploys workloads to Kubernetes and contains no `PrometheusRule` or Prometheus rule file. Severity info, because the rules may be in another repository.",
        why: "Users notice outages before operators do.",
        fix: &[(
            "any",
            "Alert on symptoms (error rate, latency, error budget), and link a runbook from each alert.",
        )],
        references: &["https://sre.google/workbook/alerting-on-slos/"],
    },
    check: Check::Repository(check),
};

fn check(model: &Model) -> Vec<Outcome> {
    let workload = model
        .services
        .iter()
        .filter(|service| service.root.is_some() || service.image.is_some())
        .find_map(|service| service.workloads.first());
    // Prometheus that scrapes, and evaluates no rules.
    let scraping = model
        .files
        .values()
        .filter(|found| found.file.role.is_deployed() && found.file.language == Language::Yaml)
        .find_map(|found| {
            let at = found.file.text.find("scrape_configs:")?;
            (!found.file.text.contains("rule_files:"))
                .then(|| found.file.location(at..at + 15, None))
        });
    let place = workload.map(|workload| workload.at.clone()).or(scraping);
    let Some(place) = place else {
        return Vec::new();
    };
    let rules = model.files.values().find(|found| {
        found.facts.of::<Manifest>().items.iter().any(|manifest| {
            matches!(
                manifest.kind.as_str(),
                "PrometheusRule" | "VMRule" | "AlertPolicy"
            )
        }) || (found.file.language == Language::Yaml
            && found.file.text.contains("groups:")
            && found.file.text.contains("alert:"))
            || found.file.path.ends_with(".tf") && found.file.text.contains("alarm")
    });
    match rules {
        Some(found) => vec![Outcome::passed(
            format!("`{}` contains alert rules", found.file.path),
            None,
        )],
        None => vec![
            Breach::new(
                place,
                Confidence::Low,
                "no file of the repository contains alert rules",
            )
            .absence()
            .into(),
        ],
    }
}
