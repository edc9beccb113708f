//! A secret is part of an image.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-5.secret-in-image",
        title: "A secret is part of an image",
        severity: Severity::High,
        category: Category::Configuration,
        meaning: "`ENV` or `ARG` of a Dockerfile gives a variable with the name of a secret a literal value.",
        why: "Everyone who can pull the image can read the secret, also in older layers.",
        fix: &[(
            "any",
            "Give the secret to the container at run time. For builds, use `RUN --mount=type=secret`.",
        )],
        references: &["https://docs.docker.com/build/building/secrets/"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(model, Practice::ImageSecret, "images contain no secret")
    }),
};
