use std::collections::BTreeSet;

use regex::{Captures, Match};

use super::authorization::{open_routes, owners};
use super::compiled::{COMPILED, ELSEWHERE};
use super::data::lookup;
use super::lifecycle::unbounded_collections;
use super::scope;
use super::sign::{ONE_FUNCTION, Sign};
use super::sign_lists::signs;
use crate::model::FactSink;
use crate::model::facts::{Elsewhere, Observation, Practice};
use crate::repository::Role;
use crate::source::{Language, SourceFile};

/// Maximum number of reported places in one file. More places add no information.
const MAX_PLACES: usize = 20;
/// Maximum number of matches that are read, with those in comments and tests.
const MAX_MATCHES: usize = 200;

/// Reads the signs of a file.
pub(super) fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    if file.role != Role::Production {
        return;
    }
    for (pattern, regex) in ELSEWHERE.iter() {
        if let Some(found) = regex.find(&file.text) {
            facts.add(Elsewhere { pattern }, found.range());
        }
    }
    let paths = paths(file);
    for compiled in COMPILED.iter().filter(|own| applies(&own.sign, &paths)) {
        let Some(pattern) = compiled.pattern() else {
            continue;
        };
        let mut places = pattern
            .captures_iter(&file.text)
            .take(MAX_MATCHES)
            .filter(|captures| !is_aside(file, captures) && !is_this_host(captures))
            .take(MAX_PLACES)
            .peekable();
        let code = file.language.is_code() || file.language.is_text_code();
        let needs = !compiled.sign.within.is_empty();
        let local = (scope::is_local(compiled.sign.practice) || needs) && code;
        if places.peek().is_none()
            || !local && compiled.keeps(&file.text)
            || compiled.sign.practice == Practice::OutboundTimeout && scope::is_page(file)
        {
            continue;
        }
        let mut seen = BTreeSet::new();
        for captures in places {
            let at = captures.get(0).map_or(0, |found| found.start());
            let end = captures.get(0).map_or(0, |found| found.end());
            if local {
                let whole = compiled.sign.within == ONE_FUNCTION;
                let at = if whole {
                    scope::below_annotations(&file.text, at, end)
                } else {
                    at
                };
                let around = scope::around(&file.text, at, end);
                if whole && !scope::is_one_function(&file.text, at, end) {
                    continue;
                }
                // Report the same call in a function once.
                let own = (around.as_ptr(), evidence(compiled.sign.evidence, &captures));
                if !compiled.needs(around) || compiled.keeps(around) || !seen.insert(own) {
                    continue;
                }
            }
            let span = shown(&captures)
                .or_else(|| captures.get(0))
                .map(|found| found.range())
                .unwrap_or_default();
            let observation = Observation {
                practice: compiled.sign.practice,
                verdict: compiled.sign.verdict,
                elsewhere: compiled.sign.elsewhere,
                evidence: evidence(compiled.sign.evidence, &captures),
            };
            facts.add(observation, span);
        }
    }
}

/// The paths by which signs choose a file: its own in lower case, and the usual one if the file has
/// the name of its service. These are Dockerfiles, and settings that a config server of Spring
/// serves.
fn paths(file: &SourceFile) -> Vec<String> {
    let path = file.path.to_lowercase();
    let (folder, name) = path.split_at(path.rfind('/').map_or(0, |end| end + 1));
    let usual = usual_name(file, name).map(|usual| format!("{folder}{usual}"));
    let mut paths = vec![path];
    paths.extend(usual);
    paths
}

fn usual_name(file: &SourceFile, name: &str) -> Option<&'static str> {
    if file.language == Language::Containerfile {
        // `Dockerfile.orders` and `api.docker` are the Dockerfiles of one service.
        let is_aside = name.split('.').any(|part| ASIDE.contains(&part));
        return (!is_aside).then_some("dockerfile");
    }
    let yaml = [".yml", ".yaml"].iter().any(|end| name.ends_with(end));
    let own = ["application", "bootstrap"]
        .iter()
        .any(|start| name.starts_with(start));
    let served = yaml && !own && file.text.lines().any(|line| line.trim_end() == "spring:");
    served.then_some("application.yml")
}

