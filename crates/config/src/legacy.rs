use std::borrow::Cow;

use crate::{ConfigError, Origin, Profile, key::Key, tree::Node};

const SECONDS_PER_DAY: u32 = 24 * 60 * 60;

/// An environment variable of a legacy deployment. It sets a key, or it fails the load with an
/// error that names its replacement. So the service does not ignore any legacy variable.
///
/// ```
/// use seaworthy_config::{Conversion, LegacyVariable};
///
/// const VARIABLES: [LegacyVariable; 4] = [
///     LegacyVariable::sets("JWT_SECRET", "jwt.secret"),
///     LegacyVariable::converted("PORT", "server.http.addr", Conversion::Port),
///     LegacyVariable::accepts("OUTBOX_ENABLED", &["true"], "the outbox is always enabled: remove it"),
///     LegacyVariable::rejected("SMTP_HOST", "set mail.url to smtp://USER@HOST:PORT"),
/// ];
/// assert_eq!(VARIABLES[1].name(), "PORT");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacyVariable {
    name: Cow<'static, str>,
    effect: Effect<Cow<'static, str>>,
}

/// How the value of a legacy variable becomes the value of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Conversion {
    /// A port number. It becomes an address on all interfaces, such as `:8080`.
    Port,
    /// A number of seconds. It becomes a duration, such as `60s`.
    Seconds,
    /// A number of seconds, a multiple of 86400. It becomes a number of days, such as `365`.
    Days,
    /// A host and port without a scheme, such as `collector:4318`. It becomes an HTTP URL.
    HttpUrl,
    /// A host and port without a scheme, such as `cache:6379`. It becomes a Redis URL.
    RedisUrl,
}

/// The effect of a variable. `K` is the type of the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect<K> {
    Sets {
        key: K,
        conversion: Option<Conversion>,
    },
    /// Sets the profile, if the variable of the service does not.
    SetsProfile,
    /// `true` requires a key, and `false` requires its absence.
    Enables {
        key: K,
    },
    /// Accepts only these values, which describe the behavior of the service.
    Accepts {
        values: &'static [&'static str],
        advice: &'static str,
    },
    Rejected {
        advice: &'static str,
    },
}

/// A key that must be set or unset, because a variable or a legacy key requires it.
#[derive(Debug)]
pub(crate) struct Requirement {
    pub(crate) origin: Origin,
    pub(crate) name: String,
    pub(crate) key: Key,
    pub(crate) is_set: bool,
}

impl Requirement {
    /// Reads the value of a variable or a legacy key.
    ///
    /// # Errors
    /// The value is neither `true` nor `false`.
    pub(crate) fn new(
        origin: &Origin,
        name: &str,
        key: &Key,
        text: &str,
    ) -> Result<Self, &'static str> {
        let is_set = match text {
            "true" => true,
            "false" => false,
            _ => return Err("the value is neither true nor false"),
        };
        Ok(Self {
            origin: origin.clone(),
            name: name.to_owned(),
            key: key.clone(),
            is_set,
        })
    }

    /// Returns an error if the settings do not meet the requirement.
    pub(crate) fn check(self, tree: &Node) -> Option<ConfigError> {
        let is_set = tree.at(&self.key).is_some_and(|node| !node.is_null());
        if is_set == self.is_set {
            return None;
        }
        let key = &self.key;
        let problem = match self.is_set {
            true => format!("set {key} too"),
            false => format!("{key} is set: remove one of them"),
        };
        Some(ConfigError::new(self.origin, self.name, problem))
    }
}

/// A variable of a schema, with its key resolved.
#[derive(Debug, Clone)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) effect: Effect<Key>,
}

