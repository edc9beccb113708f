//! Audits a repository for production readiness.
//!
//! An audit has two steps. Knowledge packs read files into a model: services with located,
//! three-valued facts. Rules then query the model. A fact that the packs cannot resolve is
//! *unknown* and never becomes a finding, because users only trust an auditor without false
//! findings.
//!
//! ```
//! let folder = tempfile::tempdir()?;
//! std::fs::write(folder.path().join("Dockerfile"), "FROM alpine:3.20\nCMD [\"/bin/true\"]\n")?;
//! let report = seaworthy_audit::audit(folder.path(), &seaworthy_audit::AuditConfig::default())?;
//! assert!(report.findings.iter().any(|finding| finding.id == "SHIP-1.root-user"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod audit;
pub mod baseline;
mod built_dockerfile;
pub mod config;
pub mod document;
mod miss;
pub mod model;
pub mod packs;
pub mod report;
pub mod repository;
pub mod rule;
pub mod secret;
pub mod source;
pub mod suppression;
pub mod syntax;

pub use audit::{AuditError, Progress, audit, audit_with_progress, model as build_model};
pub use config::AuditConfig;
pub use miss::{MissError, explain_miss};
pub use report::Report;
pub use rule::Severity;

/// The example of the README, compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
