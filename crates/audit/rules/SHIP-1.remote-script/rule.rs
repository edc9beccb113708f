//! A build runs a script from the network.

use crate::model::facts::Practice;
use crate::rule::{
    Category, Check, Metadata, Rule, Severity, low_in_development_images, observed_in_repository,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-1.remote-script",
        title: "A build runs a script from the network",
        severity: Severity::Medium,
        category: Category::Operations,
        meaning: "A Dockerfile pipes a download into a shell: `curl … | sh`. With low confidence: a Dockerfile or script downloads a program, and no checksum verifies it. Low for a Dockerfile that only a compose file for development builds.",
        why: "The owner of the URL controls the image, and the same commit builds another image tomorrow.",
        fix: &[(
            "any",
            "Install a package with a fixed version, or download a file and verify its checksum first.",
        )],
        references: &["https://docs.docker.com/build/building/best-practices/"],
    },
    check: Check::Repository(|model| {
        let outcomes = observed_in_repository(
            model,
            Practice::RemoteScript,
            "no build runs a script from the network",
        );
        low_in_development_images(model, outcomes)
    }),
};
