use std::{cell::Cell, fmt, fmt::Write as _, io::Write as _, net::IpAddr, sync::Arc};

use seaworthy_core::{RequestContext, RequestId, ServiceIdentity};

use super::{
    Shared,
    encode::{Encoding, escape, push_float, push_now, push_unsigned},
    level::Level,
};
use crate::redact::{MASK, Redactor, is_public, network_of};

thread_local! {
    /// The buffers of the last lines of this thread, so that a line allocates nothing.
    static BUFFERS: Cell<(Vec<u8>, String)> = const { Cell::new((Vec::new(), String::new())) };
}

/// A buffer that one huge line made this large is not kept.
const LARGEST_KEPT: usize = 16 * 1_024;

/// The smallest number of 13 digits. Card numbers have at least 13 digits.
const MIN_CHECKED_NUMBER: u64 = 1_000_000_000_000;

/// The name of a field that the program itself chose: lower case letters, digits and underscores, so that it needs no escape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name(&'static str);

impl Name {
    /// A name.
    ///
    /// # Panics
    /// When it has another character, at compile time where the name is a constant.
    #[must_use]
    #[expect(clippy::panic, reason = "a constant that is wrong does not compile")]
    pub const fn new(name: &'static str) -> Self {
        let mut rest = name.as_bytes();
        while let [first, others @ ..] = rest {
            if !matches!(first, b'a'..=b'z' | b'0'..=b'9' | b'_') {
                panic!("a field's name has lower case letters, digits and underscores");
            }
            rest = others;
        }
        Self(name)
    }
}

/// One line while it is written. It goes out when it is dropped.
pub struct Line {
    shared: Arc<Shared>,
    output: Vec<u8>,
    /// Where values are formatted before they are filtered.
    scratch: String,
}

impl Line {
    pub(super) fn begin(shared: &Arc<Shared>) -> Self {
        let (mut output, mut scratch) = BUFFERS.take();
        output.clear();
        scratch.clear();
        Self {
            shared: Arc::clone(shared),
            output,
            scratch,
        }
    }

    /// Writes what every line has.
    pub(super) fn head(
        &mut self,
        context: Option<&RequestContext>,
        level: Level,
        target: &str,
        message: &str,
    ) {
        match self.shared.encoding {
            Encoding::Json => self.json_head(context, level, target, message),
            Encoding::Text { colours } => {
                self.text_head(colours, level, target, message);
                if let Some(context) = context {
                    self.text_context(context);
                }
            }
        }
    }

    fn json_head(
        &mut self,
        context: Option<&RequestContext>,
        level: Level,
        target: &str,
        message: &str,
    ) {
        let shared = Arc::clone(&self.shared);
        let service: &ServiceIdentity = context.map_or(&shared.identity, RequestContext::service);
        let output = &mut self.output;
        output.extend_from_slice(b"{\"timestamp\":\"");
        push_now(output);
        output.extend_from_slice(b"\",\"level\":\"");
        output.extend_from_slice(level.as_str().as_bytes());
        // The same text is the same identity; only where several services share a process it may be another.
        if std::ptr::eq(service.name(), shared.identity.name()) {
            output.extend_from_slice(&shared.encoded_identity);
        } else {
            output.extend_from_slice(&encode_identity(service));
        }
        output.extend_from_slice(b"\",\"target\":\"");
        escape(output, target);
        output.extend_from_slice(b"\",\"message\":\"");
        escape(output, &shared.redactor.redact(message));
        output.push(b'"');
        let Some(context) = context else { return };
        output.extend_from_slice(b",\"request_id\":\"");
        push_request_id(output, &shared.redactor, context.request_id());
        output.extend_from_slice(b"\",\"trace_id\":\"");
        output.extend_from_slice(&context.trace().trace_id().to_hex());
        output.extend_from_slice(b"\",\"span_id\":\"");
        output.extend_from_slice(&context.trace().span_id().to_hex());
        output.push(b'"');
        if let Some(actor) = context.actor() {
            output.extend_from_slice(b",\"actor\":\"");
            escape(output, &shared.redactor.redact(actor.as_str()));
            output.push(b'"');
        }
    }

