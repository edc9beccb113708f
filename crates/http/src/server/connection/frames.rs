//! Finds the heads of requests in the frames of HTTP/2 (RFC 9113, section 4.1).
//!
//! A head is one HEADERS frame and CONTINUATION frames up to the flag END_HEADERS. No other frame
//! may come between them, so a client that sends a head in pieces occupies its connection.

use super::io::PREFACE;

/// The length of a frame header, in bytes.
const HEADER: usize = 9;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

/// The position in the stream of frames.
#[derive(Debug)]
pub(super) struct Frames {
    header: [u8; HEADER],
    filled: usize,
    /// Bytes of the payload that have not arrived. Initially the length of the preface.
    left: usize,
    is_within_head: bool,
    /// The frame is the last one of a head.
    ends_head: bool,
}

impl Frames {
    pub(super) fn new() -> Self {
        Self {
            header: [0; HEADER],
            filled: 0,
            left: PREFACE.len(),
            is_within_head: false,
            ends_head: false,
        }
    }

    /// Returns whether a part of a head has arrived and the rest has not.
    pub(super) fn is_within_head(&self) -> bool {
        self.is_within_head
    }

    /// Scans the next bytes.
    pub(super) fn scan(&mut self, mut bytes: &[u8]) {
        while let Some((first, rest)) = bytes.split_first() {
            if self.left > 0 {
                let length = self.left.min(bytes.len());
                self.left -= length;
                bytes = bytes.get(length..).unwrap_or_default();
            } else {
                if let Some(byte) = self.header.get_mut(self.filled) {
                    *byte = *first;
                }
                self.filled += 1;
                bytes = rest;
                if self.filled < HEADER {
                    continue;
                }
                self.begin_frame();
            }
            if self.left == 0 && self.ends_head {
                self.is_within_head = false;
            }
        }
    }

    fn begin_frame(&mut self) {
        let [a, b, c, kind, flags, ..] = self.header;
        self.filled = 0;
        self.left = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        let is_of_head = matches!(kind, HEADERS | CONTINUATION);
        self.is_within_head |= is_of_head;
        self.ends_head = is_of_head && flags & END_HEADERS != 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, length: u8) -> Vec<u8> {
        let mut frame = vec![0, 0, length, kind, flags, 0, 0, 0, 1];
        frame.extend(std::iter::repeat_n(0, length.into()));
        frame
    }

    #[test]
    fn head_lasts_until_end_of_its_last_frame_sec_3() {
        let (settings, data) = (frame(4, 0, 12), frame(0, END_HEADERS, 3));
        let begin = frame(HEADERS, 0, 4);
        let end = frame(CONTINUATION, END_HEADERS, 5);
        let bytes = [PREFACE, &*settings, &begin, &end, &data].concat();
        let begins = PREFACE.len() + settings.len() + HEADER;
        let ends = begins - HEADER + begin.len() + end.len();
        let mut frames = Frames::new();
        for (read, byte) in (1..).zip(&bytes) {
            frames.scan(std::slice::from_ref(byte));
            assert_eq!(
                frames.is_within_head(),
                (begins..ends).contains(&read),
                "{read}"
            );
        }
        let mut frames = Frames::new();
        frames.scan(&bytes);
        assert!(!frames.is_within_head());
        frames.scan(&frame(HEADERS, END_HEADERS, 0));
        assert!(!frames.is_within_head());
        frames.scan(&begin);
        assert!(frames.is_within_head());
    }
}
