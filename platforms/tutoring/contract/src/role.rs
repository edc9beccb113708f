use seaworthy::{core::Grants, prelude::*};

named! {
    /// The role of a user, in the claim `role` of access tokens.
    #[derive(JsonSchema)]
    pub enum Role {
        /// Buys courses and attends sessions.
        Student = "student",
        /// Holds sessions.
        Trainer = "trainer",
        /// Operates the platform, within [`AdminRole`]s and a [`Territory`](crate::Territory).
        Admin = "admin",
    }
}

named! {
    /// The role of an administrator. Each is a set of permissions in the territory of the
    /// administrator.
    #[derive(JsonSchema)]
    pub enum AdminRole {
        /// The whole platform.
        SuperAdmin = "super_admin",
        /// One state.
        StateAdmin = "state_admin",
        /// One district.
        DistrictAdmin = "district_admin",
        /// One zone.
        ZoneAdmin = "zone_admin",
        /// One locality.
        LocalitySupervisor = "locality_supervisor",
    }
}

impl Role {
    /// Returns the role of the user with these grants. Services have none.
    #[must_use]
    pub fn of(grants: &Grants) -> Option<Self> {
        let mut roles = Self::ALL.into_iter();
        roles.find(|role| grants.has_role(role.as_str()))
    }
}

/// Returns the roles and scopes of the caller of the current request. They are empty outside of a
/// request.
#[must_use]
pub fn grants() -> Grants {
    context::with_current(|context| context.map(RequestContext::grants)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_roles_equal_their_json_auth_5() {
        for role in Role::ALL {
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
            assert_eq!(Role::from_name(role.as_str()), Some(role));
        }
        for role in AdminRole::ALL {
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
            assert_eq!(AdminRole::from_name(role.as_str()), Some(role));
        }
        assert_eq!(Role::from_name("super_admin"), None);
        assert_eq!(Role::from_name(""), None);
        assert_eq!(
            Role::of(&Grants::new(["admin"], [""; 0])),
            Some(Role::Admin)
        );
        assert_eq!(Role::of(&grants()), None);
    }
}
