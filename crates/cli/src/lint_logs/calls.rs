//! The logging calls of a file.

use std::ops::Range;

use seaworthy_audit::syntax::{Call, Code};

/// Names of loggers in Go, in lower case.
const GO_LOGGERS: [&str; 14] = [
    "log", "logger", "slog", "logrus", "zap", "sugar", "sugared", "klog", "glog", "zlog", "helper",
    "entry", "l", "lg",
];
/// Packages whose constructors return loggers.
const GO_PACKAGES: [&str; 6] = ["log.", "slog.", "logrus.", "zap.", "zerolog.", "klog."];
/// Methods of loggers in Go, in lower case and without the suffixes.
const GO_METHODS: [&str; 10] = [
    "print", "debug", "info", "warn", "warning", "error", "fatal", "panic", "trace", "log",
];
/// Macros of `tracing` and `log`.
const RUST_MACROS: [&str; 6] = ["trace", "debug", "info", "warn", "error", "event"];
/// Macros that print.
const RUST_PRINTS: [&str; 5] = ["println", "print", "eprintln", "eprint", "dbg"];

/// The form of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A message and possibly fields.
    Plain,
    /// A message with values in its format, such as `Infof`.
    Formatted,
    /// Values in a line, such as `Println`.
    Line,
    /// Output that bypasses the logger.
    Printed,
}

/// A logging call.
#[derive(Debug)]
pub(super) struct LogCall {
    pub(super) span: Range<usize>,
    /// The method as written, without the receiver.
    pub(super) method: String,
    /// The level in lower case, such as `info`.
    pub(super) level: String,
    pub(super) form: Form,
    /// The text of the message, if it is a literal.
    pub(super) message: Option<String>,
    /// The number of values that are neither fields nor the message.
    pub(super) plain_values: usize,
    /// The texts of all other arguments.
    pub(super) arguments: Vec<String>,
}

pub(super) fn of_go(code: &Code<'_>) -> Vec<LogCall> {
    let calls = code.calls.iter();
    calls.filter_map(|call| go_call(code, call)).collect()
}

fn go_call(code: &Code<'_>, call: &Call<'_>) -> Option<LogCall> {
    let is_print = call.receiver == "fmt" && call.method.starts_with("Print");
    if !is_print && !is_go_logger(code, call.receiver) {
        return None;
    }
    let lower = call.method.to_lowercase();
    let lower = lower.strip_suffix("context").unwrap_or(&lower);
    let (level, form) = GO_METHODS.iter().find_map(|level| {
        let form = match lower.strip_prefix(level)? {
            "" => Form::Plain,
            "f" => Form::Formatted,
            "ln" => Form::Line,
            "w" => Form::Plain,
            _ => return None,
        };
        Some((*level, form))
    })?;
    let mut values: Vec<&str> = call
        .arguments
        .iter()
        .map(|argument| code.text(argument.value))
        .filter(|text| !matches!(*text, "ctx" | "c" | "context.Background()"))
        .collect();
    let message = values.iter().position(|text| is_literal(text));
    let message = match message {
        Some(0) => Some(unquoted(values.remove(0))),
        _ => None,
    };
    let is_field = |text: &&str| GO_PACKAGES.iter().any(|package| text.starts_with(package));
    let is_paired = message.is_some()
        && values.len().is_multiple_of(2)
        && values.iter().step_by(2).all(|key| is_literal(key));
    let plain = if is_paired || values.iter().all(is_field) {
        0
    } else {
        values.len()
    };
    Some(LogCall {
        span: call.span(),
        method: call.method.to_owned(),
        level: level.to_owned(),
        form: if is_print { Form::Printed } else { form },
        plain_values: plain + usize::from(message.is_some()),
        message,
        arguments: values.into_iter().map(str::to_owned).collect(),
    })
}

/// Whether a receiver is a logger: by its name, or by the value of the variable.
fn is_go_logger(code: &Code<'_>, receiver: &str) -> bool {
    let last = receiver.rsplit('.').next().unwrap_or(receiver);
    let name = last.split('(').next().unwrap_or(last).to_lowercase();
    if GO_LOGGERS.contains(&name.as_str()) || name.ends_with("logger") {
        return true;
    }
    let value = code.binding(receiver).map(|value| code.text(value));
    value.is_some_and(|value| GO_PACKAGES.iter().any(|package| value.starts_with(package)))
        || GO_PACKAGES
            .iter()
            .any(|package| receiver.starts_with(package))
}

pub(super) fn of_rust(code: &Code<'_>) -> Vec<LogCall> {
    let calls = code.calls.iter();
    calls.filter_map(|call| rust_call(code, call)).collect()
}

fn rust_call(code: &Code<'_>, call: &Call<'_>) -> Option<LogCall> {
    let path = call.method.strip_suffix('!')?;
    let (module, name) = path.rsplit_once("::").unwrap_or(("", path));
    let is_print = RUST_PRINTS.contains(&name) && matches!(module, "" | "std");
    let is_log = RUST_MACROS.contains(&name) && matches!(module, "" | "tracing" | "log");
    if !is_print && !is_log {
        return None;
    }
    let text = code.text(call.node);
    let (_, inside) = text.split_once(['(', '[', '{'])?;
    let inside = inside.get(..inside.len().checked_sub(1)?)?;
    let mut values = split(inside);
    let at = values.iter().position(|text| is_literal(text));
    let message = at.map(|at| unquoted(values.remove(at)));
    let is_formatted = message.as_deref().is_some_and(has_placeholder);
    // Values after the message are those of its format.
    let after = at.map_or(0, |at| values.len().saturating_sub(at));
    let inline = message.as_deref().map(placeholders).unwrap_or_default();
    let form = match (is_print, is_formatted) {
        (true, _) => Form::Printed,
        (false, true) => Form::Formatted,
        (false, false) => Form::Plain,
    };
    let written = values.into_iter().map(str::to_owned);
    Some(LogCall {
        span: call.span(),
        method: call.method.to_owned(),
        level: name.to_owned(),
        form,
        plain_values: if is_print {
            0
        } else {
            after + usize::from(message.is_some())
        },
        message,
        arguments: written.chain(inline).collect(),
    })
}

/// Splits the arguments of a macro at commas outside of brackets and texts.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_u32);
    let (mut is_text, mut is_escaped) = (false, false);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' if is_text => is_escaped = true,
            '"' => is_text = !is_text,
            _ if is_text => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.extend(text.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(text.get(start..));
    let parts = parts.into_iter().map(str::trim);
    parts.filter(|part| !part.is_empty()).collect()
}

fn is_literal(text: &str) -> bool {
    let text = text.trim_start_matches('r').trim_matches('#');
    text.len() >= 2
        && ['"', '`']
            .iter()
            .any(|quote| text.starts_with(*quote) && text.ends_with(*quote))
}

fn unquoted(text: &str) -> String {
    let text = text.trim_start_matches('r').trim_matches('#');
    text.trim_matches(['"', '`']).to_owned()
}

fn has_placeholder(message: &str) -> bool {
    message.replace("{{", "").contains('{')
}

/// Returns the names in placeholders, such as `{user}`.
fn placeholders(message: &str) -> Vec<String> {
    let parts = message.split('{').skip(1);
    parts
        .filter_map(|part| part.split(['}', ':']).next())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}
