//! Text that is safe to print.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

use super::detect;
use crate::source::{Language, printable};

/// The replacement for a credential.
const MASK: &str = "***";

/// Text without credentials, which the constructor removes. Every text of a report has this type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
#[serde(transparent)]
pub struct SafeText(String);

impl SafeText {
    /// Removes credentials from text, and characters that control a terminal. Line feeds stay.
    #[must_use]
    pub fn new(text: impl AsRef<str>) -> Self {
        let text = &printable::lines(text.as_ref());
        let mut spans: Vec<_> = detect(text, Language::Text)
            .into_iter()
            .map(|found| found.span)
            .collect();
        spans.extend(
            detect(text, Language::Dotenv)
                .into_iter()
                .map(|found| found.span),
        );
        Self::masked(text, &spans)
    }

    /// Removes the given spans from text, and all other text that looks like a credential.
    #[must_use]
    pub fn without(text: &str, spans: &[Range<usize>]) -> Self {
        Self::new(Self::masked(text, spans).0)
    }

    fn masked(text: &str, spans: &[Range<usize>]) -> Self {
        let mut spans: Vec<_> = spans.to_vec();
        spans.sort_by_key(|span| span.start);
        let mut safe = String::with_capacity(text.len());
        let mut position = 0;
        for span in spans {
            if span.start < position {
                if span.end > position {
                    position = span.end;
                }
                continue;
            }
            safe.push_str(text.get(position..span.start).unwrap_or_default());
            safe.push_str(MASK);
            position = span.end;
        }
        safe.push_str(text.get(position..).unwrap_or_default());
        Self(safe)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SafeText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
