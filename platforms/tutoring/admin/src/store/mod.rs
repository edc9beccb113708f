//! SQL statements and migrations.

pub(crate) mod admins;
mod audit_log;
mod migrations;
pub(crate) mod roles;

pub(crate) use audit_log::{AuditFilter, audit_records};
pub(crate) use migrations::MIGRATIONS;
