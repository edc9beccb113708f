//! The command `seaworthy lint-logs`: logging calls of Go and Rust without structure, or with
//! sensitive values.

mod calls;
mod config;
mod report;
mod rules;

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use seaworthy_audit::config::IgnoredPaths;
use seaworthy_audit::repository::{Limits, Role, walk};
use seaworthy_audit::source::{Language, SourceFile};
use seaworthy_audit::syntax::{parse_tree, read_code};

use self::config::LintConfig;
use self::report::{Issue, LintReport};
use crate::arguments::LintLogs;
use crate::exit::Exit;
use crate::terminal;

/// Maximum time to parse a file. A file that takes longer is not checked.
const PARSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Runs the command.
pub(crate) fn run(arguments: &LintLogs) -> Exit {
    match lint(arguments) {
        Ok(report) => {
            let text = report.render(arguments.output, arguments.verbose);
            let printed = text.and_then(|text| terminal::print(&text));
            match printed {
                Err(error) => terminal::print_error(&error.to_string(), Exit::Incomplete),
                Ok(()) if report.has_issues() => Exit::Threshold,
                Ok(()) if !report.is_complete() => Exit::Incomplete,
                Ok(()) => Exit::Clean,
            }
        }
        Err(error) => terminal::print_error(&error.to_string(), Exit::Usage),
    }
}

fn lint(arguments: &LintLogs) -> Result<LintReport, Box<dyn Error>> {
    let config = match &arguments.config {
        Some(file) => LintConfig::read(file)?,
        None => LintConfig::default(),
    };
    if !arguments.dir.is_dir() {
        return Err(format!("{} is not a directory", arguments.dir.display()).into());
    }
    let inventory = walk(&arguments.dir, &Limits::default(), &IgnoredPaths::default());
    let mut report = LintReport::new(inventory.complete);
    for file in &inventory.files {
        if !matches!(file.language, Language::Go | Language::Rust) {
            continue;
        }
        let is_skipped = config.ignores(&file.path) || role_is_skipped(file.role, &config);
        report.count(is_skipped);
        if !is_skipped {
            match issues(file, &config) {
                Some(issues) => report.extend(issues),
                None => report.fail(&file.path),
            }
        }
    }
    Ok(report)
}

fn role_is_skipped(role: Role, config: &LintConfig) -> bool {
    match role {
        Role::Test => config.skip_test_files,
        Role::Generated | Role::Vendored => true,
        _ => false,
    }
}

/// Returns the issues of a file. `None` if it cannot be parsed.
fn issues(file: &SourceFile, config: &LintConfig) -> Option<Vec<Issue>> {
    let tree = parse_tree(file.language, &file.text, PARSE_TIMEOUT).ok()?;
    let code = read_code(file, &tree);
    let calls = match file.language {
        Language::Rust => calls::of_rust(&code),
        _ => calls::of_go(&code),
    };
    let is_listed = |path: &str| {
        config
            .whitelist_files
            .iter()
            .any(|file| is_file(path, file))
    };
    if is_listed(&file.path) {
        return Some(Vec::new());
    }
    let found = calls.iter().flat_map(|call| {
        let location = file.location(call.span.clone(), None);
        rules::check(call, config)
            .into_iter()
            .map(move |finding| Issue::new(&location, &call.method, finding))
    });
    Some(found.collect())
}

/// Returns whether a path is this file, by its whole path or its name.
fn is_file(path: &str, file: &str) -> bool {
    path == file || Path::new(path).file_name().is_some_and(|name| name == file)
}
