//! An async handler may end the process with an unhandled rejection.

use crate::model::facts::{Import, Practice, Verdict};
use crate::model::{Model, Service};
use crate::rule::{
    Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity, guesses, observations,
    observed_by_file,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "LIFE-5.unhandled-rejection",
        title: "An async handler may end the process with an unhandled rejection",
        severity: Severity::High,
        category: Category::Lifecycle,
        meaning: "Express 4 (by `package.json`) with an `async` handler that awaits, catches nothing, and has no wrapper (`express-async-errors`). Express 5 handles rejections. Medium if the process listens to `unhandledRejection`. The rule reports one finding per file. In every framework, low confidence for an unhandled promise outside of a handler. The callback of a RabbitMQ consumer counts too. So does a listener of `uncaughtException` that only logs.",
        why: "Node.js ends the process on an unhandled rejection. One failing query aborts all other requests, and the caller gets no response.",
        fix: &[(
            "any",
            "Upgrade to Express 5, import `express-async-errors`, or wrap the handler: `(req, res, next) => Promise.resolve(handler(req, res, next)).catch(next)`.",
        )],
        references: &[
            "https://expressjs.com/en/guide/error-handling.html",
            "https://nodejs.org/api/process.html#event-unhandledrejection",
        ],
    },
    check: Check::Service(|model, service| guesses(check(model, service))),
};

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let places = observations(service, Practice::FloatingPromise);
    // An unhandled promise outside of a handler does not depend on the version of Express.
    let mut outcomes: Vec<Outcome> = places
        .iter()
        .filter(|place| place.verdict == Verdict::Review)
        .map(|place| Breach::review(place.at.clone(), place.evidence.clone()).into())
        .collect();
    if outcomes.len() < places.len() {
        outcomes.extend(handlers(model, service));
    }
    outcomes
}

/// Async handlers of Express.
fn handlers(model: &Model, service: &Service) -> Vec<Outcome> {
    let wrapped = service.facts.of::<Import>().items.iter().any(|import| {
        matches!(
            import.path.as_str(),
            "express-async-errors" | "express-async-handler" | "express-promise-router"
        )
    });
    if wrapped {
        return vec![Outcome::passed(
            "rejections in handlers reach the error handler",
            None,
        )];
    }
    match version(model, service) {
        Some(4) => {}
        Some(_) => {
            return vec![Outcome::passed(
                "Express handles rejections since version 5",
                None,
            )];
        }
        None => return vec![Outcome::unknown("the version of Express is unknown")],
    }
    let is_handled = model
        .files_of(service)
        .any(|found| found.file.text.contains("unhandledRejection"));
    let mut outcomes = observed_by_file(service, Practice::FloatingPromise);
    outcomes.retain(|outcome| {
        !matches!(outcome, Outcome::Breach(breach) if breach.confidence == Confidence::Low)
    });
    for outcome in &mut outcomes {
        if let (Outcome::Breach(breach), true) = (outcome, is_handled) {
            breach.severity = Some(Severity::Medium);
        }
    }
    outcomes
}

fn version(model: &Model, service: &Service) -> Option<u32> {
    let folder = service.root.as_deref()?;
    let path = if folder.is_empty() {
        "package.json".to_owned()
    } else {
        format!("{folder}/package.json")
    };
    let manifest: serde_json::Value =
        serde_json::from_str(&model.files.get(path.as_str())?.file.text).ok()?;
    let wanted = manifest.get("dependencies")?.get("express")?.as_str()?;
    wanted
        .trim_start_matches(['^', '~', '=', 'v', '>'])
        .split('.')
        .next()?
        .parse()
        .ok()
}
