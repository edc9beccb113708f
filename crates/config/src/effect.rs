//! The effects of variables and keys of legacy deployments.

use std::borrow::Cow;

use crate::{Conversion, UrlChange, key::Key};

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
    /// Each of these values changes the URL at a key.
    ChangesUrl {
        key: K,
        changes: &'static [(&'static str, UrlChange)],
    },
    /// Each of these values changes the URL of each item of a list.
    ChangesUrls {
        list: K,
        member: &'static str,
        changes: &'static [(&'static str, UrlChange)],
    },
    /// The host of a mail server. Together with the variables of its port and its user it sets a
    /// URL.
    MailHost {
        key: K,
        port: &'static str,
        user: &'static str,
    },
    /// Is read together with this variable.
    PartOf {
        variable: &'static str,
    },
    /// Has no effect. The service logs a warning with the advice.
    Ignored {
        advice: &'static str,
    },
}

impl Effect<Cow<'static, str>> {
    /// Returns the key of the settings types, if there is one.
    pub(crate) fn key(&self) -> Option<&str> {
        match self {
            Self::Sets { key, .. }
            | Self::Enables { key }
            | Self::Switches { key, .. }
            | Self::Maps { key, .. }
            | Self::Scheme { key, .. }
            | Self::ChangesUrl { key, .. }
            | Self::ChangesUrls { list: key, .. }
            | Self::MailHost { key, .. } => Some(key),
            _ => None,
        }
    }

    /// Parses the keys.
    pub(crate) fn resolve(&self, parse: impl Fn(&str) -> Key) -> Effect<Key> {
        match self {
            Self::Sets { key, conversion } => Effect::Sets {
                key: parse(key),
                conversion: *conversion,
            },
            Self::SetsProfile => Effect::SetsProfile,
            Self::Enables { key } => Effect::Enables { key: parse(key) },
            Self::Switches { key, removes } => Effect::Switches {
                key: parse(key),
                removes: parse(removes),
            },
            Self::Maps { key, values } => Effect::Maps {
                key: parse(key),
                values,
            },
            Self::Scheme { key, values } => Effect::Scheme {
                key: parse(key),
                values,
            },
            Self::Profiles => Effect::Profiles,
            Self::Accepts { values, advice } => Effect::Accepts { values, advice },
            Self::Rejected { advice } => Effect::Rejected { advice },
            Self::ChangesUrl { key, changes } => Effect::ChangesUrl {
                key: parse(key),
                changes,
            },
            Self::ChangesUrls {
                list,
                member,
                changes,
            } => Effect::ChangesUrls {
                list: parse(list),
                member,
                changes,
            },
            Self::MailHost { key, port, user } => Effect::MailHost {
                key: parse(key),
                port,
                user,
            },
            Self::PartOf { variable } => Effect::PartOf { variable },
            Self::Ignored { advice } => Effect::Ignored { advice },
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
