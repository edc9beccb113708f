//! Compares the auditor with answer keys: `recall [--misses] [--reports] REPOSITORIES KEYS`.
//!
//! `AUTHORING.md` describes a key. The program reads local files only.
#![expect(
    clippy::print_stdout,
    reason = "the table is the result of the program"
)]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use globset::GlobBuilder;
use seaworthy_audit::report::Finding;
use seaworthy_audit::{AuditConfig, Severity, audit};
use serde::Deserialize;

/// Lines between a report and the place of a key that count as the same place.
const NEAR: usize = 3;

#[derive(Debug, Deserialize)]
struct Key {
    findings: Vec<Expected>,
    #[serde(default)]
    nonfindings: Vec<Correct>,
}

#[derive(Debug, Deserialize)]
struct Expected {
    accept: Vec<String>,
    #[serde(rename = "where", default)]
    places: Vec<Place>,
    #[serde(default)]
    absent: bool,
    #[serde(default)]
    service: Option<String>,
    /// Further names of the service.
    #[serde(default)]
    services: Vec<String>,
    /// Prefixes of the paths of the service.
    #[serde(default)]
    service_paths: Vec<String>,
    difficulty: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    disputed: Option<serde_json::Value>,
    #[serde(default)]
    listed: Option<String>,
    /// Words of which the report has one, if the accepted IDs cover more than the finding.
    #[serde(default)]
    about: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Correct {
    would_be: Vec<String>,
    #[serde(rename = "where", default)]
    places: Vec<Place>,
    #[serde(default)]
    accept_below: Option<Severity>,
    #[serde(default)]
    about: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Place {
    path: Option<String>,
    line: Option<usize>,
    #[serde(default)]
    end: Option<usize>,
    /// `evidence` for the other end of a finding, which is no place of a nonfinding.
    #[serde(default)]
    role: Option<String>,
}

/// One place of a report.
struct Reported<'f> {
    finding: &'f Finding,
    path: &'f str,
    line: usize,
}

#[derive(Debug, Default, Clone, Copy)]
struct Score {
    easy: (usize, usize),
    hard: (usize, usize),
    wrong: (usize, usize),
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut folders = Vec::new();
    let mut misses = false;
    let mut reports = false;
    for argument in std::env::args().skip(1) {
        if argument == "--misses" {
            misses = true;
        } else if argument == "--reports" {
            reports = true;
        } else {
            folders.push(PathBuf::from(argument));
        }
    }
    let [repositories, keys] = folders.as_slice() else {
        return Err("usage: recall [--misses] [--reports] REPOSITORIES KEYS".into());
    };
    println!(
        "{:44} {:>14} {:>14} {:>8}",
        "repository", "easy", "hard", "wrong"
    );
    let mut all = Score::default();
    for (name, key) in read_keys(keys)? {
        let folder = repositories.join(&name);
        if !folder.is_dir() {
            println!("{name:44} no folder {}", folder.display());
            continue;
        }
        let report = audit(&folder, &AuditConfig::default())?;
        let reported = places(&report.findings);
        let (score, missed) = score(&key, &reported);
        print(&name, &score);
        if misses {
            for expected in missed {
                let place = expected.places.first();
                println!(
                    "    missed {} {:?} {}:{}: {}",
                    expected.difficulty,
                    expected.accept,
                    place
                        .and_then(|place| place.path.as_deref())
                        .unwrap_or_default(),
                    place.and_then(|place| place.line).unwrap_or_default(),
                    expected.note
                );
            }
        }
        if reports {
            for report in &reported {
                let review = if report.finding.is_review() {
                    "review"
                } else {
                    ""
                };
                println!(
                    "    {} {:?} {review} {}:{}",
                    report.finding.id, report.finding.severity, report.path, report.line
                );
            }
        }
        add(&mut all.easy, score.easy);
        add(&mut all.hard, score.hard);
        add(&mut all.wrong, score.wrong);
    }
    print("all", &all);
    Ok(())
}

fn add(all: &mut (usize, usize), one: (usize, usize)) {
    *all = (all.0 + one.0, all.1 + one.1);
}

/// The answer keys of a folder, by the names of their files. A file without findings is no key.
fn read_keys(folder: &Path) -> Result<BTreeMap<String, Key>, Box<dyn Error>> {
    let mut keys = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(name) = path.file_stem().and_then(|name| name.to_str()) else {
            continue;
        };
        if path.extension().is_none_or(|end| end != "json") {
            continue;
        }
        let value: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path)?)?;
        if value.get("findings").is_some() {
            let key = serde_json::from_value(value)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            keys.insert(name.to_owned(), key);
        }
    }
    Ok(keys)
}

fn places(findings: &[Finding]) -> Vec<Reported<'_>> {
    findings
        .iter()
        .flat_map(|finding| {
            let own = std::iter::once((finding.path.as_str(), finding.line));
            let others = finding
                .related
                .iter()
                .map(|place| (place.path.as_str(), place.line));
            own.chain(others).map(move |(path, line)| Reported {
                finding,
                path,
                line,
            })
        })
        .collect()
}

/// `HLTH-2` accepts `HLTH-2.constant`, and not `HLTH-21`.
fn accepts(ids: &[String], id: &str) -> bool {
    ids.iter().any(|accepted| {
        id.strip_prefix(accepted.as_str())
            .is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    })
}

