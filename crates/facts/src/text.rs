use std::{fmt, io};

use serde::Serialize as _;
use serde_json::ser::{Formatter, Serializer};

use crate::{FORMAT, Facts};

/// A text that is not a document of facts.
#[derive(Debug)]
pub struct InvalidFacts(String);

impl fmt::Display for InvalidFacts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for InvalidFacts {}

impl Facts {
    /// Reads the JSON that [`to_json`](Self::to_json) has written.
    ///
    /// # Errors
    /// The text is not a document of this version.
    pub fn from_json(text: &str) -> Result<Self, InvalidFacts> {
        let facts: Self = serde_json::from_str(text).map_err(|error| {
            InvalidFacts(format!("the text is not the output of `describe`: {error}"))
        })?;
        if facts.format != FORMAT {
            let problem = format!(
                "the facts have the format {}, and this program reads {FORMAT}: use the same version of both",
                facts.format
            );
            return Err(InvalidFacts(problem));
        }
        Ok(facts)
    }

    /// Returns the facts as JSON with one line per entry of a list, so that a difference in version
    /// control is readable.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = Vec::new();
        let mut serializer = Serializer::with_formatter(&mut text, Lines::default());
        // Facts have text keys and finite numbers, so nothing fails.
        let _ = self.serialize(&mut serializer);
        text.push(b'\n');
        String::from_utf8(text).unwrap_or_default()
    }
}

/// The depth of the lists and objects whose entries share one line.
const INLINE_DEPTH: usize = 3;

/// Writes each entry of the document, and of its lists and objects, on a separate line.
#[derive(Default)]
struct Lines {
    depth: usize,
    has_entry: bool,
}

impl Lines {
    fn open<W: ?Sized + io::Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.has_entry = false;
        writer.write_all(bracket)
    }

    fn close<W: ?Sized + io::Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth = self.depth.saturating_sub(1);
        if self.has_entry && self.depth + 1 < INLINE_DEPTH {
            self.new_line(writer)?;
        }
        self.has_entry = true;
        writer.write_all(bracket)
    }

    fn separate<W: ?Sized + io::Write>(&self, writer: &mut W, first: bool) -> io::Result<()> {
        if !first {
            writer.write_all(b",")?;
        }
        match (self.depth < INLINE_DEPTH, first) {
            (true, _) => self.new_line(writer),
            (false, true) => Ok(()),
            (false, false) => writer.write_all(b" "),
        }
    }

    fn new_line<W: ?Sized + io::Write>(&self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"\n")?;
        (0..self.depth).try_for_each(|_| writer.write_all(b"  "))
    }
}

impl Formatter for Lines {
    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"[")
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"]")
    }

    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.separate(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, _writer: &mut W) -> io::Result<()> {
        self.has_entry = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"{")
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"}")
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.separate(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, _writer: &mut W) -> io::Result<()> {
        self.has_entry = true;
        Ok(())
    }
}
