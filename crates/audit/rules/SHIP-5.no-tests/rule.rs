//! The repository has no tests.

use crate::model::{Model, ServiceKind};
use crate::repository::Role;
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-5.no-tests",
        title: "The repository has no tests",
        severity: Severity::Low,
        category: Category::Operations,
        meaning: "The repository contains services with code and no test files.",
        why: "Users are the first to test each change.",
        fix: &[(
            "any",
            "Start with one test that starts the service and requests its health route, and run it in CI.",
        )],
        references: &["https://martinfowler.com/articles/practical-test-pyramid.html"],
    },
    check: Check::Repository(check),
};

fn check(model: &Model) -> Vec<Outcome> {
    let code = |role: Role| {
        model
            .files
            .values()
            .filter(move |found| found.file.role == role && found.file.language.is_code())
    };
    if let Some(test) = code(Role::Test).next() {
        return vec![Outcome::passed(
            format!("`{}` is a test", test.file.path),
            None,
        )];
    }
    // Rust tests are in the file that they test.
    let inline = model.files.values().any(|found| {
        found.file.text.contains("#[cfg(test)]") || found.file.text.contains("#[test]")
    });
    let served = model
        .services
        .iter()
        .find(|service| service.kind == ServiceKind::Server || service.kind == ServiceKind::Worker);
    let (Some(service), false) = (served, inline) else {
        return Vec::new();
    };
    let first = code(Role::Production).find(|found| service.files.contains(&found.file.path));
    first
        .map(|found| {
            Breach::new(
                found.file.location(0..0, None),
                Confidence::High,
                "the repository has no test files",
            )
            .absence()
            .into()
        })
        .into_iter()
        .collect()
}
