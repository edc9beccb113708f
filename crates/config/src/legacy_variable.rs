use std::borrow::Cow;

use crate::{Conversion, Profile, UrlChange, effect::Effect, key::Key};

/// An environment variable of a legacy deployment. It sets a key, it fails the load with an error
/// that names its replacement, or the service logs that it ignores the variable. So the service
/// never ignores a legacy variable silently.
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
    /// The section that contains the keys.
    section: Option<&'static str>,
    /// Whether a schema without the key skips it.
    is_optional: bool,
    /// The variable without which it is ignored.
    together_with: Option<&'static str>,
    /// The key of files that takes precedence over it.
    yields_to: Option<&'static str>,
}

/// A variable of a schema, with its key resolved.
#[derive(Debug, Clone)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) effect: Effect<Key>,
    /// The variable without which it is ignored.
    pub(crate) together_with: Option<&'static str>,
    yields_to: Option<Key>,
}

impl Variable {
    pub(crate) const fn new(name: String, effect: Effect<Key>) -> Self {
        Self {
            name,
            effect,
            together_with: None,
            yields_to: None,
        }
    }

    /// Returns the key that takes precedence if a file sets it.
    pub(crate) fn yields_to(&self) -> Option<&Key> {
        match &self.effect {
            Effect::Sets {
                key,
                conversion: Some(Conversion::Constant(_)),
            } => Some(key),
            _ => self.yields_to.as_ref(),
        }
    }

    /// Whether the variable is ignored under a condition.
    pub(crate) fn is_conditional(&self) -> bool {
        self.together_with.is_some() || self.yields_to.is_some()
    }
}

impl LegacyVariable {
    /// Creates a variable that sets a key.
    #[must_use]
    pub const fn sets(name: &'static str, key: &'static str) -> Self {
        Self::with(
            name,
            Effect::Sets {
                key: Cow::Borrowed(key),
                conversion: None,
            },
        )
    }

    /// Creates a variable whose converted value sets a key.
    #[must_use]
    pub const fn converted(name: &'static str, key: &'static str, conversion: Conversion) -> Self {
        Self::with(
            name,
            Effect::Sets {
                key: Cow::Borrowed(key),
                conversion: Some(conversion),
            },
        )
    }

    /// Creates a variable that sets the profile if `SERVICE__PROFILE` does not. `dev` is
    /// `development`, and `prod` is `production`.
    #[must_use]
    pub const fn profile(name: &'static str) -> Self {
        Self::with(name, Effect::SetsProfile)
    }

    /// Creates a variable that declares whether a part is configured, such as `TLS_ENABLED`. `true`
    /// fails the load if the key is not set, and `false` fails it if the key is set.
    #[must_use]
    pub const fn enables(name: &'static str, key: &'static str) -> Self {
        Self::with(
            name,
            Effect::Enables {
                key: Cow::Borrowed(key),
            },
        )
    }

    /// A variable that turns an optional part on or off, such as `TLS_ENABLED`. `true` fails the
    /// load if the key is not set. `false` removes `removes`, which is the key or a section around
    /// it, whichever layer sets it.
    #[must_use]
    pub const fn switches(name: &'static str, key: &'static str, removes: &'static str) -> Self {
        Self::with(
            name,
            Effect::Switches {
                key: Cow::Borrowed(key),
                removes: Cow::Borrowed(removes),
            },
        )
    }

    /// A variable whose values set a key, such as `false` for a size of 0. A value without a
    /// replacement leaves the key as it is. Any other value fails the load.
    #[must_use]
    pub const fn maps(
        name: &'static str,
        key: &'static str,
        values: &'static [(&'static str, Option<&'static str>)],
    ) -> Self {
        Self::with(
            name,
            Effect::Maps {
                key: Cow::Borrowed(key),
                values,
            },
        )
    }

