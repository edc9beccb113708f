/// The permissions `resource:action` that routes of the platform name, in alphabetical order.
pub(crate) const PERMISSIONS: [&str; 27] = [
    "admin:read",
    "admin:write",
    "allocation:read",
    "allocation:write",
    "analytics:read",
    "audit:read",
    "coins:write",
    "course:write",
    "doubt:read",
    "doubt:write",
    "events:read",
    "notification:write",
    "payment:read",
    "payment:refund",
    "price:write",
    "project:review",
    "reschedule:decide",
    "role:read",
    "role:write",
    "session:read",
    "session:write",
    "student:read",
    "student:write",
    "substitution:write",
    "trainer:approve",
    "trainer:read",
    "trainer:write",
];

/// Sees admins.
pub(crate) const ADMIN_READ: &str = "admin:read";
/// Creates and changes admins.
pub(crate) const ADMIN_WRITE: &str = "admin:write";
/// Sees the audit log.
pub(crate) const AUDIT_READ: &str = "audit:read";
/// Sees roles and permissions.
pub(crate) const ROLE_READ: &str = "role:read";
/// Changes the permissions of roles.
pub(crate) const ROLE_WRITE: &str = "role:write";
