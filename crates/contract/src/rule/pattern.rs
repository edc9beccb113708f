use std::sync::OnceLock;

use regex::Regex;

/// A regular expression that is compiled at its first use. The build has compiled it too, so it is
/// valid.
#[derive(Debug)]
pub struct Pattern {
    source: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// Creates a pattern in RE2 syntax, which both dialects prescribe and `regex` implements.
    #[must_use]
    pub const fn new(source: &'static str) -> Self {
        Self {
            source,
            compiled: OnceLock::new(),
        }
    }

    /// Whether the pattern occurs in the text.
    pub fn matches(&self, text: &str) -> bool {
        self.compiled
            .get_or_init(|| Regex::new(self.source).ok())
            .as_ref()
            .is_some_and(|pattern| pattern.is_match(text))
    }
}
