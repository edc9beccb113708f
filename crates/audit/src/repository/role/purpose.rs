//! The purpose of a file, by the comment at its top.

use std::sync::LazyLock;

use regex::Regex;

/// Maximum number of lines that are read. The first lines of a comment state the purpose.
const MAX_LINES: usize = 40;

/// `Do not use this for production`, `not meant to be run in production`.
static NOT_FOR_PRODUCTION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:not|never|don't) (?:be )?(?:to be )?(?:use|used|run|meant|intended|suitable|fit|for|recommended|ready)\b[^.]{0,60}?\bproduction\b").ok()
});
/// `This file is for the development setup`, `intended to be used for demo, development and
/// learning`.
static FOR_DEVELOPMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:this|it|these)\b[^.]{0,80}?\b(?:is|are|intended|meant|used|only)\b[^.]{0,40}?\bfor\b[^.]{0,30}?\bdevelopment\b([^.]*)").ok()
});

/// Whether the comment at the top describes the file as a tool for developers.
pub(super) fn is_for_development(text: &str) -> bool {
    let mut comment = String::new();
    for line in text.lines().take(MAX_LINES).map(str::trim) {
        match line.strip_prefix('#') {
            Some(words) => {
                comment.push_str(words.trim_matches(['#', ' ']));
                comment.push(' ');
            }
            None if line.is_empty() => comment.push_str(". "),
            None => break,
        }
    }
    let comment = comment.replace(['*', '_', '`'], "");
    let matches = |regex: &LazyLock<Option<Regex>>| {
        regex.as_ref().and_then(|regex| {
            let captures = regex.captures(&comment)?;
            Some(captures.get(1).map_or("", |rest| rest.as_str()).to_owned())
        })
    };
    matches(&NOT_FOR_PRODUCTION).is_some()
        || matches(&FOR_DEVELOPMENT).is_some_and(|rest| !rest.to_lowercase().contains("production"))
}

#[cfg(test)]
mod tests {
    use super::{FOR_DEVELOPMENT, NOT_FOR_PRODUCTION, is_for_development};

    #[test]
    fn header_comment_of_a_file_decides_its_role() {
        assert!(NOT_FOR_PRODUCTION.is_some() && FOR_DEVELOPMENT.is_some());
        for text in [
            "# This file is for the **development** setup.\n# In production we use charts.\nservices:\n",
            "# NOTE: please do not use this setup for production.\nservices:\n",
            "# The stack.\n#\n# It is meant to be used for demo, development and\n# learning only.\nservices:\n",
        ] {
            assert!(is_for_development(text), "{text}");
        }
    }

    #[test]
    fn comment_about_development_does_not_change_the_role() {
        for text in [
            "# For development, see compose.override.yaml.\nservices:\n",
            "# This file is for development and production.\nservices:\n",
            "# The password is not logged. Production reads it from a vault.\nservices:\n",
            "services:\n  # this is for development\n  a: {}\n",
        ] {
            assert!(!is_for_development(text), "{text}");
        }
    }
}
