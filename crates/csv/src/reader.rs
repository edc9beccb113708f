use std::marker::PhantomData;

use csv::{ErrorKind, StringRecord};
use serde::de::DeserializeOwned;

use crate::{
    BadRow, Column, CsvReaderConfig, Delimiter, FileError, RowProblem,
    bad_row::{mask, mask_in},
    header::{Header, expected},
    invalid_column::invalid_column,
    parser::{Fields, Parser, Position},
    restore,
};

/// A row of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Row<T> {
    /// The line on which the row begins, from 1.
    pub line: u64,
    /// The typed row.
    pub value: T,
}

/// A row, or the problems of a bad row.
pub type ParsedRow<T> = Result<Row<T>, Vec<BadRow>>;

/// Parses UTF-8 text into typed rows.
///
/// The fields of `T` have the names of the columns. Empty fields are `None`. The reader removes
/// spaces around a value and reverts [`escape_formula`](crate::escape_formula). It skips rows whose
/// fields are all empty. A bad row does not stop the reader. A file beyond its limits does.
///
/// ```
/// use seaworthy_csv::{Column, CsvReader, CsvReaderConfig, Delimiter};
/// use serde::Deserialize;
///
/// #[derive(Debug, Deserialize)]
/// struct Member {
///     email: String,
///     age: Option<u8>,
/// }
///
/// const COLUMNS: &[Column] =
///     &[Column::required("email").alias(&["e_mail"]), Column::optional("age")];
///
/// let config = CsvReaderConfig::default();
/// let mut reader = CsvReader::<Member>::new(COLUMNS, &config, Delimiter::Detect);
/// reader.push(b"E-Mail;Age\nmira@example.org;41\njo@example.org;old\n");
/// reader.finish();
/// let mira = reader.next_row()?.unwrap().unwrap();
/// assert_eq!((mira.line, mira.value.age), (2, Some(41)));
/// let bad = reader.next_row()?.unwrap().unwrap_err();
/// assert_eq!((bad[0].line, bad[0].column.as_deref()), (3, Some("age")));
/// assert!(reader.next_row()?.is_none());
/// # Ok::<_, seaworthy_csv::FileError>(())
/// ```
pub struct CsvReader<T> {
    columns: &'static [Column],
    config: CsvReaderConfig,
    delimiter: Delimiter,
    /// The byte of the delimiter, from the first line on.
    byte: u8,
    /// Bytes before the end of the first line.
    start: Vec<u8>,
    parser: Option<Parser>,
    header: Option<Header>,
    record: StringRecord,
    rows: u64,
    is_finished: bool,
    row: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> CsvReader<T> {
    /// Creates a reader of a file with these columns.
    #[must_use]
    pub fn new(columns: &'static [Column], config: &CsvReaderConfig, delimiter: Delimiter) -> Self {
        Self {
            columns,
            config: config.clone(),
            delimiter,
            byte: b',',
            start: Vec::new(),
            parser: None,
            header: None,
            record: StringRecord::new(),
            rows: 0,
            is_finished: false,
            row: PhantomData,
        }
    }

    /// Adds bytes of the file. Call [`next_row`](Self::next_row) until it returns `None` first, so
    /// that the reader needs little memory.
    pub fn push(&mut self, bytes: &[u8]) {
        if let Some(parser) = &mut self.parser {
            parser.push(bytes);
            return;
        }
        self.start.extend_from_slice(bytes);
        // The delimiter is that of the first line.
        let text = self.start.trim_ascii_start();
        let end = memchr::memchr2(b'\n', b'\r', text);
        if end.is_some() || self.start.len() > self.config.max_row_size.as_usize() {
            self.begin();
        }
    }

    fn begin(&mut self) {
        let text = self.start.trim_ascii_start();
        let line = text.split(|byte| matches!(byte, b'\n' | b'\r')).next();
        self.byte = self.delimiter.byte(line.unwrap_or_default());
        let mut parser = Parser::new(self.byte, &self.config, Position::START);
        parser.push(&std::mem::take(&mut self.start));
        self.parser = Some(parser);
    }

    /// Declares that no bytes follow.
    pub fn finish(&mut self) {
        if self.parser.is_none() {
            self.begin();
        }
        if let Some(parser) = &mut self.parser {
            parser.finish();
        }
        self.is_finished = true;
    }

    /// Returns the next row, or the problems of a bad row. `None` means that more bytes are needed,
    /// or that the file has ended.
    ///
    /// # Errors
    /// [`FileError`] if the file is beyond its limits or its header is not valid.
    pub fn next_row(&mut self) -> Result<Option<ParsedRow<T>>, FileError> {
        let Some(parser) = &mut self.parser else {
            return Ok(None);
        };
        if self.header.is_none() {
            let Some(fields) = parser.next()? else {
                return match self.is_finished {
                    true => Err(FileError::Empty(expected(self.columns))),
                    false => Ok(None),
                };
            };
            self.header = Some(Header::parse(&fields, self.columns)?);
        }
        let Some(header) = &self.header else {
            return Ok(None);
        };
        while let Some(fields) = parser.next()? {
            if fields.iter().all(|field| field.trim_ascii().is_empty()) {
                continue;
            }
            self.rows += 1;
            if self.rows > self.config.max_rows.get() {
                return Err(FileError::TooManyRows(self.config.max_rows.get()));
            }
            let max_field_size = self.config.max_field_size.as_usize();
            let row = read(&fields, header, max_field_size, &mut self.record);
            return Ok(Some(row.map_err(|bad| vec![bad])));
        }
        Ok(None)
    }

    /// Describes problems that your checks found in the row that was read last.
    #[must_use]
    pub fn describe(&self, line: u64, problems: Vec<RowProblem>) -> Vec<BadRow> {
        let bad = problems.into_iter().map(|problem| {
            let position = problem
                .column
                .and_then(|column| self.header.as_ref()?.position(column));
            let value = position.and_then(|position| self.record.get(position));
            BadRow {
                line,
                column: problem.column.map(str::to_owned),
                value: value.map(mask),
                message: problem.message.into_owned(),
            }
        });
        bad.collect()
    }

    /// Returns the number of rows so far, with bad ones.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns the position after the last row.
    pub(crate) fn position(&self) -> Position {
        let parser = self.parser.as_ref();
        parser.map_or(Position::START, Parser::position)
    }

    /// Continues at a position after some rows. The header must have been read.
    pub(crate) fn seek(&mut self, at: Position, rows: u64) {
        self.parser = Some(Parser::new(self.byte, &self.config, at));
        self.rows = rows;
        self.is_finished = false;
    }

    /// Reads the header. Returns whether it is complete.
    pub(crate) fn read_header(&mut self) -> Result<bool, FileError> {
        if self.header.is_none()
            && let Some(parser) = &mut self.parser
            && let Some(fields) = parser.next()?
        {
            self.header = Some(Header::parse(&fields, self.columns)?);
        }
        match (self.header.is_some(), self.is_finished) {
            (false, true) => Err(FileError::Empty(expected(self.columns))),
            (is_read, _) => Ok(is_read),
        }
    }
}

/// Reads the fields of a row into `record` and converts them.
fn read<T: DeserializeOwned>(
    fields: &Fields<'_>,
    header: &Header,
    max_field_size: usize,
    record: &mut StringRecord,
) -> Result<Row<T>, BadRow> {
    let line = fields.line;
    let bad = |column: Option<&str>, value: Option<&str>, message: String| BadRow {
        line,
        column: column.map(str::to_owned),
        value: value.map(mask),
        message,
    };
    record.clear();
    if fields.is_open {
        let text = "a quote is not closed: add the missing quote";
        return Err(bad(None, None, text.to_owned()));
    }
    if fields.len() != header.names.len() {
        let (has, expected) = (fields.len(), header.names.len());
        let text = format!(
            "the row has {has} fields and the header has {expected}: quote fields that contain the delimiter"
        );
        return Err(bad(None, None, text));
    }
    for (field, name) in fields.iter().zip(&header.names) {
        if field.len() > max_field_size {
            let text = format!("the field is larger than {max_field_size} bytes: shorten it");
            return Err(bad(Some(name), None, text));
        }
        let text = std::str::from_utf8(field);
        let text = text.map_err(|_| {
            let text = "the field is not valid UTF-8: save the file as UTF-8";
            bad(Some(name), None, text.to_owned())
        })?;
        record.push_field(restore(text).trim());
    }
    match record.deserialize(Some(&header.names)) {
        Ok(value) => Ok(Row { line, value }),
        Err(error) => {
            let (position, message) = match error.kind() {
                ErrorKind::Deserialize { err, .. } => (err.field(), err.kind().to_string()),
                other => (None, format!("{other:?}")),
            };
            let position = position.and_then(|position| usize::try_from(position).ok());
            let position = position.or_else(|| invalid_column::<T>(record, header));
            let column = position.and_then(|position| header.names.get(position));
            let value = position.and_then(|position| record.get(position));
            let message = mask_in(&message, value.unwrap_or_default());
            Err(bad(column, value, message))
        }
    }
}

#[cfg(test)]
mod tests;
