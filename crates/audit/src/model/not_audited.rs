//! Services that the auditor did not read.

use serde::Serialize;

/// A service that was not audited: its source was not found, or its language is not read.
///
/// Rules may still check its Dockerfile and its manifests. No verdict covers its code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotAudited {
    /// Name of the service, or the folder of its source.
    pub name: String,
    /// The reason, as a sentence about the service.
    pub reason: String,
    /// The file that shows the service.
    pub path: String,
    /// Line, from 1.
    pub line: usize,
}
