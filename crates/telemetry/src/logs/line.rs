mod numbers;

use std::{cell::Cell, fmt, fmt::Write as _, io::Write as _, net::IpAddr, sync::Arc};

use seaworthy_core::{RequestContext, RequestId, ServiceIdentity};

use super::{
    FieldName, Shared,
    encode::{Encoding, escape, push_now, push_unsigned},
    level::Level,
};
use crate::redact::{MASK, Redactor, is_public, network_of};

thread_local! {
    /// The buffers of the last line of this thread, so that a line needs no allocation.
    static BUFFERS: Cell<(Vec<u8>, String)> = const { Cell::new((Vec::new(), String::new())) };
}

/// The maximum capacity of a buffer that is kept, in bytes.
const MAX_KEPT_CAPACITY: usize = 16 * 1_024;

/// A line that is being written. It is passed to the sink when it is dropped.
pub struct Line {
    shared: Arc<Shared>,
    output: Vec<u8>,
    /// A buffer in which values are formatted before they are redacted.
    scratch: String,
}

impl Line {
    pub(super) fn start(shared: &Arc<Shared>) -> Self {
        let (mut output, mut scratch) = BUFFERS.take();
        output.clear();
        scratch.clear();
        Self {
            shared: Arc::clone(shared),
            output,
            scratch,
        }
    }

    /// Writes the fields of every line.
    pub(super) fn head(
        &mut self,
        context: Option<&RequestContext>,
        level: Level,
        target: &str,
        message: &str,
    ) {
        match self.shared.encoding {
            Encoding::Json => self.json_head(context, level, target, message),
            Encoding::Text { colors } => {
                self.text_head(colors, level, target, message);
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
        let shared = &*self.shared;
        let service: &ServiceIdentity = context.map_or(&shared.identity, RequestContext::service);
        let output = &mut self.output;
        output.extend_from_slice(b"{\"timestamp\":\"");
        push_now(output);
        output.extend_from_slice(b"\",\"level\":\"");
        output.extend_from_slice(level.as_str().as_bytes());
        // Most contexts share the identity of the service, which is encoded once.
        if std::ptr::eq(service.name(), shared.identity.name()) {
            output.extend_from_slice(&shared.encoded_identity);
        } else {
            output.extend_from_slice(&encode_identity(service));
        }
        output.extend_from_slice(b"\",\"target\":\"");
        escape(output, target);
        output.extend_from_slice(b"\",\"message\":\"");
        push_text(output, shared, &shared.redactor.redact(message));
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

    fn text_head(&mut self, colors: bool, level: Level, target: &str, message: &str) {
        let output = &mut self.output;
        push_now(output);
        let (begin, faint, end) = if colors {
            (color(level), "\u{1b}[2m", "\u{1b}[0m")
        } else {
            ("", "", "")
        };
        let _ = write!(output, " {begin}{:<5}{end} {faint}", level.as_str());
        escape(output, target);
        let _ = write!(output, ":{end} ");
        let message = self.shared.redactor.redact(message);
        push_text(output, &self.shared, &message);
    }

    /// Writes the fields of the request. The name of the service is omitted, because text is for
    /// the developer of one service.
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

    /// Adds a text. It is masked if its name is sensitive, and redacted otherwise.
    pub fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.name(name);
        if self.shared.redactor.is_sensitive_name(name) {
            return self.quoted(MASK);
        }
        let value = self.shared.redactor.redact(value);
        self.quoted(&value)
    }

    /// Adds a redacted text that many lines repeat, such as a user agent.
    pub fn redacted_repeated(&mut self, name: FieldName, value: &str) -> &mut Self {
        self.plain_name(name);
        let shared = Arc::clone(&self.shared);
        let value = shared.clean_texts.redact(&shared.redactor, value);
        self.quoted(&value)
    }

    /// Adds a redacted text, such as a path.
    pub fn redacted(&mut self, name: FieldName, value: &str) -> &mut Self {
        self.plain_name(name);
        let value = self.shared.redactor.redact(value);
        self.quoted(&value)
    }

    /// Adds a text of the program itself, such as a method or a route template. It is not redacted.
    pub fn literal(&mut self, name: FieldName, value: &str) -> &mut Self {
        self.plain_name(name);
        self.quoted(value)
    }

    /// Adds an IP address. A public address is reduced to its network, such as `203.0.113.0/24`.
    pub fn ip_address(&mut self, name: FieldName, address: IpAddr) -> &mut Self {
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

    pub(super) fn formatted(&mut self, name: &str, value: fmt::Arguments<'_>) -> &mut Self {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        let _ = scratch.write_fmt(value);
        self.text(name, &scratch);
        self.scratch = scratch;
        self
    }

    /// Adds a boolean. It is masked if its name is sensitive.
    pub(super) fn boolean(&mut self, name: &str, value: bool) -> &mut Self {
        self.name(name);
        if self.shared.redactor.is_sensitive_name(name) {
            return self.quoted(MASK);
        }
        let text: &[u8] = if value { b"true" } else { b"false" };
        self.output.extend_from_slice(text);
        self
    }

    /// Adds encoded fields of a span.
    pub(super) fn encoded(&mut self, fields: &[u8]) {
        self.output.extend_from_slice(fields);
    }

    /// Returns the encoded fields without writing the line.
    pub(super) fn take_fields(mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    fn plain_name(&mut self, FieldName(name): FieldName) {
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
            Encoding::Text { colors } => {
                self.output.push(b' ');
                if colors {
                    self.output.extend_from_slice(b"\x1b[2m");
                }
                escape(&mut self.output, name);
                self.output.push(b'=');
                if colors {
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
            push_text(&mut self.output, &self.shared, value);
        } else {
            self.output.push(b'"');
            push_text(&mut self.output, &self.shared, value);
            self.output.push(b'"');
        }
        self
    }
}

/// Encodes a redacted text up to its maximum length.
fn push_text(output: &mut Vec<u8>, shared: &Shared, text: &str) {
    let (shown, is_cut) = shared.shown(text);
    escape(output, shown);
    if is_cut {
        output.extend_from_slice("…".as_bytes());
    }
}

/// Encodes `","service":"…","version":"…`, between the value of the previous field and the quote
/// after the version.
pub(super) fn encode_identity(identity: &ServiceIdentity) -> Vec<u8> {
    let mut encoded = b"\",\"service\":\"".to_vec();
    escape(&mut encoded, identity.name());
    encoded.extend_from_slice(b"\",\"version\":\"");
    escape(&mut encoded, identity.version());
    encoded
}

/// Redacts a request ID of a caller, which may hold an e-mail address, a card or a token.
fn push_request_id(output: &mut Vec<u8>, redactor: &Redactor, id: &RequestId) {
    if id.is_generated() {
        output.extend_from_slice(id.as_str().as_bytes());
    } else {
        escape(output, &redactor.redact(id.as_str()));
    }
}

const fn color(level: Level) -> &'static str {
    match level {
        Level::Fatal | Level::Error => "\u{1b}[31m",
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
        self.shared.sink.write_line(&self.output);
        if self.output.capacity() <= MAX_KEPT_CAPACITY {
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
