//! Where the reports go, and that none is written over another.

use std::error::Error;
use std::path::{Path, PathBuf};

use crate::arguments::{Audit, Output};

/// Where each form goes. Two forms on one terminal would be neither.
pub(crate) fn outputs(arguments: &Audit) -> Result<Vec<Output>, Box<dyn Error>> {
    let mut outputs = arguments.format.clone();
    let mut without_file: Vec<&mut Output> = outputs
        .iter_mut()
        .filter(|output| output.file.is_none())
        .collect();
    match (without_file.as_mut_slice(), &arguments.output) {
        ([_, _, ..], _) => {
            return Err(
                "only one format can go without a file; write `--format FORMAT=FILE`".into(),
            );
        }
        ([], Some(_)) => return Err("--output has no format: every one has its own file".into()),
        ([only], Some(file)) => only.file = Some(file.clone()),
        ([_] | [], None) => {}
    }
    Ok(outputs)
}

/// Refuses to write two things to one file, and a report over what the audit reads. The baseline that is read may be the one that is written.
pub(crate) fn distinct(
    outputs: &[Output],
    arguments: &Audit,
    known: Option<&Path>,
) -> Result<(), Box<dyn Error>> {
    let kept = [
        (&arguments.write_baseline, "the new baseline"),
        (&known.map(Path::to_path_buf), "the baseline"),
        (&arguments.config, "the configuration file"),
    ]
    .map(|(path, what)| path.as_deref().map(|path| (real(path), what)));
    let mut taken: Vec<PathBuf> = Vec::new();
    for path in outputs.iter().filter_map(|output| output.file.as_deref()) {
        let place = real(path);
        if let Some((_, what)) = kept.iter().flatten().find(|(other, _)| *other == place) {
            return Err(format!("a format and {what} go to {}", path.display()).into());
        }
        if taken.contains(&place) {
            return Err(format!("two formats go to {}", path.display()).into());
        }
        taken.push(place);
    }
    Ok(())
}

/// The same for every way to write the path of a file, also of one that is not there yet.
fn real(path: &Path) -> PathBuf {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    path.canonicalize()
        .or_else(|_| {
            let folder = folder.canonicalize()?;
            Ok::<_, std::io::Error>(match path.file_name() {
                Some(name) => folder.join(name),
                None => folder,
            })
        })
        .unwrap_or_else(|_| path.to_path_buf())
}
