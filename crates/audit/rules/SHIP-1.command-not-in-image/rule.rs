//! The image starts a program that it does not contain.

use crate::model::facts::Stage;
use crate::model::{Model, Resolution, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};
use crate::source::Location;

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-1.command-not-in-image",
        title: "The image starts a program that it does not contain",
        severity: Severity::Critical,
        category: Category::Operations,
        meaning: "The command is an absolute path, the Dockerfile shows all files of the stage, and none has this path. Or the command is `node file.js`, the whole context is copied without a build step, and the file does not exist. Copied directories and unknown base images make the result unknown. An image without a command is reported for review.",
        why: "The container exits immediately with `no such file or directory`, and the orchestrator restarts it repeatedly.",
        fix: &[(
            "any",
            "Use the path that the build writes. Build the image in CI, and start it once.",
        )],
        references: &["https://docs.docker.com/reference/dockerfile/#cmd"],
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
    let target = service.target.as_deref();
    let Some(stage) = image.final_stage(target) else {
        return Vec::new();
    };
    let lineage = image.lineage(stage);
    let command = lineage
        .iter()
        .map(|stage| {
            if stage.entrypoint.is_empty() {
                &stage.command
            } else {
                &stage.entrypoint
            }
        })
        .find(|command| !command.is_empty());
    let Some(at) = model.location(&image.at.path, stage.span.clone(), None) else {
        return Vec::new();
    };
    let Some(program) = command.and_then(|command| command.first()) else {
        return without_command(&lineage, at);
    };
    if program.starts_with('/') {
        return match image.has_file(target, program) {
            Resolution::Known(()) => vec![Outcome::passed(
                format!("`{program}` is in the image"),
                Some(&at),
            )],
            Resolution::Absent => {
                let evidence = format!(
                    "the image starts `{program}`, and no instruction of the Dockerfile creates this file"
                );
                vec![Breach::new(at, Confidence::Medium, evidence).into()]
            }
            Resolution::Unknown(reason) => vec![Outcome::unknown(reason)],
        };
    }
    let script = command.and_then(|command| match command.as_slice() {
        [node, file] if node == "node" && file.ends_with(".js") => Some(file),
        _ => None,
    });
    match script {
        Some(file) => script_in_context(model, service, &lineage, file, at),
        None => Vec::new(),
    }
}

/// Base images that start nothing of use themselves.
const IDLE_BASES: &[&str] = &[
    "rust", "golang", "debian", "ubuntu", "alpine", "busybox", "scratch", "gcc",
];

/// An image without a command. Compose or a workload may give one, so a person has to decide.
fn without_command(lineage: &[&Stage], at: Location) -> Vec<Outcome> {
    let base = lineage.last().map_or("", |stage| stage.base.as_str());
    let name = base.split([':', '@']).next().unwrap_or(base);
    if !IDLE_BASES.contains(&name) {
        return Vec::new();
    }
    let evidence = format!("the image has no command, and `{base}` starts no service");
    vec![Breach::review(at, evidence).into()]
}

/// `node server.js` with the whole context copied and nothing built.
fn script_in_context(
    model: &Model,
    service: &Service,
    lineage: &[&Stage],
    file: &str,
    at: Location,
) -> Vec<Outcome> {
    let copies: Vec<_> = lineage.iter().flat_map(|stage| &stage.copies).collect();
    let built = lineage.iter().flat_map(|stage| &stage.runs).any(|run| {
        [
            "build", "tsc", "compile", "cp ", "mv ", "esbuild", "webpack",
        ]
        .iter()
        .any(|word| run.contains(word))
    });
    let whole = copies.iter().any(|copied| {
        copied
            .sources
            .iter()
            .any(|source| source == "." || source == "./")
    });
    let simple = lineage.len() == 1 && copies.iter().all(|copied| copied.from.is_none());
    if built || !whole || !simple || file.contains("..") {
        return vec![Outcome::unknown(format!(
            "the origin of `{file}` is unknown"
        ))];
    }
    let contexts: Vec<&str> = service
        .compose
        .iter()
        .filter_map(|entry| entry.context.as_deref())
        .collect();
    let folder = match (contexts.as_slice(), at.path.rsplit_once('/')) {
        ([], None) => "",
        ([context], _) => context,
        _ => {
            return vec![Outcome::unknown(
                "the build context is not in the repository",
            )];
        }
    };
    let path = [folder, file.trim_start_matches("./")]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("/");
    if model.has_path(&path) {
        return vec![Outcome::passed(
            format!("`{path}` is in the build context"),
            Some(&at),
        )];
    }
    vec![Breach::new(at, Confidence::Medium, format!("the image starts `{file}`, which is not built and not in the build context (`{path}`)")).into()]
}
