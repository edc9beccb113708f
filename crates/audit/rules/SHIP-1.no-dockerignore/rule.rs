//! The image copies the whole directory without a .dockerignore.

use crate::model::{Model, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-1.no-dockerignore",
        title: "The image copies the whole directory without a .dockerignore",
        severity: Severity::Low,
        category: Category::Operations,
        meaning: "A stage copies its whole build context (`COPY . …`), and neither the context nor the Dockerfile has an ignore file. The context comes from compose, or is the directory of a Dockerfile at the repository root. Otherwise the result is unknown. Low confidence: the ignore file lets env files of the context into the image.",
        why: "Git history, local `.env` files and build results become part of image layers. Each change of a file invalidates the build cache.",
        fix: &[(
            "any",
            "Add a `.dockerignore` file to the root of the context with at least `.git`, `.env*`, `node_modules`, `target`, `dist`, or copy only named directories.",
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
    let Some(copied) = image
        .stages
        .iter()
        .flat_map(|stage| &stage.copies)
        .find(|copied| copied.from.is_none() && copied.sources.iter().any(whole))
    else {
        return Vec::new();
    };
    let contexts: Vec<&str> = service
        .compose
        .iter()
        .filter(|entry| entry.dockerfile.as_deref() == Some(&*image.at.path))
        .filter_map(|entry| entry.context.as_deref())
        .collect();
    let folder = image
        .at
        .path
        .rsplit_once('/')
        .map_or("", |(folder, _)| folder);
    let own = format!("{folder}/.dockerignore");
    let context = match contexts.first() {
        Some(context) => *context,
        None if folder.is_empty() => "",
        // An ignore file beside a Dockerfile filters the folder of both.
        None if model.has_path(&own) => folder,
        None => {
            return vec![Outcome::unknown(
                "the build context is not in the repository",
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
    match found {
        Some(path) => vec![environment(model, context, path).unwrap_or_else(|| {
            Outcome::passed(format!("`{path}` filters the build context"), None)
        })],
        None => model
            .location(&image.at.path, copied.span.clone(), None)
            .map(|at| {
                let shown = if context.is_empty() {
                    "the root of the repository"
                } else {
                    context
                };
                Breach::new(
                    at,
                    Confidence::High,
                    format!("{shown} is copied completely, and it has no ignore file"),
                )
                .into()
            })
            .into_iter()
            .collect(),
    }
}

/// An ignore file that lets env files of the context into the image.
fn environment(model: &Model, context: &str, path: &str) -> Option<Outcome> {
    let found = model.files.get(path)?;
    let text = &found.file.text;
    let ignores = text.lines().any(|line| {
        let line = line.trim();
        line.contains(".env") && !line.starts_with(['#', '!']) || matches!(line, "*" | "**" | ".*")
    });
    let inside = |path: &str| {
        let rest = path.strip_prefix(context).unwrap_or_default();
        let name = rest.rsplit('/').next().unwrap_or(rest);
        (context.is_empty() || rest.starts_with('/'))
            && (name == ".env" || name.starts_with(".env."))
    };
    let file = model
        .paths
        .iter()
        .map(String::as_str)
        .chain(model.files.keys().map(|path| &**path))
        .find(|path| inside(path))?;
    (!ignores).then(|| {
        let at = found
            .file
            .location(0..text.lines().next().map_or(0, str::len), None);
        let evidence = format!("`{path}` lets env files such as `{file}` into the image");
        Breach::review(at, evidence).into()
    })
}
