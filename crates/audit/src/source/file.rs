//! One text file.

use std::ops::Range;
use std::sync::Arc;

use super::{Language, Location};
use crate::repository::{Role, Tracked};

/// A file's text with what is known about it.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Path relative to the root, with `/`.
    pub path: Arc<str>,
    /// The text. Invalid UTF-8 is replaced.
    pub text: Arc<str>,
    /// The role of the file.
    pub role: Role,
    /// Whether the file is under version control.
    pub tracked: Tracked,
    /// How it is read.
    pub language: Language,
    line_starts: Arc<[usize]>,
}

impl SourceFile {
    /// Wraps text read from `path`.
    #[must_use]
    pub fn new(path: impl AsRef<str>, text: impl AsRef<str>, role: Role, tracked: Tracked) -> Self {
        let text: Arc<str> = Arc::from(text.as_ref());
        let starts = text
            .bytes()
            .enumerate()
            .filter(|(_, byte)| *byte == b'\n')
            .map(|(at, _)| at + 1);
        let line_starts = std::iter::once(0).chain(starts).collect();
        Self {
            path: Arc::from(path.as_ref()),
            language: Language::of(path.as_ref()),
            text,
            role,
            tracked,
            line_starts,
        }
    }

    /// Returns the folder of the file without a trailing `/`. Empty at the root.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The last part of the path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path
            .rsplit_once('/')
            .map_or(&self.path, |(_, name)| name)
    }

    /// The place of a span of bytes.
    #[must_use]
    pub fn location(&self, span: Range<usize>, symbol: Option<Arc<str>>) -> Location {
        let line_index = self.line_index(span.start);
        let line_start = self
            .line_starts
            .get(line_index)
            .copied()
            .unwrap_or_default();
        let column = self
            .text
            .get(line_start..span.start)
            .map_or(0, |before| before.chars().count());
        Location {
            path: self.path.clone(),
            line: line_index + 1,
            column: column + 1,
            span,
            symbol,
            role: self.role,
        }
    }

    /// The span of a line, from 1, without its line end.
    #[must_use]
    pub fn line_span(&self, line: usize) -> Option<Range<usize>> {
        let start = *self.line_starts.get(line.checked_sub(1)?)?;
        let end = self
            .line_starts
            .get(line)
            .map_or(self.text.len(), |next| next - 1);
        let text = self.text.get(start..end)?;
        Some(start..start + text.trim_end_matches('\r').len())
    }

    fn line_index(&self, offset: usize) -> usize {
        self.line_starts
            .partition_point(|start| *start <= offset)
            .saturating_sub(1)
    }
}
