//! The shipped image contains a compiler toolchain.

use crate::model::facts::Stage;
use crate::model::{Model, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-1.build-tools",
        title: "The shipped image contains a compiler toolchain",
        severity: Severity::Low,
        category: Category::Operations,
        meaning: "The shipped stage uses a build image (`golang`, `rust`, `maven`, `gradle`, a JDK), and the Dockerfile has no later stage. Low confidence: the shipped stage installs a compiler (`build-essential`, `gcc`, `make`) by `apt` or `apk` and does not remove it.",
        why: "The image is about ten times larger than needed and slow to pull. It gives attackers a compiler and hundreds of packages with known vulnerabilities.",
        fix: &[(
            "any",
            "Build in one stage, and copy the result into a last stage from `gcr.io/distroless/…`, `scratch`, a JRE or a slim base.",
        )],
        references: &["https://docs.docker.com/build/building/multi-stage/"],
    },
    check: Check::Service(check),
};

/// Packages of Linux distributions that compile code.
const PACKAGES: &[&str] = &[
    "build-essential",
    "build-base",
    "gcc",
    "g++",
    "make",
    "cmake",
    "musl-dev",
    "python3-dev",
    "python-dev",
    "libpq-dev",
    "default-libmysqlclient-dev",
    "openjdk-17-jdk",
    "maven",
    "cargo",
];

/// The first package that compiles code, and that the stage installs and keeps.
fn installed(stage: &Stage) -> Option<&'static str> {
    stage.runs.iter().find_map(|run| {
        let installs = [
            "apt-get install",
            "apt install",
            "apk add",
            "yum install",
            "dnf install",
        ]
        .iter()
        .any(|command| run.contains(command))
            || run.contains("apt-get") && run.contains(" install ");
        let removes = [
            "purge",
            "apk del",
            "apt-get remove",
            "apt remove",
            "autoremove",
        ]
        .iter()
        .any(|command| run.contains(command));
        if !installs || removes {
            return None;
        }
        let words: Vec<&str> = run.split_whitespace().collect();
        PACKAGES
            .iter()
            .find(|package| words.contains(*package))
            .copied()
    })
}

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
        .any(|stage| !stage.entrypoint.is_empty() || !stage.command.is_empty())
        || service
            .compose
            .iter()
            .any(|entry| !entry.command.is_empty());
    let Some(base) = image.outer_base(service.target.as_deref()) else {
        return Vec::new();
    };
    let name = base.split(['@', ':']).next().unwrap_or(base);
    let Some(at) = model.location(&image.at.path, stage.span.clone(), None) else {
        return Vec::new();
    };
    if TOOLCHAINS.contains(&name.strip_prefix("docker.io/library/").unwrap_or(name)) {
        // Without a command the image is used as a builder.
        return if runs {
            vec![
                Breach::new(
                    at,
                    Confidence::High,
                    format!("the shipped stage uses the build image `{base}`"),
                )
                .into(),
            ]
        } else {
            vec![Outcome::unknown(
                "the image has no command, so it may be used only for builds",
            )]
        };
    }
    let kept = image
        .lineage(stage)
        .into_iter()
        .find_map(|stage| installed(stage));
    if let Some(package) = kept.filter(|_| runs) {
        return vec![
            Breach::review(
                at,
                format!("the shipped stage installs `{package}` and keeps it"),
            )
            .into(),
        ];
    }
    if image.stages.len() > 1 {
        vec![Outcome::passed(
            format!("the build result is copied to `{base}`"),
            Some(&at),
        )]
    } else {
        Vec::new()
    }
}
