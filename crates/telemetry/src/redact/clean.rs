use std::{borrow::Cow, collections::HashSet};

use parking_lot::RwLock;

use super::Redactor;

/// Maximum number of texts. Clients of a service have some dozen user agents. The texts take at
/// most 64 KiB.
const MAX_TEXTS: usize = 256;
/// Maximum length of a text, in bytes. Longer texts rarely repeat.
const MAX_LENGTH: usize = 256;

/// Texts that a redactor does not change, so that texts that repeat are scanned once.
#[derive(Debug, Default)]
pub(crate) struct CleanTexts(RwLock<HashSet<Box<str>>>);

impl CleanTexts {
    /// Redacts a text with `redactor`, which must be the same in each call.
    pub(crate) fn redact<'a>(&self, redactor: &Redactor, text: &'a str) -> Cow<'a, str> {
        if text.len() > MAX_LENGTH {
            return redactor.redact(text);
        }
        if self.0.read().contains(text) {
            return Cow::Borrowed(text);
        }
        let redacted = redactor.redact(text);
        if matches!(redacted, Cow::Borrowed(_)) {
            let mut texts = self.0.write();
            if texts.len() >= MAX_TEXTS {
                texts.clear();
            }
            texts.insert(text.into());
        }
        redacted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redacts_texts_that_repeat_and_bounds_memory_obs_3() {
        let (redactor, clean) = (Redactor::default(), CleanTexts::default());
        for _ in 0..2 {
            assert_eq!(clean.redact(&redactor, "agent/1.0"), "agent/1.0");
            assert_eq!(clean.redact(&redactor, "to ada@example.org"), "to ***");
        }
        assert_eq!(clean.0.read().len(), 1);
        for number in 0..2 * MAX_TEXTS {
            clean.redact(&redactor, &format!("agent {number}"));
            assert!(clean.0.read().len() <= MAX_TEXTS);
        }
        clean.redact(&redactor, &"a ".repeat(MAX_LENGTH));
        assert!(clean.0.read().iter().all(|text| text.len() <= MAX_LENGTH));
    }
}
