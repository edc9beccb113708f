//! A test tool is a production dependency.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SEC-8.test-dependency",
        title: "A test tool is a production dependency",
        severity: Severity::Low,
        category: Category::Security,
        meaning: "A tool for tests, linting or watching is in the production dependencies. Examples: `pytest` in `requirements.txt`, `nodemon` in `dependencies`, a starter for tests as `implementation`. The rule reports one finding per file.",
        why: "The image is larger, and each further package is another target for attackers.",
        fix: &[(
            "any",
            "Move the tool to the dependencies for development: `requirements-dev.txt`, `devDependencies`, `testImplementation`.",
        )],
        references: &[
            "https://docs.npmjs.com/specifying-dependencies-and-devdependencies-in-a-package-json-file",
        ],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::TestDependency,
            "no production dependency is a tool of tests",
        )
    }),
};
