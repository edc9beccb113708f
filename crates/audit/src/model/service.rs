//! A service: one deployable with the facts of its sources and deployment files.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;

use super::facts::{ComposeService, Image, Workload};
use super::mention::Mentions;
use super::{FactStore, NotAudited};
use crate::source::{Located, Location, SourceFile};

/// The kind of a deployable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ServiceKind {
    /// Answers requests.
    Server,
    /// Runs without answering requests.
    Worker,
    /// Runs once.
    Job,
    /// A third-party program: a database, a broker.
    Infrastructure,
    /// Unknown.
    Unknown,
}

impl ServiceKind {
    /// The name used in every output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Worker => "worker",
            Self::Job => "job",
            Self::Infrastructure => "infrastructure",
            Self::Unknown => "unknown",
        }
    }
}

/// One deployable.
#[derive(Debug)]
pub struct Service {
    /// Name for people, unique in the model.
    pub name: String,
    /// The kind of the deployable.
    pub kind: ServiceKind,
    /// Source folder relative to the root. Absent if the code is not in this repository or was not
    /// found.
    pub root: Option<String>,
    /// Languages of its sources.
    pub languages: BTreeSet<&'static str>,
    /// Its Dockerfile.
    pub image: Option<Located<Image>>,
    /// The build stage that is shipped, when a compose file names one.
    pub target: Option<String>,
    /// Its entries in compose files.
    pub compose: Vec<Located<ComposeService>>,
    /// Its Kubernetes workloads.
    pub workloads: Vec<Located<Workload>>,
    /// Facts of all its files that are not tests.
    pub facts: FactStore,
    /// Paths of its source files.
    pub files: BTreeSet<Arc<str>>,
}

/// The facts of one file.
#[derive(Debug)]
pub struct FileFacts {
    /// The file.
    pub file: SourceFile,
    /// Its facts.
    pub facts: FactStore,
}

/// The model of a repository: its services and files with their facts.
#[derive(Debug)]
pub struct Model {
    /// Services, sorted by name.
    pub services: Vec<Service>,
    /// Services that were not read, sorted by name.
    pub not_audited: Vec<NotAudited>,
    /// Deployed files without a known service, as one service. Practices in them are reported for
    /// the repository.
    pub unowned: Service,
    /// Paths of scripts that run in a browser.
    pub pages: BTreeSet<Arc<str>>,
    /// Every file with its facts, by path.
    pub files: BTreeMap<Arc<str>, FileFacts>,
    /// Every path seen, read or not.
    pub paths: BTreeSet<String>,
    /// The name of the repository's folder.
    pub name: String,
    pub(super) mentions: Mentions,
}

impl Model {
    /// Returns a place in a file for a finding, or `None` if the file was not read.
    #[must_use]
    pub fn location(
        &self,
        path: &str,
        span: Range<usize>,
        symbol: Option<&str>,
    ) -> Option<Location> {
        self.files
            .get(path)
            .map(|found| found.file.location(span, symbol.map(Arc::from)))
    }

    /// Whether the repository contains a path, read or not.
    #[must_use]
    pub fn has_path(&self, path: &str) -> bool {
        self.paths.contains(path) || self.files.contains_key(path)
    }

    /// The files of a service that were read.
    pub fn files_of<'m>(&'m self, service: &'m Service) -> impl Iterator<Item = &'m FileFacts> {
        service.files.iter().filter_map(|path| self.files.get(path))
    }

    /// The service that a file belongs to, when it is exactly one.
    #[must_use]
    pub fn service_of(&self, path: &str) -> Option<&str> {
        let mut owners = self
            .services
            .iter()
            .filter(|service| service.files.contains(path));
        match (owners.next(), owners.next()) {
            (Some(service), None) => Some(&service.name),
            _ => None,
        }
    }
}
