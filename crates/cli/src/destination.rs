//! The destinations of reports. No report overwrites another file.

use std::error::Error;
use std::path::{Path, PathBuf};

use crate::arguments::{Audit, Output, OutputFormat};

/// Returns the destination of each format. At most one goes to standard output.
pub(crate) fn outputs(arguments: &Audit) -> Result<Vec<Output>, Box<dyn Error>> {
    let mut outputs = arguments.format.clone();
    let mut without_file: Vec<&mut Output> = outputs
        .iter_mut()
        .filter(|output| output.file.is_none())
        .collect();
    match (without_file.as_mut_slice(), &arguments.output) {
        ([_, _, ..], _) => {
            return Err(
                "only one format can be written to standard output: use `--format FORMAT=FILE` for the others".into(),
            );
        }
        ([], Some(_)) => {
            return Err("--output has no effect: every format already has a file".into());
        }
        ([only], Some(file)) => only.file = Some(file.clone()),
        ([_] | [], None) => {}
    }
    let is_printed = |output: &Output| output.format == OutputFormat::Pdf && output.file.is_none();
    if outputs.iter().any(is_printed) {
        return Err("pdf cannot be written to standard output: use `--format pdf=FILE`".into());
    }
    Ok(outputs)
}

/// Checks that no two outputs have the same file and that no report overwrites an input. The
/// baseline that is read may be the one that is written.
pub(crate) fn distinct(
    outputs: &[Output],
    arguments: &Audit,
    known: Option<&Path>,
) -> Result<(), Box<dyn Error>> {
    let reserved = [
        (&arguments.write_baseline, "the new baseline"),
        (&known.map(Path::to_path_buf), "the baseline"),
        (&arguments.config, "the configuration file"),
        (&arguments.compare, "the earlier report"),
    ]
    .map(|(path, what)| path.as_deref().map(|path| (real(path), what)));
    let mut taken: Vec<PathBuf> = Vec::new();
    for path in outputs.iter().filter_map(|output| output.file.as_deref()) {
        let real_path = real(path);
        if let Some((_, what)) = reserved
            .iter()
            .flatten()
            .find(|(other, _)| *other == real_path)
        {
            return Err(
                format!("a format and {what} have the same file {}", path.display()).into(),
            );
        }
        if taken.contains(&real_path) {
            return Err(format!("two formats have the same file {}", path.display()).into());
        }
        taken.push(real_path);
    }
    Ok(())
}

/// Returns the canonical path of a file that may not exist yet.
fn real(path: &Path) -> PathBuf {
    let directory = match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    };
    path.canonicalize()
        .or_else(|_| {
            let directory = directory.canonicalize()?;
            Ok::<_, std::io::Error>(match path.file_name() {
                Some(name) => directory.join(name),
                None => directory,
            })
        })
        .unwrap_or_else(|_| path.to_path_buf())
}
