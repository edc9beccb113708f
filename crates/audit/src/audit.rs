//! From a folder to a report.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::built_dockerfile;
use crate::config::AuditConfig;
use crate::model::{FileFacts, Model, build};
use crate::packs;
use crate::report::{LeftOut, Report};
use crate::repository::{Inventory, SkipReason, walk};
use crate::rule;

/// Errors that prevent an audit.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The path is not a folder that can be read.
    #[error("{path} cannot be read as a directory: {source}")]
    Root {
        /// The path as given.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The settings set a tier for a service that does not exist.
    #[error("{place}: `{name}` is not a service of the repository: use one of {known}")]
    UnknownService {
        /// The location of the tier setting.
        place: String,
        /// The name.
        name: String,
        /// The names of all services.
        known: String,
    },
}

/// The progress of an audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Looking for files.
    Walking,
    /// Reading files.
    Reading {
        /// The number of files that were read.
        read: usize,
        /// The number of files to read.
        of: usize,
    },
    /// Checking rules.
    Asking,
}

/// Audits the repository in a folder.
///
/// # Errors
/// - [`AuditError::Root`] if the folder cannot be read.
/// - [`AuditError::UnknownService`] if the settings name a service that does not exist.
///
/// The content of the repository never causes an error. It can make the audit incomplete, which
/// the report shows.
pub fn audit(root: &Path, config: &AuditConfig) -> Result<Report, AuditError> {
    audit_with_progress(root, config, &|_| {})
}

/// Audits like [`audit`] and reports its progress. Several threads call the function, once for each
/// file.
///
/// # Errors
/// As [`audit`].
pub fn audit_with_progress(
    root: &Path,
    config: &AuditConfig,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Report, AuditError> {
    let read = read(root, config, progress)?;
    if let Some(unknown) = config.service_tiers.iter().find(|tier| {
        !read
            .model
            .services
            .iter()
            .any(|service| service.name == tier.service)
    }) {
        let known: Vec<_> = read
            .model
            .services
            .iter()
            .map(|service| service.name.as_str())
            .collect();
        return Err(AuditError::UnknownService {
            place: unknown.place.clone(),
            name: unknown.service.clone(),
            known: known.join(", "),
        });
    }
    progress(Progress::Asking);
    let found = rule::run(&read.model, config);
    let mut report = Report::new(&read.model, found, read.incomplete, config);
    report.left_out = read.left_out;
    Ok(report)
}

/// Builds only the model. The strings are the reasons why it is incomplete.
///
/// # Errors
/// [`AuditError::Root`] when the folder cannot be read.
pub fn model(root: &Path, config: &AuditConfig) -> Result<(Model, Vec<String>), AuditError> {
    read(root, config, &|_| {}).map(|read| (read.model, read.incomplete))
}

struct Read {
    model: Model,
    incomplete: Vec<String>,
    left_out: Vec<LeftOut>,
}

fn read(
    root: &Path,
    config: &AuditConfig,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Read, AuditError> {
    let failed = |source| AuditError::Root {
        path: root.to_path_buf(),
        source,
    };
    let root = root.canonicalize().map_err(failed)?;
    std::fs::read_dir(&root).map_err(failed)?;
    progress(Progress::Walking);
    let inventory = walk(&root, &config.limits, &config.ignored);
    let left_out = left_out(&inventory);
    let mut incomplete = Vec::new();
    if !inventory.complete {
        let count = inventory
            .skipped
            .iter()
            .filter(|skipped| skipped.reason == SkipReason::OverBudget)
            .count();
        incomplete.push(format!(
            "a limit on files, bytes or depth was reached: at least {count} files and folders were not read"
        ));
    }
    let unreadable: Vec<_> = inventory
        .skipped
        .iter()
        .filter(|skipped| skipped.reason == SkipReason::Unreadable)
        .collect();
    if let Some(first) = unreadable.first() {
        incomplete.push(format!(
            "{} files or folders could not be read, for example {}",
            unreadable.len(),
            first.path
        ));
    }
    let of = inventory.files.len();
    let done = AtomicUsize::new(0);
    let read: Vec<_> = inventory
        .files
        .into_par_iter()
        .map(|file| {
            let (facts, failure) = packs::read(&file, &config.limits);
            progress(Progress::Reading {
                read: done.fetch_add(1, Ordering::Relaxed) + 1,
                of,
            });
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
    built_dockerfile::read_built(&mut files, &config.limits);
    let name = root.file_name().map_or_else(
        || "repository".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    );
    Ok(Read {
        model: build(name, files, inventory.paths),
        incomplete,
        left_out,
    })
}

fn left_out(inventory: &Inventory) -> Vec<LeftOut> {
    [
        (SkipReason::TooLarge, "larger than the limit"),
        (SkipReason::Unnameable, "with a name that is not UTF-8"),
        (SkipReason::Ignored, "left out by the configuration"),
    ]
    .into_iter()
    .filter_map(|(reason, words)| {
        let mut of_it = inventory
            .skipped
            .iter()
            .filter(|skipped| skipped.reason == reason);
        let first = of_it.next()?;
        Some(LeftOut {
            reason: words,
            count: of_it.count() + 1,
            example: first.path.clone(),
        })
    })
    .collect()
}

#[cfg(test)]
mod tests;
