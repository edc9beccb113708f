use seaworthy::prelude::*;

/// The role of a user. A higher role has the permissions of all lower ones.
///
/// ```
/// use city_events_contract::Role;
///
/// assert_eq!(Role::from_name("admin"), Some(Role::Admin));
/// assert!(Role::Admin > Role::User);
/// ```
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Joins and organizes events.
    #[default]
    User,
    /// Also bans users and unpublishes events of others.
    Moderator,
    /// Also assigns roles.
    Admin,
}

impl Role {
    /// All roles, the lowest first.
    pub const ALL: [Self; 3] = [Self::User, Self::Moderator, Self::Admin];

    /// Returns the name in tokens, tables and responses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Moderator => "moderator",
            Self::Admin => "admin",
        }
    }

    /// Returns the role with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// Returns the highest role of the caller of the current request, or [`Role::User`] without
    /// one.
    #[must_use]
    pub fn of_caller() -> Self {
        context::with_current(|context| {
            let has = |role: &Self| {
                context.is_some_and(|context| context.grants().has_role(role.as_str()))
            };
            Self::ALL.into_iter().rev().find(has).unwrap_or_default()
        })
    }
}
