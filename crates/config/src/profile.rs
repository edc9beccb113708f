use std::{fmt, str::FromStr};

use crate::nearest::nearest;

/// The environment of a service. It selects the file that overrides `config.yaml` (CONF-2) and how
/// strict preflight is.
///
/// ```
/// use seaworthy_config::Profile;
///
/// assert_eq!("staging".parse::<Profile>(), Ok(Profile::Staging));
/// assert!("prod".parse::<Profile>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Profile {
    /// The machine of a developer. Unsafe settings are warnings.
    #[default]
    Development,
    /// Automated tests.
    Test,
    /// The last environment before production.
    Staging,
    /// The environment of real users. The service does not start with unsafe settings.
    Production,
}

impl Profile {
    /// All profiles.
    pub const ALL: [Self; 4] = [
        Self::Development,
        Self::Test,
        Self::Staging,
        Self::Production,
    ];

    /// The name, as in `config.production.yaml`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Test => "test",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }

    /// The short name, as in `config.prod.yaml` and in variables of legacy deployments.
    pub(crate) const fn short_name(self) -> Option<&'static str> {
        match self {
            Self::Development => Some("dev"),
            Self::Production => Some("prod"),
            Self::Test | Self::Staging => None,
        }
    }
}

/// The error for a string that is not the name of a profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown profile {name:?}: {advice}", advice = advice(name))]
pub struct UnknownProfile {
    name: String,
}

fn advice(name: &str) -> String {
    match nearest(name, Profile::ALL.map(Profile::name)) {
        Some(near) => format!("did you mean {near:?}?"),
        None => "use development, test, staging or production".to_owned(),
    }
}

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(name: &str) -> Result<Self, UnknownProfile> {
        Self::ALL
            .into_iter()
            .find(|profile| profile.name() == name)
            .ok_or_else(|| UnknownProfile {
                name: name.to_owned(),
            })
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
