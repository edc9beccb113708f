//! `seaworthy.required_flag`: the feature flag that a method requires.

use prost_reflect::{DynamicMessage, MethodDescriptor, Value};

use crate::diagnostic::{Diagnostics, Location};

const REQUIRED_FLAG: &str = "seaworthy.required_flag";
const HIDDEN: &str = "Hidden";
/// Maximum length of a key, in bytes: the limit of flag files.
const MAX_KEY: usize = 200;

/// The feature flag that a method requires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequiredFlag {
    pub(crate) key: String,
    pub(crate) on_by_default: bool,
    /// A variant of `MethodFlagRejection`.
    pub(crate) rejection: &'static str,
}

impl RequiredFlag {
    pub(crate) fn is_hidden(&self) -> bool {
        self.rejection == HIDDEN
    }
}

/// Reads the option of a method.
pub(crate) fn read(
    method: &MethodDescriptor,
    location: &Location,
    diagnostics: &mut Diagnostics,
) -> Option<RequiredFlag> {
    let options = method.options();
    let (_, option) = options
        .extensions()
        .find(|(extension, _)| extension.full_name() == REQUIRED_FLAG)?;
    let option = option.as_message()?;
    let key = option.get_field_by_name("key");
    let key = key.as_deref().and_then(Value::as_str).unwrap_or_default();
    let (hidden, unavailable) = (is_set(option, "hidden"), is_set(option, "unavailable"));
    if hidden && unavailable {
        diagnostics.add(
            location.clone(),
            format!(
                "{REQUIRED_FLAG} of `{}`: set only one of hidden and unavailable",
                method.name()
            ),
        );
    }
    if key.is_empty() || key.len() > MAX_KEY {
        diagnostics.add(
            location.clone(),
            format!(
                "{REQUIRED_FLAG} of `{}`: the key must have 1–{MAX_KEY} bytes",
                method.name()
            ),
        );
    }
    Some(RequiredFlag {
        key: key.to_owned(),
        on_by_default: is_set(option, "on_by_default"),
        rejection: match (hidden, unavailable) {
            (true, _) => HIDDEN,
            (false, true) => "Unavailable",
            (false, false) => "Disabled",
        },
    })
}

fn is_set(option: &DynamicMessage, field: &str) -> bool {
    let value = option.get_field_by_name(field);
    value
        .as_deref()
        .and_then(Value::as_bool)
        .unwrap_or_default()
}
