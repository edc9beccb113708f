//! Finds the boundaries of HTTP/1 messages strictly, before a lenient parser reads them.
//!
//! The parser accepts forms that RFC 9112 permits: a lone line feed as a line end, `Content-Length`
//! together with `Transfer-Encoding`, the same length twice. A proxy that reads one of these
//! differently sees other requests than this server (request smuggling). Well-behaved clients do
//! not use these forms, so all are rejected. Heads beyond the limits are rejected too, because the
//! parser's own response to them has no body and no request ID. The scanner reads the bytes as they
//! arrive and copies only a line that is split between two reads.

use std::num::IntErrorKind;

use memchr::memchr;

use super::{
    head_line::{check_header, check_header_start, check_request_line, check_request_line_start},
    rejection::Rejection,
};
use crate::server::config::LimitsConfig;

/// Maximum length of a chunk-size line, in bytes: 16 digits and an extension, which clients omit.
const MAX_CHUNK_LINE: usize = 256;
/// Maximum length of a body. The parser reserves the numbers above it.
const MAX_LENGTH: u64 = u64::MAX - 2;
/// Room for the method, the version and the blanks of a request line.
const REQUEST_LINE_OVERHEAD: usize = 64;
/// Maximum length of a trailer line that is split between two reads. The parser's own limit is
/// lower.
const MAX_LINE: usize = (1 << 20) + 2;

/// Bytes that two parsers could read differently, or that one would read without a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InvalidBytes {
    /// The number of valid bytes.
    pub(super) valid: usize,
    pub(super) rejection: Rejection,
}

/// The limits that the scanner checks.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    head: usize,
    headers: u32,
    uri: usize,
    body: u64,
}

/// The state of the parser: what it reads next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ParseState {
    RequestLine,
    Header,
    Body(u64),
    ChunkSize,
    Chunk(u64),
    ChunkEnd,
    Trailer,
    /// Another protocol, after an upgrade.
    Foreign,
}

/// The body length that the head of the message declares.
#[derive(Debug, Clone, Copy, Default)]
struct Head {
    length: Option<u64>,
    chunked: bool,
    leaves_http: bool,
    /// Whether the version is HTTP/1.0, which does not support `Transfer-Encoding`.
    is_old: bool,
    /// Bytes of the lines of the head so far.
    size: usize,
    headers: u32,
}

#[derive(Debug)]
pub(super) struct Framing {
    bounds: Bounds,
    heads: u64,
    state: ParseState,
    head: Head,
    /// Bytes of the empty lines before the next head, which the parser takes for a part of it.
    blank: usize,
    split_line: Vec<u8>,
}

impl Framing {
    pub(super) fn new(limits: &LimitsConfig) -> Self {
        Self {
            bounds: Bounds {
                head: limits.head.max_size.as_usize(),
                headers: limits.head.max_headers,
                uri: limits.head.max_uri_length.as_usize(),
                body: limits.body.max_size.get(),
            },
            heads: 0,
            state: ParseState::RequestLine,
            head: Head::default(),
            blank: 0,
            split_line: Vec::new(),
        }
    }

    /// Returns whether a part of a head has arrived and the rest has not.
    pub(super) fn is_within_head(&self) -> bool {
        match self.state {
            ParseState::RequestLine => !self.split_line.is_empty(),
            ParseState::Header => true,
            _ => false,
        }
    }

    /// Returns whether all messages so far are complete.
    pub(super) fn is_between_messages(&self) -> bool {
        self.state == ParseState::RequestLine && self.split_line.is_empty()
    }

    /// Returns true if the next bytes belong to a message whose head is complete.
    pub(super) fn is_in_body(&self) -> bool {
        !matches!(self.state, ParseState::RequestLine | ParseState::Header)
    }

    /// Returns the number of complete heads so far.
    pub(super) fn heads(&self) -> u64 {
        self.heads
    }