impl LegacyVariable {
    /// Creates a variable that sets a key.
    #[must_use]
    pub const fn sets(name: &'static str, key: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            effect: Effect::Sets {
                key: Cow::Borrowed(key),
                conversion: None,
            },
        }
    }

    /// Creates a variable whose converted value sets a key.
    #[must_use]
    pub const fn converted(name: &'static str, key: &'static str, conversion: Conversion) -> Self {
        Self {
            name: Cow::Borrowed(name),
            effect: Effect::Sets {
                key: Cow::Borrowed(key),
                conversion: Some(conversion),
            },
        }
    }

    /// Creates a variable that sets the profile if `SERVICE__PROFILE` does not. `dev` is
    /// `development`, and `prod` is `production`.
    #[must_use]
    pub const fn profile(name: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            effect: Effect::SetsProfile,
        }
    }

    /// Creates a variable that declares whether a part is configured, such as `TLS_ENABLED`. `true`
    /// fails the load if the key is not set, and `false` fails it if the key is set.
    #[must_use]
    pub const fn enables(name: &'static str, key: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            effect: Effect::Enables {
                key: Cow::Borrowed(key),
            },
        }
    }

    /// Creates a variable for behavior that is not configurable. `values` describe this behavior.
    /// Any other value fails the load with the advice.
    #[must_use]
    pub const fn accepts(
        name: &'static str,
        values: &'static [&'static str],
        advice: &'static str,
    ) -> Self {
        Self {
            name: Cow::Borrowed(name),
            effect: Effect::Accepts { values, advice },
        }
    }

    /// Creates a variable that fails the load unless it is empty. The advice names its replacement.
    #[must_use]
    pub const fn rejected(name: &'static str, advice: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            effect: Effect::Rejected { advice },
        }
    }

    /// Creates a variable that sets a key, from names that are not constants.
    pub(crate) fn owned(name: &str, key: &str) -> Self {
        Self {
            name: Cow::Owned(name.to_owned()),
            effect: Effect::Sets {
                key: Cow::Owned(key.to_owned()),
                conversion: None,
            },
        }
    }

    /// Returns the name of the variable.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn sets_profile(&self) -> bool {
        self.effect == Effect::SetsProfile
    }

    /// Returns the key that the variable sets or requires, if any.
    pub(crate) fn key(&self) -> Option<Key> {
        self.effect.key()
    }

    pub(crate) fn resolve(&self) -> Variable {
        Variable {
            name: self.name.clone().into_owned(),
            effect: self.effect.resolve(),
        }
    }
}

impl Effect<Cow<'static, str>> {
    /// Returns the key of the settings types, if there is one.
    pub(crate) fn key(&self) -> Option<Key> {
        match self {
            Self::Sets { key, .. } | Self::Enables { key } => Some(Key::of_dotted(key)),
            _ => None,
        }
    }

    /// Parses the key.
    pub(crate) fn resolve(&self) -> Effect<Key> {
        match self {
            Self::Sets { key, conversion } => Effect::Sets {
                key: Key::of_dotted(key),
                conversion: *conversion,
            },
            Self::SetsProfile => Effect::SetsProfile,
            Self::Enables { key } => Effect::Enables {
                key: Key::of_dotted(key),
            },
            Self::Accepts { values, advice } => Effect::Accepts { values, advice },
            Self::Rejected { advice } => Effect::Rejected { advice },
        }
    }
}

impl Conversion {
    /// Converts a value.
    ///
    /// # Errors
    /// A description of the expected format.
    pub(crate) fn apply(self, text: &str) -> Result<String, &'static str> {
        match self {
            Self::Port => match text.parse::<u16>() {
                Ok(port) => Ok(format!(":{port}")),
                Err(_) => Err("the value is not a port: use a number from 0 to 65535"),
            },
            Self::Seconds => match text.parse::<u32>() {
                Ok(seconds) => Ok(format!("{seconds}s")),
                Err(_) => Err("the value is not a number of seconds: use a whole number"),
            },
            Self::Days => match text.parse::<u32>() {
                Ok(seconds) if seconds % SECONDS_PER_DAY == 0 => {
                    Ok((seconds / SECONDS_PER_DAY).to_string())
                }
                _ => Err(
                    "the value is not a number of whole days in seconds: use a multiple of 86400",
                ),
            },
            Self::HttpUrl | Self::RedisUrl if text.contains("://") => Ok(text.to_owned()),
            Self::HttpUrl => Ok(format!("http://{text}")),
            Self::RedisUrl => Ok(format!("redis://{text}")),
        }
    }

    /// Describes the format of the variable, for the generated documentation.
    pub(crate) fn format(self) -> &'static str {
        match self {
            Self::Port => "a port, which becomes an address on all interfaces",
            Self::Seconds => "a number of seconds",
            Self::Days => "whole days in seconds",
            Self::HttpUrl | Self::RedisUrl => "a URL, or a host and port",
        }
    }
}

/// Parses the profile of a legacy variable.
pub(crate) fn parse_profile(text: &str) -> Result<Profile, String> {
    match text {
        "dev" => Ok(Profile::Development),
        "prod" => Ok(Profile::Production),
        text => text
            .parse()
            .map_err(|unknown: crate::UnknownProfile| unknown.to_string()),
    }
}
