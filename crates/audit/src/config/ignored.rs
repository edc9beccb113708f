//! Paths that are not read.

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

/// Patterns of paths that are not read. Rules that check whether a file exists still see it.
#[derive(Debug, Clone, Default)]
pub struct IgnoredPaths {
    patterns: Vec<Glob>,
    set: GlobSet,
}

impl IgnoredPaths {
    /// Adds patterns: `**` crosses folders, `*` does not.
    ///
    /// # Errors
    /// A pattern is not a valid glob.
    pub fn with<'p>(
        mut self,
        patterns: impl IntoIterator<Item = &'p str>,
    ) -> Result<Self, globset::Error> {
        for pattern in patterns {
            self.patterns.push(path_pattern(pattern)?);
        }
        let mut set = GlobSetBuilder::new();
        for pattern in &self.patterns {
            set.add(pattern.clone());
        }
        self.set = set.build()?;
        Ok(self)
    }

    /// Whether the patterns exclude a path relative to the root.
    #[must_use]
    pub fn contains(&self, path: &str) -> bool {
        self.set.is_match(path)
    }
}

/// A pattern in which only `**` crosses folders.
pub(crate) fn path_pattern(pattern: &str) -> Result<Glob, globset::Error> {
    GlobBuilder::new(pattern).literal_separator(true).build()
}
