//! Signs with their compiled patterns.

use std::collections::BTreeSet;
use std::sync::{LazyLock, OnceLock};

use regex::Regex;

use super::ascii::ascii;
use super::{Sign, sign_lists::signs};

/// A sign with its patterns. They are compiled for the first file that the sign reads, because most
/// repositories have few languages.
pub(super) struct Compiled {
    pub(super) sign: Sign,
    pattern: OnceLock<Option<Regex>>,
    unless: OnceLock<Option<Regex>>,
    within: OnceLock<Option<Regex>>,
}

impl Compiled {
    pub(super) fn pattern(&self) -> Option<&Regex> {
        self.pattern
            .get_or_init(|| compile(self.sign.pattern))
            .as_ref()
    }

    pub(super) fn keeps(&self, text: &str) -> bool {
        !self.sign.unless.is_empty()
            && self
                .unless
                .get_or_init(|| ascii(self.sign.unless))
                .as_ref()
                .is_some_and(|unless| unless.is_match(text))
    }

    /// Whether the function around a place contains what the sign needs.
    pub(super) fn needs(&self, around: &str) -> bool {
        self.sign.within.is_empty()
            || self
                .within
                .get_or_init(|| ascii(self.sign.within))
                .as_ref()
                .is_some_and(|within| within.is_match(around))
    }
}

pub(super) static COMPILED: LazyLock<Vec<Compiled>> = LazyLock::new(|| {
    signs()
        .map(|sign| Compiled {
            sign: *sign,
            pattern: OnceLock::new(),
            unless: OnceLock::new(),
            within: OnceLock::new(),
        })
        .collect()
});

/// Compiles a pattern. Go code may have the constant of a comparison first.
fn compile(pattern: &str) -> Option<Regex> {
    let either = pattern.replace("err != nil", "(?:err != nil|nil != err)");
    ascii(&either)
}

/// The patterns that follow a practice for all files of a service.
pub(super) static ELSEWHERE: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    let patterns: BTreeSet<&str> = signs()
        .map(|sign| sign.elsewhere)
        .filter(|pattern| !pattern.is_empty())
        .collect();
    patterns
        .into_iter()
        .filter_map(|pattern| Some((pattern, ascii(pattern)?)))
        .collect()
});

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::{COMPILED, ELSEWHERE};

    #[test]
    fn every_pattern_compiles() {
        for compiled in COMPILED.iter() {
            let sign = compiled.sign;
            assert!(compiled.pattern().is_some(), "{}", sign.pattern);
            assert!(Regex::new(sign.unless).is_ok(), "{}", sign.unless);
            assert!(Regex::new(sign.within).is_ok(), "{}", sign.within);
            let known = sign.elsewhere.is_empty()
                || ELSEWHERE.iter().any(|(text, _)| *text == sign.elsewhere);
            assert!(known, "{}", sign.elsewhere);
        }
    }
}