fn is_at(places: &[Place], report: &Reported<'_>) -> bool {
    places.iter().any(|place| {
        let near = place.line.is_none_or(|line| {
            report.line + NEAR >= line && report.line <= place.end.unwrap_or(line) + NEAR
        });
        near && place
            .path
            .as_deref()
            .is_some_and(|path| is_file(path, report.path))
    })
}

/// Whether a path of a key, with `*` or without, names a file.
fn is_file(wanted: &str, path: &str) -> bool {
    wanted == path
        || wanted.contains('*')
            && GlobBuilder::new(wanted)
                .literal_separator(true)
                .build()
                .is_ok_and(|glob| glob.compile_matcher().is_match(path))
}

fn is_about(words: &[String], report: &Reported<'_>) -> bool {
    let finding = report.finding;
    let text = format!(
        "{} {} {} {} {}",
        finding.id, finding.title, finding.evidence, finding.impact, finding.fix
    )
    .to_lowercase();
    words.is_empty() || words.iter().any(|word| text.contains(&word.to_lowercase()))
}

/// `auth-service`, `services/auth` and `auth` are one service.
fn short(service: &str) -> String {
    let last = service.rsplit('/').next().unwrap_or(service).to_lowercase();
    let last = ["-service", "_service", "service", "-svc"]
        .iter()
        .find_map(|end| last.strip_suffix(end))
        .unwrap_or(&last);
    last.replace('_', "-")
}

fn is_of(expected: &Expected, report: &Reported<'_>) -> bool {
    let wanted: Vec<String> = expected
        .services
        .iter()
        .chain(&expected.service)
        .map(|name| short(name))
        .collect();
    let folders = report
        .path
        .rsplit_once('/')
        .map_or("", |(folder, _)| folder);
    wanted.is_empty()
        || wanted.contains(&short(
            report.finding.service.as_deref().unwrap_or_default(),
        ))
        || expected
            .service_paths
            .iter()
            .any(|start| report.path.starts_with(start.as_str()))
        || folders.split('/').any(|part| wanted.contains(&short(part)))
}

fn matches(expected: &Expected, report: &Reported<'_>) -> bool {
    accepts(&expected.accept, report.finding.id)
        && is_about(&expected.about, report)
        && if expected.absent {
            is_of(expected, report)
        } else {
            is_at(&expected.places, report)
        }
}

/// Gives each report to at most one expected finding, and as many of them a report as possible.
fn score<'k>(key: &'k Key, reported: &[Reported<'_>]) -> (Score, Vec<&'k Expected>) {
    let counted: Vec<&Expected> = key
        .findings
        .iter()
        .filter(|expected| expected.disputed.is_none() && expected.listed.is_none())
        .collect();
    let options: Vec<Vec<usize>> = counted
        .iter()
        .map(|expected| {
            (0..reported.len())
                .filter(|at| {
                    reported
                        .get(*at)
                        .is_some_and(|report| matches(expected, report))
                })
                .collect()
        })
        .collect();
    let mut owners: BTreeMap<usize, usize> = BTreeMap::new();
    for expected in 0..counted.len() {
        assign(expected, &options, &mut owners, &mut Vec::new());
    }
    let mut score = Score::default();
    let mut missed = Vec::new();
    for (at, expected) in counted.into_iter().enumerate() {
        let found = owners.values().any(|owner| *owner == at);
        let part = if expected.difficulty == "easy" {
            &mut score.easy
        } else {
            &mut score.hard
        };
        add(part, (usize::from(found), 1));
        if !found {
            missed.push(expected);
        }
    }
    let wrong = key
        .nonfindings
        .iter()
        .filter(|correct| reported.iter().any(|report| is_wrong(key, correct, report)));
    score.wrong = (wrong.count(), key.nonfindings.len());
    (score, missed)
}

/// One step of a maximum matching: takes a free report, or one whose owner has another.
fn assign(
    expected: usize,
    options: &[Vec<usize>],
    owners: &mut BTreeMap<usize, usize>,
    seen: &mut Vec<usize>,
) -> bool {
    for report in options.get(expected).into_iter().flatten() {
        if seen.contains(report) {
            continue;
        }
        seen.push(*report);
        let free = owners
            .get(report)
            .copied()
            .is_none_or(|owner| assign(owner, options, owners, seen));
        if free {
            owners.insert(*report, expected);
            return true;
        }
    }
    false
}

/// Whether a report calls a correct place wrong, and is not the report of a finding there.
fn is_wrong(key: &Key, correct: &Correct, report: &Reported<'_>) -> bool {
    let floor = correct.accept_below.unwrap_or(Severity::Medium);
    !report.finding.is_review()
        && report.finding.severity >= floor
        && accepts(&correct.would_be, report.finding.id)
        && is_about(&correct.about, report)
        && correct
            .places
            .iter()
            .filter(|place| place.role.as_deref() != Some("evidence"))
            .any(|place| is_at(std::slice::from_ref(place), report))
        && !key
            .findings
            .iter()
            .any(|expected| floor == Severity::Medium && matches(expected, report))
}

fn print(name: &str, score: &Score) {
    let part = |(found, all): (usize, usize)| {
        let share = (found * 100).checked_div(all).unwrap_or_default();
        format!("{found}/{all} {share:>3} %")
    };
    println!(
        "{name:44} {:>14} {:>14} {:>8}",
        part(score.easy),
        part(score.hard),
        format!("{}/{}", score.wrong.0, score.wrong.1)
    );
}
