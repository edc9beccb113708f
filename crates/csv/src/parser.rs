use csv_core::ReadRecordResult;
use seaworthy_core::ByteSize;

use crate::{CsvReaderConfig, FileError};

/// The initial size of the buffer of a row, in bytes.
const INITIAL_ROW_SIZE: usize = 4 * 1024;
/// The initial number of fields of a row.
const INITIAL_FIELDS: usize = 32;

/// A position between two rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    /// The offset in the decoded file, in bytes.
    pub(crate) bytes: u64,
    /// The line of the next byte, from 1.
    pub(crate) line: u64,
}

impl Position {
    pub(crate) const START: Self = Self { bytes: 0, line: 1 };
}

/// Splits UTF-8 text into the fields of rows (RFC 4180), in bounded memory.
pub(crate) struct Parser {
    core: csv_core::Reader,
    input: Vec<u8>,
    /// The number of bytes of `input` that the core has read.
    read: usize,
    is_finished: bool,
    output: Vec<u8>,
    written: usize,
    ends: Vec<usize>,
    fields: usize,
    at: Position,
    /// The line on which the current row begins.
    first_line: u64,
    quotes: usize,
    max_columns: u32,
    max_row_size: ByteSize,
}

/// The fields of a row.
pub(crate) struct Fields<'a> {
    output: &'a [u8],
    ends: &'a [usize],
    pub(crate) line: u64,
    /// Whether the file ends inside quotes.
    pub(crate) is_open: bool,
}

impl Fields<'_> {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let ranges = starts.zip(self.ends.iter().copied());
        ranges.map(|(start, end)| self.output.get(start..end).unwrap_or_default())
    }
}

impl Parser {
    /// Creates a parser at a position between two rows.
    pub(crate) fn new(delimiter: u8, config: &CsvReaderConfig, at: Position) -> Self {
        Self {
            core: csv_core::ReaderBuilder::new().delimiter(delimiter).build(),
            input: Vec::new(),
            read: 0,
            is_finished: false,
            output: vec![0; INITIAL_ROW_SIZE],
            written: 0,
            ends: vec![0; INITIAL_FIELDS],
            fields: 0,
            at,
            first_line: at.line,
            quotes: 0,
            max_columns: config.max_columns.get(),
            max_row_size: config.max_row_size,
        }
    }

