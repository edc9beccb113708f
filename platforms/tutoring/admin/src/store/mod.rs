//! SQL statements and migrations.

pub(crate) mod admins;
mod audit;
mod migrations;
pub(crate) mod roles;

pub(crate) use audit::{AuditFilter, audit_records};
pub(crate) use migrations::MIGRATIONS;
