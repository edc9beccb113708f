use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Kind, Pattern, REDACTED};

/// The character in place of a hidden one.
const DEFAULT_MASK_CHAR: char = '*';

/// How a field is masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaskRule {
    /// By the kind of the value.
    Kind(Kind),
    /// Keeps characters at both ends.
    Keep {
        /// The number of characters at the start that are not masked.
        start: usize,
        /// The number of characters at the end that are not masked.
        end: usize,
        /// The character that replaces each masked character.
        mask_char: char,
    },
    /// Replaces the whole value by [`REDACTED`].
    Redact,
}

impl MaskRule {
    /// Masks a text. If the kept ends overlap, all characters are masked.
    ///
    /// ```
    /// use seaworthy_core::mask::{Kind, MaskRule};
    ///
    /// let rule = MaskRule::Keep { start: 1, end: 2, mask_char: '#' };
    /// assert_eq!(rule.mask("naïveté"), "n####té");
    /// assert_eq!(rule.mask("abc"), "###");
    /// assert_eq!(MaskRule::Kind(Kind::Phone).mask("13800000000"), "138****0000");
    /// ```
    #[must_use]
    pub fn mask(self, text: &str) -> String {
        match self {
            Self::Kind(kind) => kind.mask(text),
            Self::Keep {
                start,
                end,
                mask_char,
            } => keep(text, start, end, mask_char),
            Self::Redact => REDACTED.to_owned(),
        }
    }
}

/// The rule of a field in the settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MaskRuleConfig {
    /// The name of the field, case-insensitive.
    pub field_name: String,
    /// The kind of the value. With it, `keep_start` and `keep_end` are not used.
    pub kind: Option<Kind>,
    /// The number of characters at the start that are not masked.
    pub keep_start: u32,
    /// The number of characters at the end that are not masked.
    pub keep_end: u32,
    /// The character that replaces each masked character.
    pub mask_char: char,
    /// A regular expression whose matches are masked, while other characters are shown. A value
    /// without a match is masked as a whole. With it, `kind`, `keep_start` and `keep_end` are not
    /// used.
    pub custom: Option<Pattern>,
}

impl MaskRuleConfig {
    /// Masks a text.
    ///
    /// ```
    /// use seaworthy_core::mask::MaskRuleConfig;
    ///
    /// let rule = MaskRuleConfig {
    ///     custom: Some("[0-9]+".parse()?),
    ///     ..MaskRuleConfig::default()
    /// };
    /// assert_eq!(rule.mask("EMP-4711/b"), "EMP-****/b");
    /// assert_eq!(rule.mask("unknown"), "*******");
    /// # Ok::<(), seaworthy_core::mask::InvalidPattern>(())
    /// ```
    #[must_use]
    pub fn mask(&self, text: &str) -> String {
        let count = |count| usize::try_from(count).unwrap_or(usize::MAX);
        if let Some(pattern) = &self.custom {
            let masked = pattern.mask(text, self.mask_char);
            return masked.unwrap_or_else(|| keep(text, 0, 0, self.mask_char));
        }
        match self.kind {
            Some(kind) => kind.mask(text),
            None => keep(
                text,
                count(self.keep_start),
                count(self.keep_end),
                self.mask_char,
            ),
        }
    }
}

impl Default for MaskRuleConfig {
    fn default() -> Self {
        Self {
            field_name: String::new(),
            kind: None,
            keep_start: 0,
            keep_end: 0,
            mask_char: DEFAULT_MASK_CHAR,
            custom: None,
        }
    }
}

/// Keeps characters at both ends, and replaces each other one.
pub(super) fn keep(text: &str, first: usize, last: usize, mask_char: char) -> String {
    let length = text.chars().count();
    let hidden = match first.checked_add(last) {
        Some(kept) if kept < length => length - kept,
        _ => return mask_char.to_string().repeat(length),
    };
    let masks = mask_char.to_string().repeat(hidden);
    format!("{}{masks}{}", start(text, first), end(text, last))
}

pub(super) fn start(text: &str, count: usize) -> String {
    text.chars().take(count).collect()
}

pub(super) fn end(text: &str, count: usize) -> String {
    let length = text.chars().count();
    text.chars().skip(length.saturating_sub(count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_ends_mask_every_character_obs_3() {
        let keep = |start, end| MaskRule::Keep {
            start,
            end,
            mask_char: '*',
        };
        assert_eq!(keep(2, 2).mask("秘密的文字"), "秘密*文字");
        for (start, end) in [(2, 3), (5, 0), (usize::MAX, 2)] {
            assert_eq!(keep(start, end).mask("秘密的文字"), "*****");
        }
        assert_eq!(MaskRule::Redact.mask("秘密"), REDACTED);
    }
}
