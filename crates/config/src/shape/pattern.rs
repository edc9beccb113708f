use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use regex::Regex;

/// A regular expression of a schema, compiled at its first use.
///
/// Compilation is the most expensive part of a start, and most patterns belong to settings that are
/// not set.
#[derive(Debug, Clone)]
pub(crate) struct Pattern(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    text: String,
    regex: OnceLock<Result<Regex, String>>,
}

impl Pattern {
    pub(super) fn new(text: &str) -> Self {
        Self(Arc::new(Inner {
            text: text.to_owned(),
            regex: OnceLock::new(),
        }))
    }

    /// Whether the pattern matches a part of `text`.
    ///
    /// # Errors
    /// The error text if the pattern is not a regular expression.
    pub(crate) fn is_match(&self, text: &str) -> Result<bool, &str> {
        let compile = || Regex::new(&self.0.text).map_err(|error| error.to_string());
        match self.0.regex.get_or_init(compile) {
            Ok(regex) => Ok(regex.is_match(text)),
            Err(error) => Err(error),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.text)
    }
}
