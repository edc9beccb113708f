//! Admins, roles, permissions and territories.

mod admin;
pub(crate) mod errors;
mod permission;
mod role;
mod territory;

pub(crate) use admin::{Admin, AdminType, Status};
pub(crate) use permission::{
    ADMIN_READ, ADMIN_WRITE, AUDIT_READ, PERMISSIONS, ROLE_READ, ROLE_WRITE,
};
pub(crate) use role::{highest, levels_of, manages};
pub(crate) use territory::with_levels;
