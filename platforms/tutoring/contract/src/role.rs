use seaworthy::prelude::*;

/// The role of a user, in the claim `role` of access tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Buys courses and attends sessions.
    Student,
    /// Holds sessions.
    Trainer,
    /// Operates the platform, within [`AdminRole`]s and a [`Territory`](crate::Territory).
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Student, Self::Trainer, Self::Admin];

    /// Returns the name in tokens and messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Student => "student",
            Self::Trainer => "trainer",
            Self::Admin => "admin",
        }
    }

    /// Returns the role with this name. There is no default role.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

/// The role of an administrator. Each is a set of permissions in the territory of the
/// administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdminRole {
    /// The whole platform.
    SuperAdmin,
    /// One state.
    StateAdmin,
    /// One district.
    DistrictAdmin,
    /// One zone.
    ZoneAdmin,
    /// One locality.
    LocalitySupervisor,
}

impl AdminRole {
    /// Every role.
    pub const ALL: [Self; 5] = [
        Self::SuperAdmin,
        Self::StateAdmin,
        Self::DistrictAdmin,
        Self::ZoneAdmin,
        Self::LocalitySupervisor,
    ];

    /// Returns the name in tokens and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SuperAdmin => "super_admin",
            Self::StateAdmin => "state_admin",
            Self::DistrictAdmin => "district_admin",
            Self::ZoneAdmin => "zone_admin",
            Self::LocalitySupervisor => "locality_supervisor",
        }
    }

    /// Returns the role with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
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
    }
}
