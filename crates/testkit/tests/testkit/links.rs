//! Markdown pages name only files that exist, and wrap their lines.
#![allow(clippy::unwrap_used, reason = "an unreadable page fails the test")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Folders of pages.
const FOLDERS: [&str; 8] = [
    ".",
    "docs",
    "docs/adr",
    "docs/city-events",
    "docs/examples",
    "docs/how-to",
    "docs/operate",
    "docs/tutoring",
];
/// Folders of projects with a README, and how many levels below them have projects.
const PROJECTS: [(&str, usize); 2] = [("crates", 1), ("platforms", 2)];
/// A page with paths of tests. A test of its own compares it with the source code.
const GENERATED: &str = "catalogue-status.md";
/// Pages that a command of the auditor writes, with one line per paragraph.
const UNWRAPPED: [&str; 2] = ["docs/audit-rules.md", "docs/examples/audit-report.md"];
/// The maximum number of characters in a line.
const MAX_COLUMNS: usize = 120;
/// The beginnings of repository paths in code spans.
const ROOTS: [&str; 4] = ["crates/", "platforms/", "examples/", "docs/"];

#[test]
fn pages_link_only_existing_files_ship_4() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut missing = Vec::new();
    let mut checked = 0_usize;
    for page in all_pages(&root) {
        let text = fs::read_to_string(&page).unwrap();
        let shown = page.strip_prefix(&root).unwrap().display().to_string();
        for (number, line) in text.lines().enumerate() {
            let here = page.parent().unwrap();
            let links = links(line).map(|link| here.join(link));
            let spans = paths(line).map(|path| root.join(path));
            for target in links.chain(spans) {
                checked += 1;
                if !target.exists() {
                    missing.push(format!("{shown}:{}: {}", number + 1, target.display()));
                }
            }
        }
    }
    assert!(checked > 100, "only {checked} links were found");
    assert!(missing.is_empty(), "missing files:\n{}", missing.join("\n"));
}

/// Rows of tables, code blocks and URLs cannot wrap.
#[test]
fn pages_wrap_lines_at_120_columns_ship_4() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut long = Vec::new();
    for page in all_pages(&root) {
        let shown = page.strip_prefix(&root).unwrap().display().to_string();
        if UNWRAPPED.iter().any(|unwrapped| shown.ends_with(unwrapped)) {
            continue;
        }
        let mut is_code = false;
        for (number, line) in fs::read_to_string(&page).unwrap().lines().enumerate() {
            let text = line.trim_start();
            is_code ^= text.starts_with("```");
            let may_wrap = !is_code && !text.starts_with('|') && !text.contains("://");
            if may_wrap && line.chars().count() > MAX_COLUMNS {
                long.push(format!("{shown}:{}", number + 1));
            }
        }
    }
    assert!(long.is_empty(), "longer lines:\n{}", long.join("\n"));
}

#[test]
fn pages_link_only_existing_headings_ship_4() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut missing = Vec::new();
    let mut checked = 0_usize;
    for page in all_pages(&root) {
        let text = fs::read_to_string(&page).unwrap();
        for (target, heading) in text.lines().flat_map(anchors) {
            let linked = match target {
                "" => page.clone(),
                target => page.parent().unwrap().join(target),
            };
            checked += 1;
            let headings = fs::read_to_string(&linked).map(|text| slugs(&text));
            if !headings.is_ok_and(|headings| headings.contains(heading)) {
                missing.push(format!("{}: {target}#{heading}", page.display()));
            }
        }
    }
    assert!(checked > 30, "only {checked} links to headings were found");
    assert!(
        missing.is_empty(),
        "missing headings:\n{}",
        missing.join("\n")
    );
}

/// Readers open the paths of this page without searching, so each starts at the root.
#[test]
fn architecture_names_only_existing_paths_ship_4() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let mut checked = 0_usize;
    let mut missing = Vec::new();
    for line in page.lines() {
        let spans = line.split('`').skip(1).step_by(2);
        for span in spans.filter(|span| span.contains('/') && !span.contains(' ')) {
            checked += 1;
            if !root.join(span).exists() {
                missing.push(span.to_owned());
            }
        }
    }
    assert!(checked > 100, "only {checked} paths were found");
    assert!(missing.is_empty(), "missing paths: {missing:?}");
}

