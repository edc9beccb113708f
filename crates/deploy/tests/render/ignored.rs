//! The scheduled workflow runs the tests that `./test` ignores.

use std::{
    fs,
    path::{Path, PathBuf},
};

use seaworthy_testkit::compose::Compose;

use crate::sample::repository;

/// The reasons of tests that no workflow runs: measurements, and tests that another test runs.
const UNSCHEDULED: [&str; 3] = ["a measurement", "run by ", "the test above "];

/// A command of the workflow that runs the ignored tests of a package.
#[derive(Debug)]
struct Run {
    package: String,
    /// The module of the tests, if the command has a filter.
    module: Option<String>,
}

impl Run {
    fn includes(&self, file: &Path) -> bool {
        let is_included = |module: &str| {
            let mut folders = file.components();
            folders.any(|folder| folder.as_os_str() == module)
                || file.file_stem().is_some_and(|stem| stem == module)
        };
        self.package == package(file) && self.module.as_deref().is_none_or(is_included)
    }
}

fn runs() -> Vec<Run> {
    let path = repository().join(".github/workflows/scheduled.yml");
    let workflow = Compose::read(&path).root().clone();
    let jobs = workflow["jobs"].as_object().unwrap().values();
    let steps = jobs.flat_map(|job| job["steps"].as_array().unwrap());
    let commands = steps.filter_map(|step| step["run"].as_str());
    commands
        .filter(|command| command.contains("--ignored"))
        .map(|command| {
            let words: Vec<_> = command.split_whitespace().collect();
            let option = words.iter().position(|word| *word == "-p").unwrap();
            let mut words = words.into_iter();
            Run {
                package: words.clone().nth(option + 1).unwrap().to_owned(),
                module: words
                    .find_map(|word| word.trim_end_matches('"').strip_suffix("::"))
                    .map(str::to_owned),
            }
        })
        .collect()
}

/// Returns the name of the package whose tests a file contains.
fn package(file: &Path) -> String {
    let mut folders = file.ancestors();
    let tests = folders.find(|folder| folder.ends_with("tests")).unwrap();
    let manifest = fs::read_to_string(tests.parent().unwrap().join("Cargo.toml")).unwrap();
    let mut lines = manifest.lines();
    let name = lines.find_map(|line| line.strip_prefix("name = \""));
    name.unwrap().trim_end_matches('"').to_owned()
}

/// Adds the ignored tests below a folder: their file and their reason.
fn add_ignored(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            add_ignored(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let lines = text.lines();
            let reasons = lines.filter_map(|line| line.trim_start().strip_prefix("#[ignore"));
            found.extend(reasons.map(|reason| {
                let reason = reason.split('"').nth(1).unwrap_or_default();
                (path.clone(), reason.to_owned())
            }));
        }
    }
}

#[test]
fn scheduled_workflow_runs_every_ignored_test_ship_6() {
    let mut ignored = Vec::new();
    for folder in ["crates", "platforms"] {
        add_ignored(&repository().join(folder), &mut ignored);
    }
    let is_scheduled = |reason: &str| {
        !UNSCHEDULED
            .iter()
            .any(|unscheduled| reason.starts_with(unscheduled))
    };
    ignored.retain(|(_, reason)| is_scheduled(reason));
    assert!(ignored.len() > 10, "{ignored:?}");
    let runs = runs();
    for (file, reason) in ignored {
        let is_run = runs.iter().any(|run| run.includes(&file));
        assert!(is_run, "{}: {reason}: {runs:?}", file.display());
    }
}
