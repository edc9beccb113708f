use std::borrow::Cow;

use crate::{Conversion, Profile, key::Key};

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
    /// `true` requires a key, and `false` removes one.
    Switches {
        key: K,
        removes: K,
    },
    /// Each of these values sets a key, or leaves it as it is.
    Maps {
        key: K,
        values: &'static [(&'static str, Option<&'static str>)],
    },
    /// One of these values, which is the scheme of the URL at a key.
    Scheme {
        key: K,
        values: &'static [&'static str],
    },
    /// A section with the keys of each profile.
    Profiles,
    /// Accepts only these values, which describe the behavior of the service.
    Accepts {
        values: &'static [&'static str],
        advice: &'static str,
    },
    Rejected {
        advice: &'static str,
    },
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

    /// A variable that turns an optional part on or off, such as `TLS_ENABLED`. `true` fails the
    /// load if the key is not set. `false` removes `removes`, which is the key or a section around
    /// it, whichever layer sets it.
    #[must_use]
    pub const fn switches(name: &'static str, key: &'static str, removes: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            effect: Effect::Switches {
                key: Cow::Borrowed(key),
                removes: Cow::Borrowed(removes),
            },
        }
    }

    /// A variable whose values set a key, such as `false` for a size of 0. A value without a
    /// replacement leaves the key as it is. Any other value fails the load.
    #[must_use]
    pub const fn maps(
        name: &'static str,
        key: &'static str,
        values: &'static [(&'static str, Option<&'static str>)],
    ) -> Self {
        Self {
            name: Cow::Borrowed(name),
            effect: Effect::Maps {
                key: Cow::Borrowed(key),
                values,
            },
        }
    }

    /// A variable that names the scheme of the URL at a key, such as `DATABASE_DRIVER`. Another
    /// scheme, and a value that is not in `values`, fail the load.
    #[must_use]
    pub const fn scheme(
        name: &'static str,
        key: &'static str,
        values: &'static [&'static str],
    ) -> Self {
        Self {
            name: Cow::Borrowed(name),
            effect: Effect::Scheme {
                key: Cow::Borrowed(key),
                values,
            },
        }
    }

    /// A variable for a behavior that is not configurable. Its values describe what the service
    /// does. Any other value fails the load with the advice.
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
            Self::Sets { key, .. }
            | Self::Enables { key }
            | Self::Switches { key, .. }
            | Self::Maps { key, .. }
            | Self::Scheme { key, .. } => Some(Key::of_dotted(key)),
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
            Self::Switches { key, removes } => Effect::Switches {
                key: Key::of_dotted(key),
                removes: Key::of_dotted(removes),
            },
            Self::Maps { key, values } => Effect::Maps {
                key: Key::of_dotted(key),
                values,
            },
            Self::Scheme { key, values } => Effect::Scheme {
                key: Key::of_dotted(key),
                values,
            },
            Self::Profiles => Effect::Profiles,
            Self::Accepts { values, advice } => Effect::Accepts { values, advice },
            Self::Rejected { advice } => Effect::Rejected { advice },
        }
    }
}

/// Returns the value that sets a key, or `None` if it stays as it is.
///
/// # Errors
/// The value is not one of these.
pub(crate) fn mapped(
    values: &[(&str, Option<&'static str>)],
    text: &str,
) -> Result<Option<&'static str>, String> {
    let found = values.iter().find(|(value, _)| *value == text);
    found.map(|(_, replacement)| *replacement).ok_or_else(|| {
        let known: Vec<_> = values.iter().map(|(value, _)| *value).collect();
        format!("the value is not one of {}", known.join(", "))
    })
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
