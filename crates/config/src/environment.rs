use std::{collections::BTreeMap, ffi::OsString, fmt};

/// A snapshot of environment variables. Tests use their own and do not change the process.
///
/// `Debug` prints names only, because values may be secrets.
///
/// ```
/// use seaworthy_config::Environment;
///
/// let environment = Environment::from([("ORDERS__LOG__LEVEL", "debug")]);
/// assert_eq!(environment.value("ORDERS__LOG__LEVEL").unwrap(), Some("debug"));
/// ```
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, Variable>);

/// The value of a variable, if it is UTF-8.
type Variable = Result<String, NotUnicode>;

/// The value of a variable is not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the variable is not UTF-8")]
pub struct NotUnicode;

impl Environment {
    /// Returns the variables of this process, without names that are not UTF-8.
    #[must_use]
    pub fn from_process() -> Self {
        Self::from_os(std::env::vars_os())
    }

    fn from_os(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        Self(
            variables
                .into_iter()
                .filter_map(|(name, value)| {
                    let value = value.into_string().map_err(|_| NotUnicode);
                    Some((name.into_string().ok()?, value))
                })
                .collect(),
        )
    }

    /// Returns the value of a variable, for programs that need it before their settings.
    ///
    /// # Errors
    /// [`NotUnicode`] if the value is not UTF-8.
    pub fn value(&self, name: &str) -> Result<Option<&str>, NotUnicode> {
        self.get(name).transpose()
    }

    pub(crate) fn get(&self, name: &str) -> Option<Result<&str, NotUnicode>> {
        self.0
            .get(name)
            .map(|value| value.as_deref().map_err(|error| *error))
    }

    /// Returns the variables whose name begins with `prefix`.
    pub(crate) fn with_prefix<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, Result<&'a str, NotUnicode>)> {
        self.0
            .range(prefix.to_owned()..)
            .take_while(move |(name, _)| name.starts_with(prefix))
            .map(|(name, value)| (name.as_str(), value.as_deref().map_err(|error| *error)))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self(
            variables
                .into_iter()
                .map(|(name, value)| (name.into(), Ok(value.into())))
                .collect(),
        )
    }
}

impl<N: Into<String>, V: Into<String>, const COUNT: usize> From<[(N, V); COUNT]> for Environment {
    fn from(variables: [(N, V); COUNT]) -> Self {
        variables.into_iter().collect()
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}