/// The last column of the page names files of tests: ``feed `pages` ``, or `` `pages` `` in the
/// folder of its section.
#[test]
fn compatibility_page_names_only_existing_tests_ship_4() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = fs::read_to_string(root.join("docs/city-events/compatibility.md")).unwrap();
    let mut section = String::new();
    let mut checked = 0_usize;
    let mut missing = Vec::new();
    for line in page.lines() {
        if let Some((_, rest)) = line.split_once("Tests are in `") {
            section = rest.split('`').next().unwrap().to_owned();
        }
        let named = line.rsplit(" | ").next().unwrap();
        for test in named.trim_end_matches(" |").split(", ") {
            let Some((service, test)) =
                test.strip_suffix('`').and_then(|test| test.split_once('`'))
            else {
                continue;
            };
            if !line.starts_with("| ") || line.matches(" | ").count() != 4 {
                continue;
            }
            let folder = match service.trim() {
                "" => section.clone(),
                "platform" => "platforms/city-events/tests/e2e/platform".to_owned(),
                "symbols" => "platforms/symbols/tests".to_owned(),
                service => format!("platforms/city-events/{service}/tests"),
            };
            checked += 1;
            if !contains(&root.join(&folder), test) {
                missing.push(format!("{folder}: {test}"));
            }
        }
    }
    assert!(checked > 80, "only {checked} tests were found");
    assert!(missing.is_empty(), "missing tests:\n{}", missing.join("\n"));
}

/// Returns whether `folder` contains a file or folder with this name, without an extension.
fn contains(folder: &Path, name: &str) -> bool {
    let Ok(entries) = fs::read_dir(folder) else {
        return false;
    };
    entries
        .map(|entry| entry.unwrap().path())
        .any(|path| path.file_stem().is_some_and(|stem| stem == name) || contains(&path, name))
}

/// Returns the pages of `FOLDERS` and the READMEs of `PROJECTS`.
fn all_pages(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in FOLDERS {
        found.extend(pages(&root.join(folder)));
    }
    for (folder, levels) in PROJECTS {
        add_readmes(&root.join(folder), levels, &mut found);
    }
    found
}

/// Adds the READMEs of the folders at most `levels` below a folder.
fn add_readmes(parent: &Path, levels: usize, found: &mut Vec<PathBuf>) {
    let Some(below) = levels.checked_sub(1) else {
        return;
    };
    for entry in fs::read_dir(parent).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        let readme = folder.join("README.md");
        if readme.exists() {
            found.push(readme);
        }
        add_readmes(&folder, below, found);
    }
}

fn pages(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let files = entries.map(|entry| entry.unwrap().path());
    files
        .filter(|path| {
            path.extension().is_some_and(|extension| extension == "md")
                && !path.ends_with(GENERATED)
        })
        .collect()
}

/// The targets of relative links, without their fragments.
fn links(line: &str) -> impl Iterator<Item = &str> {
    let targets = line.split("](").skip(1);
    let targets = targets.filter_map(|rest| rest.split_once(')').map(|(target, _)| target));
    targets
        .map(|target| target.split('#').next().unwrap_or_default())
        .filter(|target| !target.is_empty() && !target.contains("://") && !target.contains(' '))
}

/// The targets and fragments of relative links with a fragment.
fn anchors(line: &str) -> impl Iterator<Item = (&str, &str)> {
    let targets = line.split("](").skip(1);
    let targets = targets.filter_map(|rest| rest.split_once(')').map(|(target, _)| target));
    targets
        .filter(|target| !target.contains("://") && !target.contains(' '))
        .filter_map(|target| target.split_once('#'))
        .filter(|(target, _)| target.is_empty() || target.ends_with(".md"))
}

/// The fragments of the headings of a page, as GitHub forms them. Repeated headings are not
/// numbered.
fn slugs(text: &str) -> BTreeSet<String> {
    let outside = text.split("\n```").step_by(2).flat_map(str::lines);
    let headings = outside.filter_map(|line| {
        line.trim_start_matches('#')
            .strip_prefix(' ')
            .filter(|_| line.starts_with('#'))
    });
    headings
        .map(|heading| {
            let kept = heading.trim().to_lowercase();
            let kept = kept
                .chars()
                .filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
            kept.map(|letter| if letter == ' ' { '-' } else { letter })
                .collect()
        })
        .collect()
}

/// Code spans that are paths of the repository without placeholders.
fn paths(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2).filter(|span| {
        ROOTS.iter().any(|start| span.starts_with(start))
            && !span.contains([' ', '*', '{', '<', ':', '…'])
            && !span.chars().any(|letter| letter.is_ascii_uppercase())
    })
}
