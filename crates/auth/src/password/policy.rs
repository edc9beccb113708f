use schemars::JsonSchema;
use seaworthy_core::{Code, Error, Secret};
use serde::{Deserialize, Serialize};

/// The default of `min_length`, from the contract of City Events. NIST SP 800-63B-4 requires 15 for
/// a single factor and 8 for one of two.
const DEFAULT_MIN_LENGTH: usize = 12;
/// The default of `max_length`. NIST requires at least 64. Longer texts only cost time.
const DEFAULT_MAX_LENGTH: usize = 1_024;
/// Minimum number of distinct letters. With fewer, a text is a repetition such as `abababababab`.
const MIN_DISTINCT: usize = 5;

/// The roots of the most common published passwords. Attackers try each with a few digits or signs
/// first.
const COMMON: [&str; 40] = [
    "password",
    "passwort",
    "passw0rd",
    "motdepasse",
    "contrasena",
    "qwerty",
    "qwertz",
    "azerty",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1q2w3e4r5t",
    "1qaz2wsx",
    "iloveyou",
    "letmein",
    "welcome",
    "administrator",
    "admin",
    "login",
    "monkey",
    "dragon",
    "football",
    "baseball",
    "basketball",
    "superman",
    "batman",
    "pokemon",
    "starwars",
    "sunshine",
    "princess",
    "master",
    "shadow",
    "trustno1",
    "whatever",
    "changeme",
    "secret",
    "default",
    "computer",
    "internet",
    "abcdefghijklmnopqrstuvwxyz",
];

/// The rules for new passwords.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PasswordPolicyConfig {
    /// The minimum length in characters.
    pub min_length: usize,
    /// The maximum length in bytes.
    pub max_length: usize,
    /// Whether repetitions and sequences, such as `123456789012`, are rejected.
    pub reject_repetitive: bool,
    /// Whether the most common passwords are rejected.
    pub reject_common: bool,
    /// Whether passwords that contain a name or an address of the account are rejected.
    pub reject_personal: bool,
}

impl Default for PasswordPolicyConfig {
    fn default() -> Self {
        Self {
            min_length: DEFAULT_MIN_LENGTH,
            max_length: DEFAULT_MAX_LENGTH,
            reject_repetitive: true,
            reject_common: true,
            reject_personal: true,
        }
    }
}

/// Checks new passwords. The defaults are those of NIST SP 800-63B-4: it checks the length, and
/// rejects passwords that attackers try first. It does not require certain characters, because such
/// rules lead to weaker passwords.
///
/// ```
/// use seaworthy_auth::password::{PasswordPolicy, WeakPassword};
/// use seaworthy_core::Secret;
///
/// let policy = PasswordPolicy::default();
/// let check = |text: &str| policy.check(&Secret::new(text.to_owned()), &["ada@example.org"]);
/// assert_eq!(check("correct horse battery"), Ok(()));
/// assert_eq!(check("password1234"), Err(WeakPassword::Common));
/// ```
#[derive(Debug, Clone, Default)]
pub struct PasswordPolicy(PasswordPolicyConfig);

/// The reason for a rejected password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WeakPassword {
    /// The password has less than `min_length` characters.
    #[error("the password is too short")]
    TooShort,
    /// The password has more than `max_length` bytes.
    #[error("the password is too long")]
    TooLong,
    /// The password repeats few letters, or is a sequence.
    #[error("the password is a repetition or a sequence")]
    Repetitive,
    /// The password is among the most common ones.
    #[error("the password is one of the most common passwords")]
    Common,
    /// The password contains a name or an address of the account.
    #[error("the password contains a name or an address of the account")]
    Personal,
}

impl WeakPassword {
    /// Returns the name of the reason, such as `too_short`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::Repetitive => "repetitive",
            Self::Common => "common",
            Self::Personal => "personal",
        }
    }
}

impl From<WeakPassword> for Error {
    fn from(weak: WeakPassword) -> Self {
        Self::new(Code::Invalid, "WEAK_PASSWORD", weak.to_string())
            .with_field("password", weak.name())
    }
}

impl PasswordPolicy {
    /// Creates a policy.
    #[must_use]
    pub fn new(config: PasswordPolicyConfig) -> Self {
        Self(config)
    }

    /// Checks a new password. `personal` are the names and addresses of the account.
    ///
    /// # Errors
    /// [`WeakPassword`] with the first reason.
    pub fn check(&self, password: &Secret<String>, personal: &[&str]) -> Result<(), WeakPassword> {
        let text = password.expose();
        if text.chars().count() < self.0.min_length {
            return Err(WeakPassword::TooShort);
        }
        if text.len() > self.0.max_length {
            return Err(WeakPassword::TooLong);
        }
        let lower = Secret::new(text.to_lowercase());
        let lower = lower.expose();
        if self.0.reject_repetitive && is_repetitive(lower) {
            return Err(WeakPassword::Repetitive);
        }
        let letters = |byte: char| byte.is_ascii_digit() || byte.is_ascii_punctuation();
        let root = lower.trim_matches(letters);
        let is_common = |word: &&str| root == *word || lower == *word || is_made_of(root, word);
        if self.0.reject_common && COMMON.iter().any(is_common) {
            return Err(WeakPassword::Common);
        }
        if self.0.reject_personal && personal.iter().any(|word| is_personal(lower, word)) {
            return Err(WeakPassword::Personal);
        }
        Ok(())
    }
}

/// Whether a text is a repeated word.
fn is_made_of(text: &str, word: &str) -> bool {
    !text.is_empty() && text.replace(word, "").is_empty()
}

fn is_repetitive(text: &str) -> bool {
    let mut different: Vec<char> = text.chars().collect();
    let in_a_row = different.array_windows().filter(|[before, after]| {
        let step = u32::from(*after).wrapping_sub(u32::from(*before));
        matches!(step, 0 | 1 | u32::MAX)
    });
    // Four of five steps: `1234567890123` has one other step.
    let is_sequence = in_a_row.count() * 5 >= different.len().saturating_sub(1) * 4;
    different.sort_unstable();
    different.dedup();
    is_sequence || different.len() < MIN_DISTINCT
}

/// Whether a password contains a name or address of the account, or the local part of the address.
fn is_personal(password: &str, text: &str) -> bool {
    /// Shorter words occur in passwords by chance.
    const MIN_LENGTH: usize = 5;
    let text = text.to_lowercase();
    let name = text.split('@').next().unwrap_or_default();
    [text.as_str(), name]
        .into_iter()
        .any(|word| word.len() >= MIN_LENGTH && password.contains(word))
}
