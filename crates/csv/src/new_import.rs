use serde::{Deserialize, Serialize};

use crate::{Delimiter, Encoding};

/// How an import stores rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ImportMode {
    /// Good rows in batches, each in one transaction. Bad rows are skipped.
    #[default]
    Batches,
    /// All rows in one transaction. One bad row fails the import.
    AllOrNothing,
}

impl ImportMode {
    /// Returns the name in forms and tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Batches => "batches",
            Self::AllOrNothing => "all_or_nothing",
        }
    }

    /// Returns the mode with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let mut all = [Self::Batches, Self::AllOrNothing].into_iter();
        all.find(|mode| mode.as_str() == name)
    }
}

/// An import to create.
///
/// ```
/// use seaworthy_csv::{ImportMode, NewImport};
///
/// let new = NewImport::new("user-7").name("members.csv").mode(ImportMode::AllOrNothing).dry_run();
/// # drop(new);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct NewImport {
    pub(crate) owner: String,
    pub(crate) name: String,
    pub(crate) context: String,
    pub(crate) mode: ImportMode,
    pub(crate) encoding: Encoding,
    pub(crate) delimiter: Delimiter,
    pub(crate) dry_run: bool,
}

impl NewImport {
    /// An import of this owner that stores good rows in batches as soon as all rows are checked.
    pub fn new(owner: impl Into<String>) -> Self {
        Self {
            owner: owner.into(),
            name: String::new(),
            context: String::new(),
            mode: ImportMode::default(),
            encoding: Encoding::default(),
            delimiter: Delimiter::default(),
            dry_run: false,
        }
    }

    /// Sets the name of the file, for the owner. It is truncated after 200 characters.
    pub fn name(mut self, name: &str) -> Self {
        let is_shown = |character: &char| !character.is_control();
        self.name = name.chars().filter(is_shown).take(200).collect();
        self
    }

    /// Sets a text for your code, such as the ID of the list that receives the rows.
    pub fn context(mut self, context: impl Into<String>) -> Self {
        self.context = context.into();
        self
    }

    /// Sets how rows are stored.
    pub const fn mode(mut self, mode: ImportMode) -> Self {
        self.mode = mode;
        self
    }

    /// Sets the encoding of the file.
    pub const fn encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// Sets the delimiter of the file.
    pub const fn delimiter(mut self, delimiter: Delimiter) -> Self {
        self.delimiter = delimiter;
        self
    }

    /// Stops after the check, until [`Imports::confirm`](crate::Imports::confirm).
    pub const fn dry_run(mut self) -> Self {
        self.dry_run = true;
        self
    }
}