    fn text_head(&mut self, colours: bool, level: Level, target: &str, message: &str) {
        let output = &mut self.output;
        push_now(output);
        let (begin, faint, end) = if colours {
            (colour(level), "\u{1b}[2m", "\u{1b}[0m")
        } else {
            ("", "", "")
        };
        let _ = write!(output, " {begin}{:<5}{end} {faint}", level.as_str());
        escape(output, target);
        let _ = write!(output, ":{end} ");
        escape(output, &self.shared.redactor.redact(message));
    }

    /// What tells the lines of one request from those of another. The service is left out: a person reads the lines of one.
    fn text_context(&mut self, context: &RequestContext) {
        self.name("request_id");
        push_request_id(
            &mut self.output,
            &self.shared.redactor,
            context.request_id(),
        );
        self.name("trace_id");
        let digits = context.trace().trace_id().to_hex();
        self.output.extend_from_slice(&digits);
        if let Some(actor) = context.actor() {
            self.text("actor", actor.as_str());
        }
    }

    /// Adds a text, masked where its name or its shape says so.
    pub fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.name(name);
        let shared = Arc::clone(&self.shared);
        if shared.redactor.is_sensitive_name(name) {
            return self.quoted(MASK);
        }
        self.quoted(&shared.redactor.redact(value))
    }

    /// Adds a text of somebody else under a name that hides nothing, masked where its shape says so.
    pub fn filtered(&mut self, name: Name, value: &str) -> &mut Self {
        self.plain_name(name);
        let shared = Arc::clone(&self.shared);
        self.quoted(&shared.redactor.redact(value))
    }

    /// Adds a text that needs no filter because the program itself wrote it, such as a method or a route template.
    pub fn known(&mut self, name: Name, value: &str) -> &mut Self {
        self.plain_name(name);
        self.quoted(value)
    }

    /// Adds an address: of one that may be a person's its network, such as `203.0.113.0/24`, and of one of the operator's own machines all.
    pub fn address(&mut self, name: Name, address: IpAddr) -> &mut Self {
        let (address, prefix) =
            match self.shared.redactor.masks_ip_addresses() && is_public(address) {
                true => {
                    let (network, prefix) = network_of(address);
                    (network, Some(prefix))
                }
                false => (address, None),
            };
        self.plain_name(name);
        let is_quoted = self.shared.encoding == Encoding::Json;
        if is_quoted {
            self.output.push(b'"');
        }
        match address {
            IpAddr::V4(address) => {
                let [first, rest @ ..] = address.octets();
                push_unsigned(&mut self.output, first.into());
                for octet in rest {
                    self.output.push(b'.');
                    push_unsigned(&mut self.output, octet.into());
                }
            }
            IpAddr::V6(address) => drop(write!(self.output, "{address}")),
        }
        if let Some(prefix) = prefix {
            self.output.push(b'/');
            push_unsigned(&mut self.output, prefix.into());
        }
        if is_quoted {
            self.output.push(b'"');
        }
        self
    }

    /// Adds a number, masked if its name or its digits require it.
    pub(super) fn unsigned(&mut self, name: &str, value: u64) -> &mut Self {
        if value >= MIN_CHECKED_NUMBER || self.shared.redactor.is_sensitive_name(name) {
            return self.number(name, format_args!("{value}"));
        }
        self.name(name);
        push_unsigned(&mut self.output, value);
        self
    }

    /// Adds a number, masked if its name or its digits require it.
    pub(super) fn signed(&mut self, name: &str, value: i64) -> &mut Self {
        match u64::try_from(value) {
            Ok(value) => self.unsigned(name, value),
            Err(_) => self.number(name, format_args!("{value}")),
        }
    }

    /// Adds a number whose digits must be checked.
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

    /// Adds a number of the program's own.
    pub fn count(&mut self, name: Name, value: u64) -> &mut Self {
        self.plain_name(name);
        push_unsigned(&mut self.output, value);
        self
    }

    /// Adds a duration in milliseconds, with microseconds behind the point.
    pub fn milliseconds(&mut self, name: Name, value: std::time::Duration) -> &mut Self {
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

    pub(super) fn formatted(&mut self, name: &str, value: fmt::Arguments<'_>) -> &mut Self {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        let _ = scratch.write_fmt(value);
        self.text(name, &scratch);
        self.scratch = scratch;
        self
    }

    pub(super) fn flag(&mut self, name: &str, value: bool) -> &mut Self {
        self.name(name);
        let text: &[u8] = if value { b"true" } else { b"false" };
        self.output.extend_from_slice(text);
        self
    }

    /// Adds a number with a fraction. What is not finite has no form in JSON and becomes a text.
    pub(super) fn float(&mut self, name: &str, value: f64) -> &mut Self {
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

    /// Adds fields that were encoded before.
    pub(super) fn encoded(&mut self, fields: &[u8]) {
        self.output.extend_from_slice(fields);
    }

    /// The fields so far, for keeping.
    pub(super) fn take_fields(mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    fn plain_name(&mut self, Name(name): Name) {
        if self.shared.encoding == Encoding::Json {
            self.output.extend_from_slice(b",\"");
            self.output.extend_from_slice(name.as_bytes());
            self.output.extend_from_slice(b"\":");
        } else {
            self.name(name);
        }
    }

    fn name(&mut self, name: &str) {
        match self.shared.encoding {
            Encoding::Json => {
                self.output.extend_from_slice(b",\"");
                escape(&mut self.output, name);
                self.output.extend_from_slice(b"\":");
            }
            Encoding::Text { colours } => {
                self.output.push(b' ');
                if colours {
                    self.output.extend_from_slice(b"\x1b[2m");
                }
                escape(&mut self.output, name);
                self.output.push(b'=');
                if colours {
                    self.output.extend_from_slice(b"\x1b[0m");
                }
            }
        }
    }

    fn quoted(&mut self, value: &str) -> &mut Self {
        let bare = !matches!(self.shared.encoding, Encoding::Json)
            && !value.is_empty()
            && value
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
        if bare {
            self.output.extend_from_slice(value.as_bytes());
        } else {
            self.output.push(b'"');
            escape(&mut self.output, value);
            self.output.push(b'"');
        }
        self
    }
}

/// `"service":"…","version":"…`, from the end of the field before to that of the last value.
pub(super) fn encode_identity(identity: &ServiceIdentity) -> Vec<u8> {
    let mut encoded = b"\",\"service\":\"".to_vec();
    escape(&mut encoded, identity.name());
    encoded.extend_from_slice(b"\",\"version\":\"");
    escape(&mut encoded, identity.version());
    encoded
}

/// An identifier that a caller chose may hold anything, also an address, a card or a token.
fn push_request_id(output: &mut Vec<u8>, redactor: &Redactor, id: &RequestId) {
    if id.is_generated() {
        output.extend_from_slice(id.as_str().as_bytes());
    } else {
        escape(output, &redactor.redact(id.as_str()));
    }
}

const fn colour(level: Level) -> &'static str {
    match level {
        Level::Error => "\u{1b}[31m",
        Level::Warn => "\u{1b}[33m",
        Level::Info => "\u{1b}[32m",
        Level::Debug => "\u{1b}[34m",
        Level::Trace => "\u{1b}[35m",
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.output.is_empty() {
            return;
        }
        if self.shared.encoding == Encoding::Json {
            self.output.push(b'}');
        }
        self.output.push(b'\n');
        self.shared.sink.line(&self.output);
        if self.output.capacity() <= LARGEST_KEPT {
            BUFFERS.set((
                std::mem::take(&mut self.output),
                std::mem::take(&mut self.scratch),
            ));
        }
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Line").finish_non_exhaustive()
    }
}
