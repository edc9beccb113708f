use seaworthy::prelude::*;

/// What somebody may do. A higher role may do what a lower one may.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Takes part and organises.
    #[default]
    User,
    /// Also bans and takes events off.
    Moderator,
    /// Also gives roles.
    Admin,
}

impl Role {
    /// All of them, the lowest first.
    pub const ALL: [Self; 3] = [Self::User, Self::Moderator, Self::Admin];

    /// The name in tokens, tables and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Moderator => "moderator",
            Self::Admin => "admin",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// The highest role that the caller of the present request was granted; the lowest where none is known.
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