    /// Scans the next bytes.
    pub(super) fn scan(&mut self, bytes: &[u8]) -> Result<(), InvalidBytes> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let valid = bytes.len() - rest.len();
            rest = match self.state {
                ParseState::Foreign => return Ok(()),
                ParseState::Body(left) => {
                    let (rest, left) = skip(rest, left);
                    self.state = match left {
                        0 => self.after_message(),
                        left => ParseState::Body(left),
                    };
                    rest
                }
                ParseState::Chunk(left) => {
                    let (rest, left) = skip(rest, left);
                    self.state = match left {
                        0 => ParseState::ChunkEnd,
                        left => ParseState::Chunk(left),
                    };
                    rest
                }
                _ => self
                    .take_line(rest)
                    .map_err(|rejection| InvalidBytes { valid, rejection })?,
            };
        }
        Ok(())
    }

    fn take_line<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], Rejection> {
        let Some((line, rest)) = memchr(b'\n', bytes).and_then(|end| bytes.split_at_checked(end))
        else {
            return self.append_to_line(bytes).map(|()| &[][..]);
        };
        if self.split_line.is_empty() {
            self.line(line)?;
        } else {
            self.append_to_line(line)?;
            let mut whole = std::mem::take(&mut self.split_line);
            self.line(&whole)?;
            whole.clear();
            self.split_line = whole;
        }
        Ok(rest.get(1..).unwrap_or_default())
    }

    fn append_to_line(&mut self, part: &[u8]) -> Result<(), Rejection> {
        let length = self.split_line.len() + part.len();
        match self.state {
            ParseState::ChunkSize | ParseState::ChunkEnd if length > MAX_CHUNK_LINE => {
                return Err(Rejection::Malformed);
            }
            ParseState::RequestLine
                if length > self.bounds.uri.saturating_add(REQUEST_LINE_OVERHEAD) =>
            {
                return Err(Rejection::LongTarget);
            }
            ParseState::RequestLine => self.check_size(self.blank + length)?,
            ParseState::Header => self.check_size(self.head.size + length)?,
            _ if length > MAX_LINE => return Err(Rejection::Malformed),
            _ => {}
        }
        self.split_line.extend_from_slice(part);
        match self.state {
            ParseState::RequestLine => check_request_line_start(&self.split_line),
            ParseState::Header => check_header_start(&self.split_line),
            _ => Ok(()),
        }
    }

    fn check_size(&self, size: usize) -> Result<(), Rejection> {
        if size > self.bounds.head {
            return Err(Rejection::LargeHead);
        }
        Ok(())
    }

    /// Scans a line without its line feed.
    fn line(&mut self, line: &[u8]) -> Result<(), Rejection> {
        let line = line.strip_suffix(b"\r").ok_or(Rejection::Malformed)?;
        let size = line.len() + 2;
        self.state = match self.state {
            ParseState::RequestLine if line.is_empty() => {
                self.blank += size;
                self.check_size(self.blank)?;
                ParseState::RequestLine
            }
            ParseState::RequestLine => {
                check_request_line(line, self.bounds.uri)?;
                let size = std::mem::take(&mut self.blank) + size;
                self.check_size(size)?;
                self.head = Head {
                    size,
                    leaves_http: line.starts_with(b"CONNECT "),
                    is_old: line.ends_with(b"HTTP/1.0"),
                    ..Head::default()
                };
                ParseState::Header
            }
            ParseState::Header if line.is_empty() => {
                self.check_size(self.head.size + size)?;
                self.heads += 1;
                match self.head {
                    Head { chunked: true, .. } => ParseState::ChunkSize,
                    Head {
                        length: Some(length @ 1..),
                        ..
                    } => ParseState::Body(length),
                    _ => self.after_message(),
                }
            }
            ParseState::Header => {
                self.head.size += size;
                self.head.headers += 1;
                self.check_size(self.head.size)?;
                if self.head.headers > self.bounds.headers {
                    return Err(Rejection::ManyHeaders);
                }
                self.header(line)?;
                ParseState::Header
            }
            ParseState::ChunkSize => match chunk_size(line)? {
                0 => ParseState::Trailer,
                size if size > self.bounds.body => return Err(Rejection::LargeBody),
                size => ParseState::Chunk(size),
            },
            ParseState::ChunkEnd if line.is_empty() => ParseState::ChunkSize,
            ParseState::ChunkEnd => return Err(Rejection::Malformed),
            ParseState::Trailer if line.is_empty() => self.after_message(),
            ParseState::Trailer if is_folded(line) => return Err(Rejection::Malformed),
            same => same,
        };
        Ok(())
    }

    fn header(&mut self, line: &[u8]) -> Result<(), Rejection> {
        check_header(line)?;
        // The first letter distinguishes most lines.
        if let Some(value) = value_of(line, b"content-length") {
            if self.head.length.is_some() || self.head.chunked {
                return Err(Rejection::Malformed);
            }
            let length = number(value, 10)?;
            if length > MAX_LENGTH {
                return Err(Rejection::LargeBody);
            }
            self.head.length = Some(length);
        } else if let Some(value) = value_of(line, b"transfer-encoding") {
            // Any other coding would reach the service undecoded, as if it were the content.
            let repeated = self.head.length.is_some() || self.head.chunked;
            if repeated || self.head.is_old || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Rejection::Malformed);
            }
            self.head.chunked = true;
        } else if value_of(line, b"upgrade").is_some() {
            self.head.leaves_http = true;
        }
        Ok(())
    }

    /// After a message that may have led to another protocol the bytes are not scanned. Without an
    /// upgrade the connection ends with the response.
    fn after_message(&self) -> ParseState {
        if self.head.leaves_http {
            ParseState::Foreign
        } else {
            ParseState::RequestLine
        }
    }
}

fn skip(bytes: &[u8], count: u64) -> (&[u8], u64) {
    let length = usize::try_from(count)
        .unwrap_or(usize::MAX)
        .min(bytes.len());
    let rest = bytes.get(length..).unwrap_or_default();
    (rest, count - u64::try_from(length).unwrap_or(count))
}

/// Returns whether a line continues the previous one (RFC 9112, section 5.2).
fn is_folded(line: &[u8]) -> bool {
    matches!(line.first(), Some(b' ' | b'\t'))
}

fn value_of<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    if line.first().map(u8::to_ascii_lowercase) != name.first().copied() {
        return None;
    }
    let (field, value) = line.split_at_checked(name.len())?;
    let value = value.strip_prefix(b":")?;
    field.eq_ignore_ascii_case(name).then(|| value.trim_ascii())
}

fn chunk_size(line: &[u8]) -> Result<u64, Rejection> {
    if line.len() > MAX_CHUNK_LINE {
        return Err(Rejection::Malformed);
    }
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
    number(digits, 16)
}

/// Parses a number that consists of digits only, without sign, list or space.
fn number(digits: &[u8], radix: u32) -> Result<u64, Rejection> {
    let is_digit = |byte: &u8| char::from(*byte).is_digit(radix);
    if !digits.iter().all(is_digit) {
        return Err(Rejection::Malformed);
    }
    let digits = std::str::from_utf8(digits).map_err(|_| Rejection::Malformed)?;
    u64::from_str_radix(digits, radix).map_err(|error| match error.kind() {
        // This is a valid number that exceeds every limit.
        IntErrorKind::PosOverflow => Rejection::LargeBody,
        _ => Rejection::Malformed,
    })
}

#[cfg(test)]
mod tests;
