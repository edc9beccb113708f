use schemars::JsonSchema;
use seaworthy_core::{Code, Error, Secret};
use serde::{Deserialize, Serialize};

/// What the City Events contract asks; NIST SP 800-63B-4 asks 15 where a password is the only factor and 8 beside another.
const MIN_LENGTH: usize = 12;
/// NIST asks for at least 64; more than this is no sentence that anybody types.
const MAX_LENGTH: usize = 1_024;
/// A text with fewer different letters is a run or a rhythm, such as `abababababab`.
const FEWEST_DIFFERENT: usize = 5;

/// Roots of the passwords that head every published list. A password that is one of them and a few digits or signs is guessed in the first thousand tries.
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

/// What is taken for a password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PasswordPolicyConfig {
    /// The shortest, in bytes.
    pub min_length: usize,
    /// The longest, in bytes.
    pub max_length: usize,
}

impl Default for PasswordPolicyConfig {
    fn default() -> Self {
        Self {
            min_length: MIN_LENGTH,
            max_length: MAX_LENGTH,
        }
    }
}

/// Looks at new passwords as NIST SP 800-63B-4 does: their length, and whether they are what an attacker tries first. No rules on kinds of letters, which make passwords
/// worse.
#[derive(Debug, Clone, Default)]
pub struct PasswordPolicy(PasswordPolicyConfig);

/// Why a text is no password. Its name is the machine-readable reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WeakPassword {
    /// Fewer bytes than the policy asks.
    #[error("the password is too short")]
    TooShort,
    /// More bytes than are hashed.
    #[error("the password is too long")]
    TooLong,
    /// One letter or a few, again and again, or letters in a row.
    #[error("the password is a repetition or a sequence")]
    Repetitive,
    /// It heads the lists of passwords that were stolen.
    #[error("the password is one of the most common")]
    Common,
    /// It is made of what others know of the account.
    #[error("the password contains what others know of the account")]
    Personal,
}

impl WeakPassword {
    /// The name of the reason, such as `too_short`.
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
    /// A policy of these limits.
    #[must_use]
    pub fn new(config: PasswordPolicyConfig) -> Self {
        Self(config)
    }

    /// Looks at a new password. `known` is what others know of the account, such as its e-mail address and its name.
    ///
    /// # Errors
    /// [`WeakPassword`] with the first reason against it.
    pub fn check(&self, password: &Secret<String>, known: &[&str]) -> Result<(), WeakPassword> {
        let text = password.expose();
        if text.len() < self.0.min_length {
            return Err(WeakPassword::TooShort);
        }
        if text.len() > self.0.max_length {
            return Err(WeakPassword::TooLong);
        }
        let lower = Secret::new(text.to_lowercase());
        let lower = lower.expose();
        if is_repetitive(lower) {
            return Err(WeakPassword::Repetitive);
        }
        let letters = |byte: char| byte.is_ascii_digit() || byte.is_ascii_punctuation();
        let root = lower.trim_matches(letters);
        let is_common = |word: &&str| root == *word || lower == *word || is_made_of(root, word);
        if COMMON.iter().any(is_common) {
            return Err(WeakPassword::Common);
        }
        if known.iter().any(|known| is_personal(lower, known)) {
            return Err(WeakPassword::Personal);
        }
        Ok(())
    }
}

/// Whether a text is one word again and again.
fn is_made_of(text: &str, word: &str) -> bool {
    !text.is_empty() && text.replace(word, "").is_empty()
}

fn is_repetitive(text: &str) -> bool {
    let mut different: Vec<char> = text.chars().collect();
    let in_a_row = different.array_windows().filter(|[before, after]| {
        let step = u32::from(*after).wrapping_sub(u32::from(*before));
        matches!(step, 0 | 1 | u32::MAX)
    });
    // Four steps of five: `1234567890123` has one that is none.
    let is_sequence = in_a_row.count() * 5 >= different.len().saturating_sub(1) * 4;
    different.sort_unstable();
    different.dedup();
    is_sequence || different.len() < FEWEST_DIFFERENT
}

/// Whether a password is little more than a word that others know, or the part of an e-mail address before its sign.
fn is_personal(password: &str, known: &str) -> bool {
    /// Words of so few letters are in many passwords by chance.
    const SHORTEST: usize = 5;
    let known = known.to_lowercase();
    let name = known.split('@').next().unwrap_or_default();
    [known.as_str(), name]
        .into_iter()
        .any(|word| word.len() >= SHORTEST && password.contains(word))
}