/// Parts of the names of Dockerfiles that no deployment runs.
const ASIDE: &[&str] = &["test", "debug", "ci"];

/// Whether a sign reads a file with one of these paths.
fn applies(sign: &Sign, paths: &[String]) -> bool {
    paths.iter().any(|path| applies_to(sign, path))
}

fn applies_to(sign: &Sign, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let for_developers = name.ends_with(".txt")
        && ["dev", "test", "doc", "lint"]
            .iter()
            .any(|word| name.contains(word));
    let seeds =
        path.contains("db/seed") || path.contains("/seeders/") || path.contains("factories/");
    let for_data = seeds
        && matches!(
            sign.practice,
            Practice::CodeCredential
                | Practice::IgnoredError
                | Practice::TokenLifetime
                | Practice::Print
        );
    let for_environment = ["environments/development.rb", "environments/test.rb"]
        .iter()
        .any(|end| path.ends_with(end));
    !for_developers
        && !for_data
        && !for_environment
        && sign.files.iter().any(|end| path.ends_with(end))
}

/// Whether a sign of the practice reads a file.
pub(crate) fn reads(practice: Practice, file: &SourceFile) -> bool {
    let path = file.path.to_lowercase();
    let paths = paths(file);
    signs().any(|sign| sign.practice == practice && applies(sign, &paths))
        || practice == Practice::OpenRoute && (open_routes::reads(&path) || path.ends_with(".py"))
        || practice == Practice::UncheckedLookup && lookup::reads(&path)
        || practice == Practice::OwnRecord && owners::reads(&path)
        || practice == Practice::GrowingMemory && unbounded_collections::reads(&path)
        || matches!(
            practice,
            Practice::PartialWrite
                | Practice::LookupBeforeInsert
                | Practice::Ownership
                | Practice::SharedState
        ) && [".rs", ".go", ".java", ".kt", ".js", ".ts", ".py"]
            .iter()
            .any(|end| path.ends_with(end))
}

/// The reported code: the group `what`, or `other` in a second alternative.
fn shown<'t>(captures: &Captures<'t>) -> Option<Match<'t>> {
    captures.name("what").or_else(|| captures.name("other"))
}

fn evidence(text: &str, captures: &Captures<'_>) -> String {
    shown(captures).map_or_else(
        || text.to_owned(),
        |what| text.replace("{}", what.as_str().trim()),
    )
}

/// Whether the host of a match, if it names one, is the host of the program itself.
fn is_this_host(captures: &Captures<'_>) -> bool {
    captures.name("host").is_some_and(|host| {
        let host = host.as_str();
        matches!(host, "localhost" | "0.0.0.0") || host.starts_with("127.")
    })
}

/// Whether a match is in a comment, or in tests that a Rust file ends with.
fn is_aside(file: &SourceFile, captures: &Captures<'_>) -> bool {
    let Some(found) = captures.name("what").or_else(|| captures.get(0)) else {
        return true;
    };
    let before = file.text.get(..found.start()).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |line| line + 1);
    let line = file.text.get(start..).unwrap_or_default().trim_start();
    let comment = ["//", "/*", "* ", "<!--", "--"]
        .iter()
        .any(|mark| line.starts_with(mark))
        || line.starts_with('#') && !line.starts_with("#[");
    let end = line.find('\n').unwrap_or(line.len());
    let is_expression = line.get(..end).is_some_and(|line| {
        ["(?:", "(?P<", "(?i)", "(?m)"]
            .iter()
            .any(|group| line.contains(group))
    });
    comment || is_expression || file.path.ends_with(".rs") && before.contains("#[cfg(test)]")
}
