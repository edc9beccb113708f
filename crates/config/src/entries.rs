use std::{collections::BTreeSet, fmt};

use crate::{ConfigError, ConfigErrors, Loaded, Origin, key::Key, nearest::nearest, tree::Value};

/// Entries of a map setting whose names the service does not use.
///
/// A map setting, such as `clients`, accepts any name. The service declares its names at startup.
/// An entry with another name has no effect and is usually a typing error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndeclaredEntries(Vec<(String, String)>);

impl std::error::Error for UndeclaredEntries {}

impl fmt::Display for UndeclaredEntries {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (key, problem)) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(formatter, "{separator}{key}: {problem}")?;
        }
        Ok(())
    }
}

/// Checks that each of the `entries` of the map setting `key` has a name in `declared`.
///
/// If you have the loaded configuration, use [`Loaded::check_entries`]. Its errors also contain the
/// file, line and column.
///
/// ```
/// use seaworthy_config::check_entries;
///
/// let error = check_entries("clients", ["paymets"], ["payments", "stock"]).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "clients.paymets: unknown name: did you mean `payments`?"
/// );
/// ```
///
/// # Errors
/// [`UndeclaredEntries`] with every entry that is not declared, and the nearest declared name.
pub fn check_entries<'a>(
    key: &str,
    entries: impl IntoIterator<Item = &'a str>,
    declared: impl IntoIterator<Item = &'a str>,
) -> Result<(), UndeclaredEntries> {
    let declared: BTreeSet<&str> = declared.into_iter().collect();
    let undeclared: Vec<_> = entries
        .into_iter()
        .filter(|name| !declared.contains(name))
        .map(|name| (format!("{key}.{name}"), problem(name, &declared)))
        .collect();
    match undeclared.is_empty() {
        true => Ok(()),
        false => Err(UndeclaredEntries(undeclared)),
    }
}

impl Loaded {
    /// Checks that each entry of the map setting `key`, such as `clients`, has a name in
    /// `declared`. A map that is not set has no entries.
    ///
    /// # Errors
    /// [`ConfigErrors`] with every entry that is not declared, where it is set, and the nearest
    /// declared name.
    pub fn check_entries<'a>(
        &self,
        key: &str,
        declared: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), ConfigErrors> {
        let declared: BTreeSet<&str> = declared.into_iter().collect();
        let key = Key::from_dotted(key);
        let Some(Value::Mapping(entries)) = self.inner().tree.at(&key).map(|node| &node.value)
        else {
            return Ok(());
        };
        let errors = entries
            .iter()
            .filter(|(name, entry)| {
                !declared.contains(name.as_str()) && entry.origin != Origin::Default
            })
            .map(|(name, entry)| {
                ConfigError::new(
                    entry.origin.clone(),
                    key.child(name).to_string(),
                    problem(name, &declared),
                )
            })
            .collect();
        ConfigErrors::check(errors)
    }
}

fn problem(name: &str, declared: &BTreeSet<&str>) -> String {
    if let Some(near) = nearest(name, declared.iter().copied()) {
        return format!("unknown name: did you mean `{near}`?");
    }
    if declared.is_empty() {
        return "unknown name: the service declares no names here".to_owned();
    }
    let declared: Vec<&str> = declared.iter().copied().collect();
    format!("unknown name: the names here are {}", declared.join(", "))
}
