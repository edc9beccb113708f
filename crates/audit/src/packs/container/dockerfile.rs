//! Dockerfiles as stages.

use std::collections::HashMap;

use crate::document::{Instruction, words};
use crate::model::FactSink;
use crate::model::facts::{Copied, HealthCheck, Image, Stage};
use crate::packs::{Pack, Reader};
use crate::source::SourceFile;

pub(super) const PACK: Pack = Pack {
    name: "Dockerfile",
    reader: Reader::Containerfile(read),
};

fn read(_file: &SourceFile, instructions: &[Instruction], facts: &mut FactSink<'_>) {
    let mut stages: Vec<Stage> = Vec::new();
    let mut arguments: HashMap<String, String> = HashMap::new();
    for instruction in instructions {
        if instruction.keyword == "ARG" {
            for pair in words(&instruction.rest) {
                if let Some((name, default)) = pair.split_once('=') {
                    arguments.insert(name.to_owned(), default.to_owned());
                }
            }
        } else if instruction.keyword == "FROM" {
            stages.push(from(instruction, &arguments));
        } else if let Some(stage) = stages.last_mut() {
            apply(stage, instruction, &arguments);
        }
    }
    let Some(last) = stages.last() else { return };
    let span = last.span.clone();
    facts.add(Image { stages }, span);
}

fn from(instruction: &Instruction, arguments: &HashMap<String, String>) -> Stage {
    let mut parts = instruction.rest.split_whitespace();
    let base = expand(parts.next().unwrap_or_default(), arguments);
    let name = parts
        .next()
        .filter(|word| word.eq_ignore_ascii_case("as"))
        .and_then(|_| parts.next())
        .map(str::to_owned);
    Stage {
        base,
        name,
        span: instruction.span.clone(),
        ..Stage::default()
    }
}

fn apply(stage: &mut Stage, instruction: &Instruction, arguments: &HashMap<String, String>) {
    let rest = instruction.rest.as_str();
    match instruction.keyword.as_str() {
        "USER" => {
            // A variable of the image takes precedence over a build argument.
            let mut known = arguments.clone();
            known.extend(stage.environment.iter().cloned());
            stage.user = Some((expand(rest, &known), instruction.span.clone()));
        }
        "WORKDIR" => stage.workdir = Some(rest.to_owned()),
        "EXPOSE" => stage
            .exposed
            .extend(rest.split_whitespace().filter_map(|port| {
                expand(port, arguments)
                    .split('/')
                    .next()?
                    .parse::<u16>()
                    .ok()
            })),
        "ENTRYPOINT" => {
            stage.entrypoint = words(rest);
            stage.start = Some(instruction.span.clone());
        }
        "CMD" => {
            stage.command = words(rest);
            stage.start = Some(instruction.span.clone());
        }
        "RUN" => stage.runs.push(rest.to_owned()),
        "ENV" => {
            let pairs = words(rest);
            match pairs.first().filter(|pair| !pair.contains('=')) {
                Some(name) => stage
                    .environment
                    .push((name.clone(), pairs.get(1..).unwrap_or_default().join(" "))),
                None => stage.environment.extend(
                    pairs
                        .iter()
                        .filter_map(|pair| pair.split_once('='))
                        .map(|(name, value)| (name.to_owned(), value.to_owned())),
                ),
            }
        }
        "COPY" | "ADD" => {
            let mut paths = words(rest);
            let destination = paths.pop().unwrap_or_default();
            let from = instruction
                .flags
                .iter()
                .find(|(name, _)| name == "from")
                .map(|(_, value)| value.clone());
            stage.copies.push(Copied {
                from,
                sources: paths,
                destination,
                span: instruction.span.clone(),
            });
        }
        "HEALTHCHECK" => {
            let command = rest.strip_prefix("CMD").map(|command| {
                words(command.trim_start_matches(|letter: char| letter.is_whitespace()))
            });
            stage.healthcheck = Some(HealthCheck {
                command: command.unwrap_or_default(),
                span: instruction.span.clone(),
            });
        }
        _ => {}
    }
}

/// Inserts the defaults of build arguments. Arguments without a default stay as written.
fn expand(text: &str, arguments: &HashMap<String, String>) -> String {
    let mut expanded = text.trim().to_owned();
    // Longer names first: `$VERSION` is a part of `$VERSION_SUFFIX`.
    let mut longest_first: Vec<_> = arguments.iter().collect();
    longest_first.sort_by_key(|(name, _)| (std::cmp::Reverse(name.len()), *name));
    for (name, default) in longest_first {
        expanded = expanded
            .replace(&format!("${{{name}}}"), default)
            .replace(&format!("${name}"), default);
    }
    expanded
}
