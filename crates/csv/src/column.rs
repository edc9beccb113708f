/// A column that a file has or may have.
///
/// The header of a file selects columns by name or alias. It ignores case, surrounding spaces, and
/// the difference between spaces, `-` and `_`.
///
/// ```
/// use seaworthy_csv::Column;
///
/// const COLUMNS: &[Column] = &[
///     Column::required("email").alias(&["e_mail"]),
///     Column::optional("age"),
/// ];
/// assert_eq!(COLUMNS[0].name(), "email");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    name: &'static str,
    aliases: &'static [&'static str],
    required: bool,
}

impl Column {
    /// A column that every file must have. The name is that of the field of the row type.
    #[must_use]
    pub const fn required(name: &'static str) -> Self {
        Self {
            name,
            aliases: &[],
            required: true,
        }
    }

    /// A column that a file may lack. Its field is an `Option` or has a default.
    #[must_use]
    pub const fn optional(name: &'static str) -> Self {
        Self {
            name,
            aliases: &[],
            required: false,
        }
    }

    /// Sets further names that a header may use.
    #[must_use]
    pub const fn alias(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// Returns the name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns whether every file must have the column.
    #[must_use]
    pub const fn is_required(&self) -> bool {
        self.required
    }

    /// Returns whether a name of a header means this column.
    pub(crate) fn matches(&self, header: &str) -> bool {
        let header = normalize(header);
        let mut names = std::iter::once(&self.name).chain(self.aliases);
        names.any(|name| normalize(name) == header)
    }
}

fn normalize(name: &str) -> String {
    name.trim().to_lowercase().replace([' ', '-'], "_")
}
