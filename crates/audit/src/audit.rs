//! From a folder to a report.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use crate::config::AuditConfig;
use crate::model::{FileFacts, Model, build};
use crate::packs;
use crate::report::Report;
use crate::repository::{SkipReason, walk};
use crate::rule;

/// Why an audit could not begin.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The path is not a folder that can be read.
    #[error("{path} is not a folder that can be read: {source}")]
    Root {
        /// The path as given.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
}

/// Audits the repository in a folder.
///
/// # Errors
/// [`AuditError::Root`] when the folder cannot be read. Whatever is inside never makes an error: it makes the audit
/// incomplete, and the report says so.
pub fn audit(root: &Path, config: &AuditConfig) -> Result<Report, AuditError> {
    let (model, incomplete) = model(root, config)?;
    let found = rule::run(&model, config.limits.max_findings_per_rule);
    Ok(Report::new(&model, found, incomplete))
}

/// Builds the model alone; the second part says why it is incomplete.
///
/// # Errors
/// [`AuditError::Root`] when the folder cannot be read.
pub fn model(root: &Path, config: &AuditConfig) -> Result<(Model, Vec<String>), AuditError> {
    let failed = |source| AuditError::Root {
        path: root.to_path_buf(),
        source,
    };
    let root = root.canonicalize().map_err(failed)?;
    std::fs::read_dir(&root).map_err(failed)?;
    let inventory = walk(&root, &config.limits);
    let mut incomplete = Vec::new();
    if !inventory.complete {
        let left_out = inventory
            .skipped
            .iter()
            .filter(|skipped| skipped.reason == SkipReason::OverBudget)
            .count();
        incomplete.push(format!(
            "the limits on files and bytes were reached: {left_out} files or more were not read"
        ));
    }
    let unreadable = inventory
        .skipped
        .iter()
        .filter(|skipped| skipped.reason == SkipReason::Unreadable)
        .count();
    if unreadable > 0 {
        incomplete.push(format!("{unreadable} files could not be read"));
    }
    let read: Vec<_> = inventory
        .files
        .into_par_iter()
        .map(|file| {
            let (facts, failure) = packs::read(&file, &config.limits);
            (file, facts, failure)
        })
        .collect();
    let mut files: BTreeMap<Arc<str>, FileFacts> = BTreeMap::new();
    for (file, facts, failure) in read {
        if let Some(failure) = failure {
            incomplete.push(format!("{}: {failure}", file.path));
        }
        files.insert(file.path.clone(), FileFacts { file, facts });
    }
    let name = root.file_name().map_or_else(
        || "repository".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    );
    Ok((build(name, files, inventory.paths), incomplete))
}

#[cfg(test)]
mod tests;
