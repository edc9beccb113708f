use std::fmt;

use serde::{Deserialize, Serialize};

/// The character between the fields of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delimiter {
    /// The delimiter that the header contains most often.
    #[default]
    Detect,
    /// `,`
    Comma,
    /// `;`, which spreadsheets write in many countries.
    Semicolon,
    /// A tab.
    Tab,
    /// `|`
    Pipe,
}

/// The delimiters to detect, in the order of preference.
const ALL: [Delimiter; 4] = [
    Delimiter::Comma,
    Delimiter::Semicolon,
    Delimiter::Tab,
    Delimiter::Pipe,
];

impl Delimiter {
    /// Returns the name in forms and tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Detect => "detect",
            Self::Comma => "comma",
            Self::Semicolon => "semicolon",
            Self::Tab => "tab",
            Self::Pipe => "pipe",
        }
    }

    /// Returns the delimiter with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let mut all = ALL.into_iter().chain([Self::Detect]);
        all.find(|delimiter| delimiter.as_str() == name)
    }

    /// Returns the byte. `Detect` reads it from the first line of a file.
    pub(crate) fn byte(self, line: &[u8]) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Pipe => b'|',
            Self::Detect => detect(line),
        }
    }
}

impl fmt::Display for Delimiter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Counts delimiters outside of quotes. Without any, the file has one column.
fn detect(line: &[u8]) -> u8 {
    let count = |delimiter: u8| {
        let mut is_quoted = false;
        let mut count = 0_usize;
        for byte in line {
            is_quoted ^= *byte == b'"';
            count += usize::from(*byte == delimiter && !is_quoted);
        }
        count
    };
    let bytes = ALL.map(|delimiter| delimiter.byte(b""));
    let best = bytes.iter().rev().max_by_key(|byte| count(**byte));
    best.copied().unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detects_most_frequent_delimiter_outside_quotes_file_1() {
        for (line, expected) in [
            ("a,b,c", b','),
            ("a;b;c,d", b';'),
            ("a\tb", b'\t'),
            ("a|b|c", b'|'),
            ("\"a;b;c\",d", b','),
            ("a", b','),
            ("a,b;c", b','),
        ] {
            assert_eq!(Delimiter::Detect.byte(line.as_bytes()), expected, "{line}");
        }
    }
}