    /// Adds bytes. Call [`next`](Self::next) until it returns `None` first.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.input.drain(..self.read);
        self.read = 0;
        self.input.extend_from_slice(bytes);
    }

    /// Declares that no bytes follow.
    pub(crate) fn finish(&mut self) {
        self.is_finished = true;
    }

    /// Returns the position after the last returned row.
    pub(crate) const fn position(&self) -> Position {
        self.at
    }

    fn advance(&mut self, bytes: usize) {
        let read = self.input.get(self.read..self.read + bytes);
        let read = read.unwrap_or_default();
        self.at.line += memchr::memchr_iter(b'\n', read).count() as u64;
        self.quotes += memchr::memchr_iter(b'"', read).count();
        self.at.bytes += bytes as u64;
        self.read += bytes;
    }

    /// Returns the next row, or `None` if more bytes are needed or the file has ended.
    pub(crate) fn next(&mut self) -> Result<Option<Fields<'_>>, FileError> {
        if self.written == 0 && self.fields == 0 && self.quotes == 0 {
            self.skip_line_ends();
        }
        loop {
            let input = self.input.get(self.read..).unwrap_or_default();
            if input.is_empty() && !self.is_finished {
                return Ok(None);
            }
            let output = self.output.get_mut(self.written..).unwrap_or_default();
            let ends = self.ends.get_mut(self.fields..).unwrap_or_default();
            let (result, read, written, fields) = self.core.read_record(input, output, ends);
            let is_cut = read == 0;
            self.written += written;
            self.fields += fields;
            self.advance(read);
            match result {
                ReadRecordResult::InputEmpty if !self.is_finished => return Ok(None),
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.grow_output()?,
                ReadRecordResult::OutputEndsFull => self.grow_ends()?,
                ReadRecordResult::Record => {
                    let is_long = self.at.line > self.first_line;
                    let is_open = is_cut && is_long && self.quotes % 2 == 1;
                    return Ok(Some(self.take(is_open)));
                }
                ReadRecordResult::End => return Ok(None),
            }
        }
    }

    fn take(&mut self, is_open: bool) -> Fields<'_> {
        let (written, fields, line) = (self.written, self.fields, self.first_line);
        (self.written, self.fields, self.quotes) = (0, 0, 0);
        self.first_line = self.at.line;
        Fields {
            output: self.output.get(..written).unwrap_or_default(),
            ends: self.ends.get(..fields).unwrap_or_default(),
            line,
            is_open,
        }
    }

    /// Skips empty lines. The core would count them as part of the next row.
    fn skip_line_ends(&mut self) {
        let input = self.input.get(self.read..).unwrap_or_default();
        let is_end = |byte: &&u8| matches!(byte, b'\n' | b'\r');
        let skipped = input.iter().take_while(is_end).count();
        self.advance(skipped);
        self.first_line = self.at.line;
    }

    fn grow_output(&mut self) -> Result<(), FileError> {
        let max = self.max_row_size.as_usize();
        if self.output.len() >= max {
            return Err(FileError::RowTooLarge {
                line: self.first_line,
                max: self.max_row_size,
            });
        }
        self.output.resize((self.output.len() * 2).min(max), 0);
        Ok(())
    }

    fn grow_ends(&mut self) -> Result<(), FileError> {
        let max = self.max_columns as usize;
        if self.ends.len() >= max {
            return Err(FileError::TooManyColumns {
                line: self.first_line,
                max: self.max_columns,
            });
        }
        self.ends.resize((self.ends.len() * 2).min(max), 0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Parsed = Vec<(u64, Vec<String>)>;

    fn drain(parser: &mut Parser, rows: &mut Parsed) {
        while let Some(fields) = parser.next().unwrap() {
            let texts = fields
                .iter()
                .map(|field| String::from_utf8(field.to_vec()).unwrap());
            rows.push((fields.line, texts.collect()));
        }
    }

    /// Parses a text in pieces of this size.
    fn parse(text: &str, size: usize) -> Parsed {
        let mut parser = Parser::new(b',', &CsvReaderConfig::default(), Position::START);
        let mut rows = Vec::new();
        for piece in text.as_bytes().chunks(size) {
            parser.push(piece);
            drain(&mut parser, &mut rows);
        }
        parser.finish();
        drain(&mut parser, &mut rows);
        rows
    }

    #[test]
    fn rows_carry_their_first_line_file_1() {
        let text = "a,b\r\n\r\n\r\n\"x\ny\",2\r\n3,\"4\"\"\"\n\n5,6";
        for size in 1..12 {
            let rows = parse(text, size);
            let lines: Vec<_> = rows.iter().map(|(line, _)| *line).collect();
            assert_eq!(lines, [1, 4, 6, 8], "{size}");
            assert_eq!(rows[1].1, ["x\ny", "2"]);
            assert_eq!(rows[2].1, ["3", "4\""]);
        }
    }

    #[test]
    fn rejects_rows_beyond_limits_file_1() {
        let config = CsvReaderConfig {
            max_columns: 40.try_into().unwrap(),
            max_row_size: ByteSize::bytes(5_000),
            ..CsvReaderConfig::default()
        };
        let fails = |text: &str| {
            let mut parser = Parser::new(b',', &config, Position::START);
            parser.push(text.as_bytes());
            parser.finish();
            loop {
                match parser.next() {
                    Ok(Some(_)) => {}
                    Ok(None) => return None,
                    Err(error) => return Some(error),
                }
            }
        };
        assert_eq!(fails(&"a,".repeat(39)), None);
        let columns = fails(&format!("x\n{}", "a,".repeat(40)));
        assert!(matches!(
            columns,
            Some(FileError::TooManyColumns { line: 2, max: 40 })
        ));
        assert_eq!(fails(&"x".repeat(5_000)), None);
        let row = fails(&format!("a\n\"{}", "x\n".repeat(5_000)));
        assert!(
            matches!(row, Some(FileError::RowTooLarge { line: 2, .. })),
            "{row:?}"
        );
    }

    proptest! {
        #[test]
        fn written_rows_are_read_again_in_any_pieces_file_1(
            rows in prop::collection::vec(prop::collection::vec("[a\",\r\n é]{0,5}", 2), 1..8),
            size in 1_usize..40,
        ) {
            let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let parsed = parse(&text, size);
            let fields: Vec<_> = parsed.iter().map(|(_, fields)| fields.clone()).collect();
            prop_assert_eq!(fields, rows);
        }

        #[test]
        fn parser_continues_after_any_row_file_1(
            text in "[a,\"\r\n]{0,60}",
            size in 1_usize..20,
        ) {
            let all = parse(&text, size);
            let config = CsvReaderConfig::default();
            let mut parser = Parser::new(b',', &config, Position::START);
            parser.push(text.as_bytes());
            parser.finish();
            let mut count = 0;
            while parser.next().unwrap().is_some() {
                count += 1;
                let at = parser.position();
                let mut rest = Parser::new(b',', &config, at);
                rest.push(&text.as_bytes()[usize::try_from(at.bytes).unwrap()..]);
                rest.finish();
                let mut rows = Vec::new();
                drain(&mut rest, &mut rows);
                prop_assert_eq!(&rows[..], &all[count..]);
            }
            prop_assert_eq!(count, all.len());
        }
    }
}
