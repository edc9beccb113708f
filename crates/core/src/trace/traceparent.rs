use std::fmt;

use super::id::{SpanId, TraceId};

const SAMPLED: u8 = 0b01;
const RANDOM: u8 = 0b10;
/// The length of the header, in bytes: `00-` trace-id `-` parent-id `-` flags.
const LENGTH: usize = 55;

/// The `traceparent` header. It is always encoded as version 00.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traceparent {
    pub(super) trace_id: TraceId,
    pub(super) span_id: SpanId,
    pub(super) sampled: bool,
    pub(super) random: bool,
}

impl Traceparent {
    /// Parses the header by section 3.2 of Trace Context. A higher version is parsed like version
    /// 00 if its prefix allows it. Version ff is invalid.
    pub(super) fn parse(value: &[u8]) -> Option<Self> {
        let value = value.trim_ascii();
        let (known, rest) = value.split_at_checked(LENGTH)?;
        let (version, fields) = known.split_at_checked(3)?;
        let (trace_id, fields) = fields.split_at_checked(33)?;
        let (span_id, flags) = fields.split_at_checked(17)?;
        let version = hex(version.strip_suffix(b"-")?)?;
        let well_ended = rest.is_empty() || (version != 0 && rest.first() == Some(&b'-'));
        if version == 0xff || !well_ended {
            return None;
        }
        let flags = u8::try_from(hex(flags)?).ok()?;
        Some(Self {
            trace_id: TraceId::new(hex(trace_id.strip_suffix(b"-")?)?)?,
            span_id: SpanId::new(u64::try_from(hex(span_id.strip_suffix(b"-")?)?).ok()?)?,
            sampled: flags & SAMPLED != 0,
            random: flags & RANDOM != 0,
        })
    }

    /// Returns the flags of version 00: sampled, and random if at least 56 bits of the trace
    /// identifier are random.
    #[must_use]
    pub fn flags(self) -> u8 {
        (u8::from(self.sampled) * SAMPLED) | (u8::from(self.random) * RANDOM)
    }

    /// Encodes the header without allocation.
    #[must_use]
    pub fn to_bytes(self) -> [u8; LENGTH] {
        const DIGITS: &[u8; 4] = b"0123";
        let flags = self.flags();
        let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
        let (trace_id, rest) = text.split_at_mut(35);
        let (span_id, last) = rest.split_at_mut(17);
        if let Some(digits) = trace_id.get_mut(3..) {
            digits.copy_from_slice(&self.trace_id.to_hex());
        }
        if let Some(digits) = span_id.get_mut(1..) {
            digits.copy_from_slice(&self.span_id.to_hex());
        }
        if let (Some(last), Some(digit)) = (last.last_mut(), DIGITS.get(usize::from(flags))) {
            *last = *digit;
        }
        text
    }
}

impl fmt::Display for Traceparent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.to_bytes();
        formatter.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

/// Parses at most 32 lower-case hexadecimal digits.
fn hex(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0_u128, |number, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some((number << 4) | u128::from(digit))
    })
}
