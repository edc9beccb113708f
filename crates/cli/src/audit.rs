//! The command `seaworthy audit`.

use std::error::Error;
use std::path::{Path, PathBuf};

use seaworthy_audit::baseline::{Baseline, EarlierReport};
use seaworthy_audit::config::ConfigFile;
use seaworthy_audit::report::{Format, JSON_SCHEMA, explanation, render, rule_document, rule_list};
use seaworthy_audit::rule::{FailOn, explain as find_rules, rules};
use seaworthy_audit::{AuditConfig, Report, audit_with_progress, explain_miss};

use crate::arguments::{Audit, AuditCommand, Output, OutputFormat};
use crate::destination::{distinct, outputs};
use crate::exit::Exit;
use crate::pdf;
use crate::terminal::{ProgressLine, print, print_error};

/// Runs the command.
pub(crate) fn run(arguments: &Audit) -> Exit {
    let printed = match &arguments.command {
        Some(AuditCommand::Explain { id }) => return explain(id),
        Some(AuditCommand::Rules { markdown: true }) => rule_document(rules()).map_err(Into::into),
        Some(AuditCommand::Rules { markdown: false }) => rule_list(rules()).map_err(Into::into),
        Some(AuditCommand::Schema) => Ok(JSON_SCHEMA.to_owned()),
        None => {
            let done = match arguments.explain_miss.as_deref() {
                Some([place, rule]) => explain_a_miss(arguments, place, rule),
                _ => report(arguments),
            };
            return match done {
                Ok(exit) => exit,
                Err(error) => print_error(&error.to_string(), Exit::Usage),
            };
        }
    };
    finish(printed.and_then(|text| print(&text)), Exit::Clean)
}

/// Explains a rule, or all rules of a requirement.
pub(crate) fn explain(id: &str) -> Exit {
    let found = find_rules(id);
    if found.is_empty() {
        return print_error(
            &format!("no rule has the ID `{id}`: list all with `seaworthy audit rules`"),
            Exit::Usage,
        );
    }
    finish(
        found
            .into_iter()
            .try_for_each(|rule| print(&explanation(rule)?)),
        Exit::Clean,
    )
}

/// Explains why a rule does not report a line.
fn explain_a_miss(arguments: &Audit, place: &str, rule: &str) -> Result<Exit, Box<dyn Error>> {
    let (path, line) = place
        .rsplit_once(':')
        .and_then(|(path, line)| Some((path, line.parse().ok().filter(|line| *line > 0)?)))
        .ok_or_else(|| format!("`{place}` is not FILE:LINE, with a line from 1"))?;
    let mut config = AuditConfig {
        honour_suppressions: !arguments.no_suppressions,
        ..AuditConfig::default()
    };
    config_file(arguments)?.apply(&mut config)?;
    let text = explain_miss(&arguments.path, &config, path, line, rule)?;
    Ok(finish(print(&text), Exit::Clean))
}

