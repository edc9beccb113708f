use std::{fmt, fmt::Write as _};

use super::Line;
use crate::{
    logs::{
        FieldName,
        encode::{push_float, push_unsigned},
    },
    redact::MASK,
};

/// The smallest number of 13 digits. Card numbers have at least 13 digits.
const MIN_CHECKED_NUMBER: u64 = 1_000_000_000_000;

impl Line {
    /// Adds a number. It is masked if its name is sensitive or its digits are.
    pub(in crate::logs) fn unsigned_integer(&mut self, name: &str, value: u64) -> &mut Self {
        if value >= MIN_CHECKED_NUMBER || self.shared.redactor.is_sensitive_name(name) {
            return self.number(name, format_args!("{value}"));
        }
        self.name(name);
        push_unsigned(&mut self.output, value);
        self
    }

    /// Adds a number. It is masked if its name is sensitive or its digits are.
    pub(in crate::logs) fn signed_integer(&mut self, name: &str, value: i64) -> &mut Self {
        match u64::try_from(value) {
            Ok(value) => self.unsigned_integer(name, value),
            Err(_) => self.number(name, format_args!("{value}")),
        }
    }

    /// Adds a formatted number, or [`MASK`] in its place.
    fn number(&mut self, name: &str, value: fmt::Arguments<'_>) -> &mut Self {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        let _ = scratch.write_fmt(value);
        self.name(name);
        if self.shared.redactor.is_masked_number(name, &scratch) {
            self.quoted(MASK);
        } else {
            self.output.extend_from_slice(scratch.as_bytes());
        }
        self.scratch = scratch;
        self
    }

    /// Adds a number of the program itself. It is not redacted.
    pub fn integer(&mut self, name: FieldName, value: u64) -> &mut Self {
        self.plain_name(name);
        push_unsigned(&mut self.output, value);
        self
    }

    /// Adds a duration in milliseconds with three decimal places.
    pub fn milliseconds(&mut self, name: FieldName, value: std::time::Duration) -> &mut Self {
        self.plain_name(name);
        let micros = u64::try_from(value.as_micros()).unwrap_or(u64::MAX);
        push_unsigned(&mut self.output, micros / 1_000);
        self.output.push(b'.');
        let rest = micros % 1_000;
        self.output.extend(
            [rest / 100, rest / 10 % 10, rest % 10]
                .map(|digit| b'0' + u8::try_from(digit).unwrap_or_default()),
        );
        self
    }

    /// Adds a floating-point number. Infinity and NaN become texts, because JSON has no notation
    /// for them.
    pub(in crate::logs) fn floating_point(&mut self, name: &str, value: f64) -> &mut Self {
        if !value.is_finite() {
            return self.formatted(name, format_args!("{value}"));
        }
        if value.abs() >= MIN_CHECKED_NUMBER as f64 || self.shared.redactor.is_sensitive_name(name)
        {
            return self.number(name, format_args!("{value}"));
        }
        self.name(name);
        push_float(&mut self.output, value);
        self
    }
}
