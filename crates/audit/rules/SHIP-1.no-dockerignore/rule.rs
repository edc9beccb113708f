//! A build context without a filter.

use crate::model::{Model, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-1.no-dockerignore",
        title: "The whole folder is copied into the image, without a .dockerignore",
        severity: Severity::Low,
        category: Category::Operations,
        meaning: "A stage copies its whole build context (`COPY . …`), and neither the root of that context nor the Dockerfile has an ignore file. The context is the one that compose names, else the folder of a Dockerfile that lies at the root. Otherwise it is unknown.",
        why: "Git history, local `.env` files and build results go into layers of the image and stay there; every change of any file spoils the cache.",
        fix: &[(
            "any",
            "Add `.dockerignore` beside the root of the context with at least `.git`, `.env*`, `node_modules`, `target`, `dist`, or copy named folders only.",
        )],
        references: &["https://docs.docker.com/build/concepts/context/#dockerignore-files"],
    },
    check: Check::Service(check),
};

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let Some(image) = service
        .image
        .as_ref()
        .filter(|image| image.at.role.is_deployed())
    else {
        return Vec::new();
    };
    let whole = |source: &String| matches!(source.as_str(), "." | "./" | "./." | "/");
    let copies_all = image.stages.iter().any(|stage| {
        stage
            .copies
            .iter()
            .any(|copied| copied.from.is_none() && copied.sources.iter().any(whole))
    });
    if !copies_all {
        return Vec::new();
    }
    let contexts: Vec<&str> = service
        .compose
        .iter()
        .filter(|entry| entry.dockerfile.as_deref() == Some(&*image.at.path))
        .filter_map(|entry| entry.context.as_deref())
        .collect();
    let context = match contexts.first() {
        Some(context) => *context,
        None if !image.at.path.contains('/') => "",
        None => {
            return vec![Outcome::unknown(
                "the context of the build is not in the repository",
            )];
        }
    };
    let beside = |name: &str| {
        if context.is_empty() {
            name.to_owned()
        } else {
            format!("{context}/{name}")
        }
    };
    let ignore = [
        beside(".dockerignore"),
        beside(".containerignore"),
        format!("{}.dockerignore", image.at.path),
    ];
    let found = ignore.iter().find(|path| model.has_path(path));
    let copy = image
        .stages
        .last()
        .map_or(image.at.span.clone(), |stage| stage.span.clone());
    match found {
        Some(path) => vec![Outcome::passed(
            format!("`{path}` filters the build context"),
            None,
        )],
        None => model
            .location(&image.at.path, copy, None)
            .map(|at| {
                let shown = if context.is_empty() {
                    "the root of the repository"
                } else {
                    context
                };
                Breach::new(
                    at,
                    Confidence::High,
                    format!("all of {shown} is copied, and no ignore file stands there"),
                )
                .into()
            })
            .into_iter()
            .collect(),
    }
}
