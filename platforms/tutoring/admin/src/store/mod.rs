//! SQL statements and migrations.

mod admins;
mod audit;
mod migrations;
mod roles;

pub(crate) use admins::{AdminFilter, Admins};
pub(crate) use audit::{AuditFilter, audit_records};
pub(crate) use migrations::MIGRATIONS;
pub(crate) use roles::RolePermissions;
