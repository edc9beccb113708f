//! A toolchain in the image that is shipped.

use crate::model::{Model, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-1.build-tools",
        title: "The shipped image carries a compiler toolchain",
        severity: Severity::Low,
        category: Category::Operations,
        meaning: "The stage that is shipped stands on an image of a compiled language (`golang`, `rust`, `maven`, `gradle`, a JDK-only build image), and the Dockerfile has no later stage.",
        why: "The image is ten times as large as it needs to be, pulls slowly when a node is lost, and hands an intruder a compiler and hundreds of packages with advisories.",
        fix: &[(
            "any",
            "Build in one stage and copy the result into `gcr.io/distroless/…`, `scratch`, a JRE or a slim base in the last.",
        )],
        references: &["https://docs.docker.com/build/building/multi-stage/"],
    },
    check: Check::Service(check),
};

const TOOLCHAINS: &[&str] = &[
    "golang",
    "rust",
    "maven",
    "gradle",
    "gcc",
    "mcr.microsoft.com/dotnet/sdk",
    "swift",
    "haskell",
];

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let Some(image) = service
        .image
        .as_ref()
        .filter(|image| image.at.role.is_deployed())
    else {
        return Vec::new();
    };
    let Some(stage) = image.final_stage(service.target.as_deref()) else {
        return Vec::new();
    };
    let runs = image
        .lineage(stage)
        .iter()
        .any(|stage| !stage.entrypoint.is_empty() || !stage.command.is_empty());
    let Some(base) = image.outer_base(service.target.as_deref()) else {
        return Vec::new();
    };
    let name = base.split(['@', ':']).next().unwrap_or(base);
    let Some(at) = model.location(&image.at.path, stage.span.clone(), None) else {
        return Vec::new();
    };
    if TOOLCHAINS.contains(&name.strip_prefix("docker.io/library/").unwrap_or(name)) {
        // Without a command it is a builder that somebody else starts.
        return if runs {
            vec![
                Breach::new(
                    at,
                    Confidence::High,
                    format!("the shipped stage stands on `{base}`"),
                )
                .into(),
            ]
        } else {
            vec![Outcome::unknown(
                "the image has no command: it may only build",
            )]
        };
    }
    if image.stages.len() > 1 {
        vec![Outcome::passed(
            format!("what is built is copied to `{base}`"),
            Some(&at),
        )]
    } else {
        Vec::new()
    }
}
