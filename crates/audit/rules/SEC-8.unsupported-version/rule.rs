//! A dependency gets no security fixes.

mod build_stages;

use crate::model::Model;
use crate::model::facts::{Practice, runs_stores_only};
use crate::rule::{
    Breach, Category, Check, Metadata, Outcome, Rule, Severity, is_built_for_development,
    is_fragment, observed_in_repository,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SEC-8.unsupported-version",
        title: "A dependency gets no security fixes",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "A manifest, a Dockerfile or a compose file names a version whose support has ended, or a library without a maintainer. Examples: Python before 3.9, Node.js before 20, Django before 4.2, Spring Boot before 3, `openjdk`, `request`, `dgrijalva/jwt-go`. The rule reports one finding per file. Low in a compose file with stores alone, in a copied part of the compose file at the root, in a Dockerfile that only a compose file for development builds, and in a build stage whose runtime is not shipped.",
        why: "Known vulnerabilities stay open, and their exploits are public.",
        fix: &[(
            "any",
            "Move to a supported version, and let a bot propose updates.",
        )],
        references: &["https://endoflife.date"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::SupportedVersion,
            "no file names a version without security fixes",
        )
        .into_iter()
        .map(|outcome| match outcome {
            Outcome::Breach(breach) if is_minor(model, &breach) => {
                Outcome::Breach(breach.severity(Severity::Low))
            }
            other => other,
        })
        .collect()
    }),
};

/// Whether no deployment runs the version.
fn is_minor(model: &Model, breach: &Breach) -> bool {
    model.files.get(&breach.at.path).is_some_and(|found| {
        runs_stores_only(found)
            || is_fragment(model, found)
            || is_built_for_development(model, &breach.at.path)
            || build_stages::are_the_only_places(found, breach)
    })
}
