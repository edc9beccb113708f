//! `seaworthy.required_flag`: the feature flag that a method requires.

use prost_reflect::{MethodDescriptor, Value};

use crate::diagnostic::{Diagnostics, Location};

const REQUIRED_FLAG: &str = "seaworthy.required_flag";
/// The limit of flag files.
const MAX_KEY: usize = 200;

/// The feature flag that a method requires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequiredFlag {
    pub(crate) key: String,
    pub(crate) hidden: bool,
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
    let hidden = option.get_field_by_name("hidden");
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
        hidden: hidden
            .as_deref()
            .and_then(Value::as_bool)
            .unwrap_or_default(),
    })
}
