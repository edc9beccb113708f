use serde::{Deserialize, Serialize};

use crate::FileError;

/// The encoding of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// UTF-8. A byte order mark also selects UTF-16.
    #[default]
    Utf8,
    /// Windows-1252, which contains ISO 8859-1. Old spreadsheets write it.
    Windows1252,
}

/// The first bytes of a ZIP archive, such as a spreadsheet.
const ZIP: &[u8] = b"PK\x03\x04";

impl Encoding {
    /// Returns the encoding with this name: `utf-8` or `windows-1252`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "utf-8" | "utf8" => Some(Self::Utf8),
            "windows-1252" | "windows1252" => Some(Self::Windows1252),
            _ => None,
        }
    }
}

/// Converts a file to UTF-8 without a byte order mark.
pub(crate) struct Decoder {
    inner: encoding_rs::Decoder,
    /// The number of line feeds so far.
    lines: u64,
    is_first: bool,
}

impl Decoder {
    pub(crate) fn new(encoding: Encoding) -> Self {
        let encoding = match encoding {
            Encoding::Utf8 => encoding_rs::UTF_8,
            Encoding::Windows1252 => encoding_rs::WINDOWS_1252,
        };
        Self {
            inner: encoding.new_decoder(),
            lines: 0,
            is_first: true,
        }
    }

    /// Converts the next bytes. `is_last` ends the file.
    pub(crate) fn decode(&mut self, bytes: &[u8], is_last: bool) -> Result<String, FileError> {
        if std::mem::take(&mut self.is_first) && bytes.starts_with(ZIP) {
            return Err(FileError::Spreadsheet);
        }
        let capacity = self
            .inner
            .max_utf8_buffer_length_without_replacement(bytes.len());
        let mut text = String::with_capacity(capacity.unwrap_or(bytes.len()));
        let (result, _) = self
            .inner
            .decode_to_string_without_replacement(bytes, &mut text, is_last);
        let before = self.lines;
        self.lines += memchr::memchr_iter(b'\n', text.as_bytes()).count() as u64;
        if let Some(nul) = memchr::memchr(0, text.as_bytes()) {
            let lines = text.as_bytes().get(..nul).unwrap_or_default();
            let line = before + memchr::memchr_iter(b'\n', lines).count() as u64 + 1;
            return Err(FileError::Binary { line });
        }
        match result {
            encoding_rs::DecoderResult::InputEmpty => Ok(text),
            _ => Err(FileError::Encoding {
                line: self.lines + 1,
                encoding: self.inner.encoding().name(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8], encoding: Encoding) -> Result<String, FileError> {
        let mut decoder = Decoder::new(encoding);
        // Decode byte by byte, so that every character is split.
        let mut text = String::new();
        for byte in bytes {
            text += &decoder.decode(&[*byte], false)?;
        }
        text += &decoder.decode(&[], true)?;
        Ok(text)
    }

    #[test]
    fn decodes_byte_order_marks_and_windows_1252_file_1() {
        assert_eq!(
            decode("\u{feff}é,ß".as_bytes(), Encoding::Utf8).unwrap(),
            "é,ß"
        );
        assert_eq!(decode(b"\xff\xfea\0\xe9\0", Encoding::Utf8).unwrap(), "aé");
        assert_eq!(decode(b"\xfe\xff\0a", Encoding::Utf8).unwrap(), "a");
        assert_eq!(decode(b"\xe9\x80", Encoding::Windows1252).unwrap(), "é€");
    }

    #[test]
    fn rejects_bytes_of_another_encoding_with_line_file_1() {
        let error = decode(b"a\nb\n\xe9x", Encoding::Utf8).unwrap_err();
        assert!(
            matches!(error, FileError::Encoding { line: 3, .. }),
            "{error}"
        );
        let cut = decode(b"a\xc3", Encoding::Utf8).unwrap_err();
        assert!(matches!(cut, FileError::Encoding { line: 1, .. }), "{cut}");
        let error = decode(b"a\n\0b", Encoding::Utf8).unwrap_err();
        assert!(matches!(error, FileError::Binary { line: 2 }), "{error}");
        let mut decoder = Decoder::new(Encoding::Utf8);
        let error = decoder.decode(b"PK\x03\x04rest", true).unwrap_err();
        assert!(matches!(error, FileError::Spreadsheet), "{error}");
    }
}
