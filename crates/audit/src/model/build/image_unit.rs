//! The unit that an image or a compose entry runs.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use regex::Regex;

use super::unit::Unit;
use super::workspace;
use crate::model::facts::Image;
use crate::model::service::FileFacts;
use crate::source::Language;

/// The package that a Go build names.
static GO_BUILD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"go (?:build|install)\s[^&|;\n]*?(\./[A-Za-z0-9_./\-]*|[A-Za-z0-9_\-]+/[A-Za-z0-9_./\-]+)\s*(?:&&|\||;|\n|$)").ok()
});

/// The unit of an image: by what its stages build, else by the folders of its Dockerfile and of its
/// build context.
pub(super) fn unit_of(image: &Image, folder: &str, context: &str, units: &[Unit]) -> Option<usize> {
    let built: Vec<String> = image
        .stages
        .iter()
        .flat_map(|stage| &stage.runs)
        .flat_map(|run| {
            GO_BUILD
                .as_ref()
                .into_iter()
                .flat_map(move |regex| regex.captures_iter(run))
        })
        .filter_map(|captures| {
            captures.get(1).map(|path| {
                path.as_str()
                    .trim_start_matches("./")
                    .trim_matches('/')
                    .to_owned()
            })
        })
        .collect();
    let inside = |unit: &Unit, folder: &str| {
        folder.is_empty() || unit.folder == folder || unit.folder.starts_with(&format!("{folder}/"))
    };
    for path in built
        .iter()
        .filter(|path| !path.is_empty() && *path != "." && !path.contains("..."))
    {
        let fitting: Vec<usize> = units
            .iter()
            .enumerate()
            .filter(|(_, unit)| {
                (unit.folder == *path || unit.folder.ends_with(&format!("/{path}")))
                    && (inside(unit, context) || inside(unit, folder))
            })
            .map(|(at, _)| at)
            .collect();
        if let [only] = fitting.as_slice() {
            return Some(*only);
        }
    }
    for place in [folder, context] {
        let exact = units.iter().position(|unit| unit.folder == place);
        let within: Vec<usize> = units
            .iter()
            .enumerate()
            .filter(|(_, unit)| inside(unit, place))
            .map(|(at, _)| at)
            .collect();
        match (exact, within.as_slice()) {
            (_, [only]) => return Some(*only),
            (Some(exact), _) => return Some(exact),
            _ => {}
        }
    }
    // A Dockerfile under `deploy/api/` or `cmd/api/` names its program by its folder.
    let last = last_part(folder);
    let named: Vec<usize> = units
        .iter()
        .enumerate()
        .filter(|(_, unit)| unit.name == last || last_part(&unit.module_folder) == last)
        .map(|(at, _)| at)
        .collect();
    match named.as_slice() {
        [only] => Some(*only),
        _ => beside(folder, &built, units),
    }
}

/// Whether a unit is one of several applications of a `package.json`.
fn is_application(unit: &Unit) -> bool {
    unit.language == Language::JavaScript && unit.folder != unit.module_folder
}

/// The application that a compose entry starts, by its command or its name.
pub(super) fn application_of(command: &str, name: &str, units: &[Unit]) -> Option<usize> {
    let applications = || {
        units
            .iter()
            .enumerate()
            .filter(|(_, unit)| is_application(unit))
    };
    let named: Vec<usize> = applications()
        .filter(|(_, unit)| names_application(command, unit))
        .map(|(at, _)| at)
        .collect();
    match named.as_slice() {
        [only] => Some(*only),
        _ => applications()
            .find(|(_, unit)| core(&unit.name) == core(name))
            .map(|(at, _)| at),
    }
}

/// `node dist/apps/orders/main` and `npm run start:orders` name `apps/orders`.
fn names_application(command: &str, unit: &Unit) -> bool {
    command
        .split(|letter: char| !(letter.is_alphanumeric() || "-_.".contains(letter)))
        .any(|word| word == unit.name)
}

/// The application that the shipped stage of a Dockerfile in the folder of `package.json` starts.
pub(super) fn started_by(
    image: &Image,
    folder: &str,
    units: &[Unit],
    files: &BTreeMap<Arc<str>, FileFacts>,
) -> Option<usize> {
    let stage = image.final_stage(None)?;
    let command = format!("{} {}", stage.entrypoint.join(" "), stage.command.join(" "));
    let named: Vec<usize> = units
        .iter()
        .enumerate()
        .filter(|(_, unit)| is_application(unit) && names_application(&command, unit))
        .map(|(at, _)| at)
        .collect();
    match named.as_slice() {
        [only] => Some(*only),
        _ => units.iter().position(|unit| {
            is_application(unit)
                && unit.module_folder == folder
                && workspace::is_default(unit, files)
        }),
    }
}

/// Names of folders that hold Dockerfiles and no program.
const PACKAGING: &[&str] = &[
    "docker",
    ".docker",
    "build",
    "package",
    "deploy",
    "deployment",
    "deployments",
    "infra",
    "ops",
    "container",
    "containers",
];

/// The program of a Dockerfile in a folder for packaging: the one that it builds, else the only one
/// beside the folder.
fn beside(folder: &str, built: &[String], units: &[Unit]) -> Option<usize> {
    let mut parent = folder;
    while let Some((outer, last)) = parent.rsplit_once('/').or(if parent.is_empty() {
        None
    } else {
        Some(("", parent))
    }) {
        if !PACKAGING.contains(&last) {
            break;
        }
        parent = outer;
    }
    if parent == folder {
        return None;
    }
    let inside: Vec<(usize, &Unit)> = units
        .iter()
        .enumerate()
        .filter(|(_, unit)| {
            parent.is_empty()
                || unit.folder == parent
                || unit.folder.starts_with(&format!("{parent}/"))
        })
        .collect();
    let named: Vec<usize> = inside
        .iter()
        .filter(|(_, unit)| {
            built.iter().any(|path| {
                !path.is_empty()
                    && (unit.folder == *path || unit.folder.ends_with(&format!("/{path}")))
            })
        })
        .map(|(at, _)| *at)
        .collect();
    match (named.as_slice(), inside.as_slice()) {
        ([only], _) => Some(*only),
        ([], [(only, _)]) => Some(*only),
        _ => None,
    }
}

/// A name without the words that every service has.
pub(super) fn core(name: &str) -> String {
    let lower = name.to_lowercase().replace('_', "-");
    ["-service", "-svc", "-server", "service"]
        .iter()
        .find_map(|end| lower.strip_suffix(end))
        .filter(|rest| !rest.is_empty())
        .unwrap_or(&lower)
        .to_owned()
}

/// `registry/team/api:1.2` is `api`.
pub(super) fn last_part(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    last.split(['@', ':']).next().unwrap_or(last).to_owned()
}
