//! Definitions of names, with a pattern for each language.

use regex::Regex;

/// The compiled patterns of definitions.
#[derive(Debug)]
pub struct Definitions(Vec<(&'static [&'static str], Regex)>);

impl Definitions {
    /// Compiles patterns, each with the suffixes of the paths that it applies to.
    #[must_use]
    pub fn new(patterns: &[(&'static [&'static str], &str)]) -> Self {
        let compiled = patterns
            .iter()
            .filter_map(|(ends, pattern)| Some((*ends, Regex::new(pattern).ok()?)));
        Self(compiled.collect())
    }

    /// The patterns that apply to a path.
    pub fn of_path<'d>(&'d self, path: &'d str) -> impl Iterator<Item = &'d Regex> {
        self.0
            .iter()
            .filter(move |(ends, _)| ends.iter().any(|end| path.ends_with(end)))
            .map(|(_, pattern)| pattern)
    }
}
