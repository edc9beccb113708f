//! The service prints instead of logging.

use crate::model::facts::Practice;
use crate::model::{Model, Service, ServiceKind};
use crate::rule::{
    Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity, observations,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "OBS-1.print",
        title: "The service prints instead of logging",
        severity: Severity::Low,
        category: Category::Observability,
        meaning: "Deployed code of a server or worker calls `console.log`, `print`, `fmt.Print…`, `System.out.print…` or `println!`. Command-line programs, scripts and migrations are excluded. The rule reports one finding per service.",
        why: "Lines without level, time and request ID cannot be searched, filtered or counted.",
        fix: &[(
            "any",
            "Use the service's structured logger on standard output, with the request ID.",
        )],
        references: &["https://12factor.net/logs"],
    },
    check: Check::Service(check),
};

fn check(_model: &Model, service: &Service) -> Vec<Outcome> {
    let runs = matches!(service.kind, ServiceKind::Server | ServiceKind::Worker)
        || service.root.is_none() && service.image.is_some();
    if !runs {
        return Vec::new();
    }
    let places = observations(service, Practice::Print);
    let files: std::collections::BTreeSet<_> =
        places.iter().map(|place| place.at.path.clone()).collect();
    match places.first() {
        Some(first) => {
            let evidence = match places.len() {
                1 => format!("{} here", first.evidence),
                count => format!(
                    "{} here and in {} more places ({} files in total)",
                    first.evidence,
                    count - 1,
                    files.len()
                ),
            };
            vec![
                Breach::new(first.at.clone(), Confidence::Medium, evidence)
                    .related(places.iter().map(|place| place.at.clone()))
                    .into(),
            ]
        }
        None if service.files.is_empty() => Vec::new(),
        None => vec![Outcome::passed("no code prints without the logger", None)],
    }
}
