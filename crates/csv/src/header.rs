use csv::StringRecord;

use crate::{Column, FileError, parser::Fields};

/// The columns of a file, in its order.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    /// The names of the fields of the row type.
    pub(crate) names: StringRecord,
}

impl Header {
    pub(crate) fn parse(fields: &Fields<'_>, columns: &[Column]) -> Result<Self, FileError> {
        let mut names = StringRecord::new();
        let mut seen: Vec<&str> = Vec::new();
        for (index, field) in fields.iter().enumerate() {
            let text = String::from_utf8_lossy(field);
            let column = columns.iter().find(|column| column.matches(&text));
            let column = column.ok_or_else(|| FileError::UnknownColumn {
                position: index + 1,
                expected: expected(columns),
            })?;
            if seen.contains(&column.name()) {
                return Err(FileError::DuplicateColumn(column.name()));
            }
            seen.push(column.name());
            names.push_field(column.name());
        }
        let missing = columns
            .iter()
            .filter(|column| column.is_required() && !seen.contains(&column.name()));
        let missing: Vec<_> = missing.map(Column::name).collect();
        match missing.is_empty() {
            true => Ok(Self { names }),
            false => Err(FileError::MissingColumns {
                missing: missing.join(", "),
                expected: expected(columns),
            }),
        }
    }

    /// Returns the position of a column.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|column| column == name)
    }
}

/// Returns the names of all columns.
pub(crate) fn expected(columns: &[Column]) -> String {
    let names: Vec<_> = columns.iter().map(Column::name).collect();
    names.join(", ")
}
