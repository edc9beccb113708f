//! An image contains more than it runs, or differs with every build.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-1.image-hygiene",
        title: "An image contains more than it runs, or differs with every build",
        severity: Severity::Low,
        category: Category::Operations,
        meaning: "A Dockerfile upgrades all packages, installs build tools in its only stage, or copies all sources before the dependencies. Or it adds files from the network, or starts a watcher. The finding has low confidence.",
        why: "The image is large, has a larger attack surface, and the next build of the same commit may behave differently.",
        fix: &[(
            "any",
            "Build in a separate stage, copy the lock file first, and pin the base image instead of upgrading it.",
        )],
        references: &["https://docs.docker.com/build/building/best-practices/"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::ImageHygiene,
            "no Dockerfile upgrades packages or starts a watcher",
        )
    }),
};