/// Audits the directory and writes the report. An error means invalid arguments, before any audit.
fn report(arguments: &Audit) -> Result<Exit, Box<dyn Error>> {
    let outputs = outputs(arguments)?;
    let file = config_file(arguments)?;
    let mut config = AuditConfig {
        honour_suppressions: !arguments.no_suppressions,
        ..AuditConfig::default()
    };
    file.apply(&mut config)?;
    let limits = &mut config.limits;
    limits.max_files = arguments.max_files.unwrap_or(limits.max_files);
    limits.max_file_bytes = arguments.max_file_bytes.unwrap_or(limits.max_file_bytes);
    limits.max_total_bytes = arguments.max_total_bytes.unwrap_or(limits.max_total_bytes);
    let known = baseline_path(arguments, &file)?;
    distinct(&outputs, arguments, known.as_deref())?;
    let baseline = match &known {
        // The first baseline does not exist yet.
        Some(path) if arguments.write_baseline.is_some() && !path.exists() => None,
        Some(path) => Some(Baseline::read(path)?),
        None => None,
    };
    let earlier = arguments
        .compare
        .as_deref()
        .map(EarlierReport::read)
        .transpose()?;
    // A missing browser is an error before the audit, and not after it.
    let needs_browser = outputs
        .iter()
        .any(|output| output.format == OutputFormat::Pdf);
    let browser = needs_browser
        .then(|| pdf::browser(arguments.browser.as_deref()))
        .transpose()?;

    let progress = ProgressLine::new(arguments.quiet);
    let audited = audit_with_progress(&arguments.path, &config, &|now| progress.show(now));
    progress.end();
    let mut report = audited?;
    let written = arguments.write_baseline.as_deref().map_or(Ok(()), |path| {
        let text = Baseline::of(&report).text()?;
        write_file(path, &text)
    });
    if let Some(baseline) = baseline {
        report.compare_with(&baseline);
    }
    if let Some(earlier) = earlier {
        report.compare_with_earlier(&earlier);
    }
    let exit = exit(&report, arguments, &file);
    if arguments.no_code {
        report = report.without_code();
    }
    let written = written.and_then(|()| {
        outputs
            .iter()
            .try_for_each(|output| write_output(&report, output, browser.as_deref()))
    });
    Ok(finish(written, exit))
}

fn config_file(arguments: &Audit) -> Result<ConfigFile, Box<dyn Error>> {
    if arguments.no_config {
        return Ok(ConfigFile::default());
    }
    match &arguments.config {
        Some(path) => Ok(ConfigFile::read(path)?),
        None => Ok(ConfigFile::find(&arguments.path)?.unwrap_or_default()),
    }
}

fn baseline_path(arguments: &Audit, file: &ConfigFile) -> Result<Option<PathBuf>, Box<dyn Error>> {
    match (&arguments.baseline, &file.baseline) {
        (Some(path), _) => Ok(Some(path.clone())),
        (None, Some(path)) => inside(&arguments.path, path).map(Some),
        (None, None) => Ok(None),
    }
}

/// Resolves a path that the repository itself configures. A symbolic link must not lead out of the
/// repository, and reading a pipe would never end.
fn inside(root: &Path, path: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let joined = root.join(path);
    let error = |problem| Err(format!("{}: the baseline {problem}", joined.display()).into());
    match (root.canonicalize(), joined.canonicalize()) {
        (Ok(root), Ok(real)) if !real.starts_with(&root) => error("is outside the repository"),
        (_, Ok(real)) if !real.is_file() => error("is not a regular file"),
        _ => Ok(joined),
    }
}

fn exit(report: &Report, arguments: &Audit, file: &ConfigFile) -> Exit {
    let fail_on: FailOn = arguments.fail_on.or(file.fail_on).unwrap_or_default();
    // The command that writes a baseline accepts its findings.
    if arguments.write_baseline.is_none() && report.fails(fail_on) {
        Exit::Threshold
    } else if report.incomplete.is_empty() {
        Exit::Clean
    } else {
        Exit::Incomplete
    }
}

fn write_output(
    report: &Report,
    output: &Output,
    browser: Option<&Path>,
) -> Result<(), Box<dyn Error>> {
    let format = match (output.format, &output.file, browser) {
        (OutputFormat::Text(format), ..) => format,
        (OutputFormat::Pdf, Some(path), Some(browser)) => {
            return pdf::print(&render(report, Format::Html)?, path, browser);
        }
        (OutputFormat::Pdf, ..) => return Err("pdf needs a file and a browser".into()),
    };
    let text = render(report, format)?;
    match &output.file {
        Some(path) if format == Format::Pretty => {
            write_file(path, &anstream::adapter::strip_str(&text).to_string())
        }
        Some(path) => write_file(path, &text),
        None => print(&text),
    }
}

fn write_file(path: &Path, text: &str) -> Result<(), Box<dyn Error>> {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()).into())
}

fn finish(done: Result<(), Box<dyn Error>>, exit: Exit) -> Exit {
    match done {
        Ok(()) => exit,
        Err(error) => print_error(
            &format!("the report could not be written: {error}"),
            Exit::Incomplete,
        ),
    }
}
