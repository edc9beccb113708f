//! Where one HTTP/1 message ends and the next begins, read strictly, in front of a parser that is lenient.
//!
//! The parser accepts what RFC 9112 lets it accept: a lone line feed as a line end, `Content-Length` beside `Transfer-Encoding`, the same length
//! twice. A proxy in front that reads one of these differently sees other requests than this side does (request smuggling). No honest
//! client needs any of them, so all are refused. The scanner sees the bytes as they arrive, copies none but a line that is split between
//! two reads, and leaves everything else to the parser.

use memchr::memchr;

/// A chunk-size line holds 16 digits at most; the rest is an extension nobody uses.
const LONGEST_CHUNK_LINE: usize = 256;
/// A line that is split between two reads is kept up to this length; the parser's own limit on the head is below it.
const LONGEST_LINE: usize = (1 << 20) + 2;

/// Two parsers could disagree about the bytes, or one be made to read without end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed {
    /// How many of the bytes are sound.
    pub(super) sound: usize,
}

/// The place in the stream of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
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

/// What the head of the message says of its body.
#[derive(Debug, Clone, Copy, Default)]
struct Head {
    length: Option<u64>,
    chunked: bool,
    leaves_http: bool,
}

#[derive(Debug)]
pub(super) struct Framing {
    place: Place,
    head: Head,
    split_line: Vec<u8>,
}

/// A line breaks the rules.
struct Broken;

impl Framing {
    pub(super) fn new() -> Self {
        Self {
            place: Place::RequestLine,
            head: Head::default(),
            split_line: Vec::new(),
        }
    }

    /// A part of a head has been seen and the rest has not.
    pub(super) fn is_within_head(&self) -> bool {
        match self.place {
            Place::RequestLine => !self.split_line.is_empty(),
            Place::Header => true,
            _ => false,
        }
    }

    /// Reads on.
    pub(super) fn scan(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let sound = bytes.len() - rest.len();
            rest = match self.place {
                Place::Foreign => return Ok(()),
                Place::Body(left) => {
                    let (rest, left) = skip(rest, left);
                    self.place = match left {
                        0 => self.after_message(),
                        left => Place::Body(left),
                    };
                    rest
                }
                Place::Chunk(left) => {
                    let (rest, left) = skip(rest, left);
                    self.place = match left {
                        0 => Place::ChunkEnd,
                        left => Place::Chunk(left),
                    };
                    rest
                }
                _ => self.take_line(rest).map_err(|Broken| Malformed { sound })?,
            };
        }
        Ok(())
    }

    fn take_line<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], Broken> {
        let Some((line, rest)) = memchr(b'\n', bytes).and_then(|end| bytes.split_at_checked(end))
        else {
            return self.keep(bytes).map(|()| &[][..]);
        };
        if self.split_line.is_empty() {
            self.line(line)?;
        } else {
            self.keep(line)?;
            let mut whole = std::mem::take(&mut self.split_line);
            self.line(&whole)?;
            whole.clear();
            self.split_line = whole;
        }
        Ok(rest.get(1..).unwrap_or_default())
    }

    fn keep(&mut self, part: &[u8]) -> Result<(), Broken> {
        let longest = match self.place {
            Place::ChunkSize | Place::ChunkEnd => LONGEST_CHUNK_LINE,
            _ => LONGEST_LINE,
        };
        if self.split_line.len() + part.len() > longest {
            return Err(Broken);
        }
        self.split_line.extend_from_slice(part);
        Ok(())
    }

    /// A line without its line feed.
    fn line(&mut self, line: &[u8]) -> Result<(), Broken> {
        let line = line.strip_suffix(b"\r").ok_or(Broken)?;
        self.place = match self.place {
            Place::RequestLine if line.is_empty() => Place::RequestLine,
            Place::RequestLine => {
                self.head = Head {
                    leaves_http: line.starts_with(b"CONNECT "),
                    ..Head::default()
                };
                Place::Header
            }
            Place::Header if line.is_empty() => match self.head {
                Head { chunked: true, .. } => Place::ChunkSize,
                Head {
                    length: Some(length @ 1..),
                    ..
                } => Place::Body(length),
                _ => self.after_message(),
            },
            Place::Header => {
                self.header(line)?;
                Place::Header
            }
            Place::ChunkSize => match chunk_size(line)? {
                0 => Place::Trailer,
                size => Place::Chunk(size),
            },
            Place::ChunkEnd if line.is_empty() => Place::ChunkSize,
            Place::ChunkEnd => return Err(Broken),
            Place::Trailer if line.is_empty() => self.after_message(),
            Place::Trailer if is_folded(line) => return Err(Broken),
            same => same,
        };
        Ok(())
    }

    fn header(&mut self, line: &[u8]) -> Result<(), Broken> {
        if is_folded(line) {
            return Err(Broken);
        }
        // Most lines are told apart by their first letter.
        if let Some(value) = value_of(line, b"content-length") {
            if self.head.length.is_some() || self.head.chunked {
                return Err(Broken);
            }
            self.head.length = Some(number(value, 10)?);
        } else if let Some(value) = value_of(line, b"transfer-encoding") {
            // Any other coding would reach the service undecoded, as if it were the content.
            let repeated = self.head.length.is_some() || self.head.chunked;
            if repeated || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Broken);
            }
            self.head.chunked = true;
        } else if value_of(line, b"upgrade").is_some() {
            self.head.leaves_http = true;
        }
        Ok(())
    }

    /// After a message that may have led to another protocol the bytes are not read any more; the connection ends with the answer if it did
    /// not.
    fn after_message(&self) -> Place {
        if self.head.leaves_http {
            Place::Foreign
        } else {
            Place::RequestLine
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

/// A line that continues the one before (RFC 9112, section 5.2).
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

fn chunk_size(line: &[u8]) -> Result<u64, Broken> {
    if line.len() > LONGEST_CHUNK_LINE {
        return Err(Broken);
    }
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
    number(digits, 16)
}

/// Digits and nothing else: no sign, no list, no blank.
fn number(digits: &[u8], radix: u32) -> Result<u64, Broken> {
    let is_digit = |byte: &u8| char::from(*byte).is_digit(radix);
    if !digits.iter().all(is_digit) {
        return Err(Broken);
    }
    let digits = std::str::from_utf8(digits).map_err(|_| Broken)?;
    u64::from_str_radix(digits, radix).map_err(|_| Broken)
}

#[cfg(test)]
mod tests;
