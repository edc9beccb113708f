use std::borrow::Cow;

use bytes::Bytes;

use crate::{BadRow, escape_formula};

/// A field of an exported row.
///
/// ```
/// use seaworthy_csv::Cell;
///
/// assert_eq!(Cell::from("=cmd"), Cell::Text("=cmd".into()));
/// assert_eq!(Cell::from(-5), Cell::Plain("-5".to_owned()));
/// assert_eq!(Cell::from(None::<&str>), Cell::Empty);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'a> {
    /// Text, which the writer makes harmless for spreadsheets.
    Text(Cow<'a, str>),
    /// A number, a time or a boolean, which may begin with `-`.
    Plain(String),
    /// An empty field.
    Empty,
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.into())
    }
}

impl<'a> From<&'a String> for Cell<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Cell<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl<'a, T: Into<Cell<'a>>> From<Option<T>> for Cell<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

macro_rules! plain {
    ($($type:ty),+) => {$(
        impl From<$type> for Cell<'_> {
            fn from(value: $type) -> Self {
                Self::Plain(value.to_string())
            }
        }
    )+};
}

plain!(bool, i16, i32, i64, u8, u16, u32, u64, f32, f64, uuid::Uuid);

/// Writes CSV as RFC 4180 describes it. Spreadsheets execute no text of users (see
/// [`escape_formula`](crate::escape_formula)). An import reads the file and gets the original text.
///
/// Send the result of [`take`](Self::take) after each page of rows, so that an export of any size
/// needs little memory.
///
/// ```
/// use seaworthy_csv::CsvWriter;
///
/// let mut csv = CsvWriter::new(&["name", "balance"]);
/// csv.row(["=cmd".into(), (-5).into()]);
/// assert_eq!(csv.take(), "name,balance\r\n'=cmd,-5\r\n");
/// ```
#[derive(Debug, Default)]
pub struct CsvWriter {
    text: Vec<u8>,
}

impl CsvWriter {
    /// Creates a writer and writes the header.
    #[must_use]
    pub fn new(columns: &[&str]) -> Self {
        let mut writer = Self::default();
        writer.row(columns.iter().map(|column| Cell::from(*column)));
        writer
    }

    /// Writes a row.
    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = Cell<'a>>) {
        let start = self.text.len();
        for (index, cell) in cells.into_iter().enumerate() {
            if index > 0 {
                self.text.push(b',');
            }
            match cell {
                Cell::Text(text) => self.field(&escape_formula(&text)),
                Cell::Plain(text) => self.field(&text),
                Cell::Empty => {}
            }
        }
        // A reader would skip an empty line.
        if self.text.len() == start {
            self.text.extend_from_slice(b"\"\"");
        }
        self.text.extend_from_slice(b"\r\n");
    }

    /// Returns the text since the last call.
    #[must_use]
    pub fn take(&mut self) -> Bytes {
        std::mem::take(&mut self.text).into()
    }

    fn field(&mut self, text: &str) {
        // Semicolons and tabs are delimiters for spreadsheets of some countries.
        let is_special = |byte: &u8| matches!(byte, b',' | b';' | b'\t' | b'"' | b'\r' | b'\n');
        if !text.as_bytes().iter().any(is_special) {
            self.text.extend_from_slice(text.as_bytes());
            return;
        }
        self.text.push(b'"');
        for byte in text.bytes() {
            if byte == b'"' {
                self.text.push(b'"');
            }
            self.text.push(byte);
        }
        self.text.push(b'"');
    }

    /// Writes the report of an import.
    pub(crate) fn report(rows: &[BadRow]) -> Bytes {
        let mut writer = Self::new(&["line", "column", "value", "message"]);
        for row in rows {
            writer.row([
                row.line.into(),
                row.column.as_ref().into(),
                row.value.as_ref().into(),
                Cell::from(&row.message),
            ]);
        }
        writer.take()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::{Column, CsvReader, CsvReaderConfig, Delimiter};

    #[derive(Debug, Deserialize)]
    struct Note {
        text: String,
        number: i64,
    }

    const COLUMNS: &[Column] = &[Column::required("text"), Column::required("number")];

    proptest! {
        #[test]
        fn exported_rows_are_imported_unchanged_file_1(
            rows in prop::collection::vec((r#"[a='"+\-@\t;,é]{1,6}"#, any::<i64>()), 1..6),
        ) {
            let mut writer = CsvWriter::new(&["text", "number"]);
            for (text, number) in &rows {
                writer.row([Cell::from(text), (*number).into()]);
            }
            let config = CsvReaderConfig::default();
            let mut reader = CsvReader::<Note>::new(COLUMNS, &config, Delimiter::Comma);
            reader.push(&writer.take());
            reader.finish();
            for (text, number) in rows {
                let row = reader.next_row().unwrap().unwrap().unwrap();
                // The reader removes spaces around a value.
                prop_assert_eq!(row.value.text.trim(), text.trim());
                prop_assert_eq!(row.value.number, number);
            }
        }
    }
}