    /// A variable that names the scheme of the URL at a key, such as `DATABASE_DRIVER`. Another
    /// scheme, and a value that is not in `values`, fail the load.
    #[must_use]
    pub const fn scheme(
        name: &'static str,
        key: &'static str,
        values: &'static [&'static str],
    ) -> Self {
        Self::with(
            name,
            Effect::Scheme {
                key: Cow::Borrowed(key),
                values,
            },
        )
    }

    /// A variable for a behavior that is not configurable. Its values describe what the service
    /// does. Any other value fails the load with the advice.
    #[must_use]
    pub const fn accepts(
        name: &'static str,
        values: &'static [&'static str],
        advice: &'static str,
    ) -> Self {
        Self::with(name, Effect::Accepts { values, advice })
    }

    /// Creates a variable that fails the load unless it is empty. The advice names its replacement.
    #[must_use]
    pub const fn rejected(name: &'static str, advice: &'static str) -> Self {
        Self::with(name, Effect::Rejected { advice })
    }

    /// Creates a variable whose values change the URL at a key, such as `TLS_MODE` for the scheme
    /// of a broker. Any other value fails the load.
    #[must_use]
    pub const fn changes_url(
        name: &'static str,
        key: &'static str,
        changes: &'static [(&'static str, UrlChange)],
    ) -> Self {
        Self::with(
            name,
            Effect::ChangesUrl {
                key: Cow::Borrowed(key),
                changes,
            },
        )
    }

    /// Creates a variable whose values change the URL of each item of a list, such as the URLs of
    /// replicas. `member` is the name of the URL. Any other value fails the load.
    #[must_use]
    pub const fn changes_urls(
        name: &'static str,
        list: &'static str,
        member: &'static str,
        changes: &'static [(&'static str, UrlChange)],
    ) -> Self {
        Self::with(
            name,
            Effect::ChangesUrls {
                list: Cow::Borrowed(list),
                member,
                changes,
            },
        )
    }

    /// Creates a variable with the host of a mail server. With the variables `port` and `user`,
    /// which may be absent, it sets the URL at a key. Port 465 means implicit TLS. Declare
    /// these two as [`part_of`](Self::part_of) this one.
    #[must_use]
    pub const fn mail_host(
        name: &'static str,
        key: &'static str,
        port: &'static str,
        user: &'static str,
    ) -> Self {
        Self::with(
            name,
            Effect::MailHost {
                key: Cow::Borrowed(key),
                port,
                user,
            },
        )
    }

    /// Creates a variable that is read together with another one. It fails the load if the other
    /// one is not set or is a whole URL. An empty value has no effect.
    #[must_use]
    pub const fn part_of(name: &'static str, variable: &'static str) -> Self {
        Self::with(name, Effect::PartOf { variable })
    }

    /// Creates a variable without effect. If it is not empty, the service logs a warning with the
    /// advice, which names the replacement. Only use it if no protection depends on the variable.
    /// A `*` at the end of the name matches any text.
    #[must_use]
    pub const fn ignored(name: &'static str, advice: &'static str) -> Self {
        Self::with(name, Effect::Ignored { advice })
    }

    /// Skips the variable if no type has its key, because a cargo feature is off.
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.is_optional = true;
        self
    }

    /// Ignores the variable with a warning if the other variable is not set, such as a region
    /// without the name of its bucket. An empty value has no effect.
    #[must_use]
    pub const fn together_with(mut self, variable: &'static str) -> Self {
        self.together_with = Some(variable);
        self
    }

    /// Ignores the variable with a warning if a file sets the key. An empty value has no effect.
    #[must_use]
    pub const fn unless_file_sets(mut self, key: &'static str) -> Self {
        self.yields_to = Some(key);
        self
    }

    /// Moves the keys into a section, for lists that several settings types share. `jwt.secret`
    /// within `identity` is `identity.jwt.secret`.
    #[must_use]
    pub const fn within(mut self, section: &'static str) -> Self {
        self.section = Some(section);
        self
    }

    const fn with(name: &'static str, effect: Effect<Cow<'static, str>>) -> Self {
        Self {
            name: Cow::Borrowed(name),
            effect,
            section: None,
            is_optional: false,
            together_with: None,
            yields_to: None,
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
            section: None,
            is_optional: false,
            together_with: None,
            yields_to: None,
        }
    }

    pub(crate) fn is_optional(&self) -> bool {
        self.is_optional
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
        self.effect.key().map(|key| self.parse(key))
    }

    pub(crate) fn resolve(&self) -> Variable {
        Variable {
            name: self.name.clone().into_owned(),
            effect: self.effect.resolve(|key| self.parse(key)),
            together_with: self.together_with,
            yields_to: self.yields_to.map(|key| self.parse(key)),
        }
    }

    fn parse(&self, key: &str) -> Key {
        match self.section {
            Some(section) => Key::from_dotted(&format!("{section}.{key}")),
            None => Key::from_dotted(key),
        }
    }
}

/// Parses the profile of a legacy variable.
pub(crate) fn parse_profile(text: &str) -> Result<Profile, String> {
    let mut profiles = Profile::ALL.into_iter();
    match profiles.find(|profile| profile.short_name() == Some(text)) {
        Some(profile) => Ok(profile),
        None => text
            .parse()
            .map_err(|unknown: crate::UnknownProfile| unknown.to_string()),
    }
}
