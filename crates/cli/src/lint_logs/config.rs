use std::error::Error;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::is_file;

/// Words of names and messages that are sensitive.
const DEFAULT_KEYWORDS: [&str; 18] = [
    "password",
    "token",
    "secret",
    "key",
    "auth",
    "email",
    "phone",
    "mobile",
    "card",
    "id",
    "user",
    "account",
    "login",
    "credential",
    "session",
    "cookie",
    "jwt",
    "oauth",
];
/// The default of `min_message_length`: a constant message of this length is easy to search.
const DEFAULT_MIN_MESSAGE_LENGTH: usize = 50;

/// Settings of the check, in TOML or JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct LintConfig {
    /// Whether test files are skipped.
    pub(super) skip_test_files: bool,
    /// Files that are not read, by name or path.
    pub(super) ignore_files: Vec<String>,
    /// Folders that are not read, by name or path.
    pub(super) ignore_dirs: Vec<String>,
    /// Files whose calls are accepted.
    pub(super) whitelist_files: Vec<String>,
    /// Methods whose form is accepted.
    pub(super) whitelist_methods: Vec<String>,
    /// Words of names and messages that are sensitive.
    pub(super) sensitive_keywords: Vec<String>,
    /// A longer message should have fields.
    pub(super) min_message_length: usize,
    /// The severity by method.
    pub(super) severity_config: SeverityConfig,
}

/// Methods by severity, without `f`, `ln` and `w` at the end.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SeverityConfig {
    pub(super) error_methods: Vec<String>,
    pub(super) warn_methods: Vec<String>,
    pub(super) info_methods: Vec<String>,
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

impl Default for LintConfig {
    fn default() -> Self {
        Self {
            skip_test_files: true,
            ignore_files: Vec::new(),
            ignore_dirs: Vec::new(),
            whitelist_files: Vec::new(),
            whitelist_methods: owned(&["Printf"]),
            sensitive_keywords: owned(&DEFAULT_KEYWORDS),
            min_message_length: DEFAULT_MIN_MESSAGE_LENGTH,
            severity_config: SeverityConfig::default(),
        }
    }
}

impl Default for SeverityConfig {
    fn default() -> Self {
        Self {
            error_methods: owned(&["error", "fatal", "panic"]),
            warn_methods: owned(&["warn", "warning"]),
            info_methods: owned(&["info", "debug", "trace", "print"]),
        }
    }
}

impl LintConfig {
    /// Reads a file: JSON if its name ends with `.json`, else TOML.
    ///
    /// # Errors
    /// The file cannot be read, or a setting is unknown or invalid.
    pub(super) fn read(file: &Path) -> Result<Self, Box<dyn Error>> {
        let named = |error: &dyn Error| format!("{}: {error}", file.display());
        let text = fs::read_to_string(file).map_err(|error| named(&error))?;
        if file.extension().is_some_and(|end| end == "json") {
            serde_json::from_str(&text).map_err(|error| named(&error).into())
        } else {
            toml::from_str(&text).map_err(|error| named(&error).into())
        }
    }

    pub(super) fn ignores(&self, path: &str) -> bool {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let is_in = |ignored: &String| {
            let ignored = ignored.trim_end_matches('/');
            folder.split('/').any(|part| part == ignored)
                || folder == ignored
                || folder
                    .strip_prefix(ignored)
                    .is_some_and(|rest| rest.starts_with('/'))
        };
        self.ignore_dirs.iter().any(is_in)
            || self.ignore_files.iter().any(|file| is_file(path, file))
    }
}
