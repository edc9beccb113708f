use tutoring_contract::AdminRole;

/// Returns how many levels of a territory the role needs. A super admin has no territory.
pub(crate) const fn levels_of(role: AdminRole) -> usize {
    match role {
        AdminRole::SuperAdmin => 0,
        AdminRole::StateAdmin => 1,
        AdminRole::DistrictAdmin => 2,
        AdminRole::ZoneAdmin => 3,
        AdminRole::LocalitySupervisor => 4,
    }
}

/// Returns the highest of these roles: the one with the largest territory.
pub(crate) fn highest(roles: &[AdminRole]) -> Option<AdminRole> {
    roles.iter().copied().min_by_key(|role| levels_of(*role))
}

/// Returns whether an admin with the role `own` may give or take another role. Super admins also
/// manage each other.
pub(crate) fn manages(own: AdminRole, other: AdminRole) -> bool {
    own == AdminRole::SuperAdmin || levels_of(own) < levels_of(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_manages_only_lower_roles_auth_5() {
        assert!(manages(AdminRole::SuperAdmin, AdminRole::SuperAdmin));
        assert!(manages(AdminRole::StateAdmin, AdminRole::DistrictAdmin));
        assert!(!manages(AdminRole::StateAdmin, AdminRole::StateAdmin));
        assert!(!manages(AdminRole::ZoneAdmin, AdminRole::SuperAdmin));
        let both = [AdminRole::ZoneAdmin, AdminRole::DistrictAdmin];
        assert_eq!(highest(&both), Some(AdminRole::DistrictAdmin));
    }
}
