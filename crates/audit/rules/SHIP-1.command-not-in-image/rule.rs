//! A command that the image does not have.

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
        meaning: "The command of the shipped stage is an absolute path, everything that stage copies or makes is in the Dockerfile, and nothing puts a file there; or it is `node file.js` with the whole context copied, no build step, and no such file. Folders that are copied whole and bases that are not well known make the answer unknown.",
        why: "The container ends at once with `no such file or directory`; in an orchestrator it restarts for ever.",
        fix: &[(
            "any",
            "Start the path that the build really writes; build the image in CI and run it once.",
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
    let Some(program) = command.and_then(|command| command.first()) else {
        return Vec::new();
    };
    let Some(at) = model.location(&image.at.path, stage.span.clone(), None) else {
        return Vec::new();
    };
    if program.starts_with('/') {
        return match image.has_file(target, program) {
            Resolution::Known(()) => vec![Outcome::passed(
                format!("`{program}` is in the image"),
                Some(&at),
            )],
            Resolution::Absent => {
                let evidence = format!(
                    "the image starts `{program}`, and nothing in the Dockerfile puts a file there"
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
            "where `{file}` comes from could not be told"
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
                "the context of the build is not in the repository",
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
    vec![Breach::new(at, Confidence::Medium, format!("the image starts `{file}`; nothing builds it, and the build context has no `{path}`")).into()]
}
