//! Audits a repository for production readiness.
