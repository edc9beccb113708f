//! The rules of logging calls.

use serde::Serialize;

use super::calls::{Form, LogCall};
use super::config::LintConfig;

/// Maximum length of keywords that count as whole words only: `id` is a part of many words.
const SHORT_KEYWORD: usize = 4;

/// The severity of an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    High,
    Medium,
    Low,
}

/// A finding in a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) description: String,
    pub(super) suggestion: &'static str,
    pub(super) severity: Severity,
}

const STRUCTURED: &str = "use a constant message with fields, as in Info(\"order paid\", \"order\", id) or info!(order = %id, \"order paid\")";
const LOGGER: &str = "use the logger of the service";
const OMIT: &str = "omit the value, or log a masked form or an identifier of a record";

/// Returns the findings of a call, at most one about its form and one about its values.
pub(super) fn check(call: &LogCall, config: &LintConfig) -> Vec<Finding> {
    let severity = severity(call, config);
    let method = &call.method;
    let is_accepted = config.whitelist_methods.contains(method);
    let form = form_problem(call, config).filter(|_| !is_accepted);
    let mut findings = Vec::new();
    if let Some((description, suggestion)) = form {
        findings.push(Finding {
            description,
            suggestion,
            severity,
        });
    }
    if let Some(word) = sensitive_word(call, config) {
        findings.push(Finding {
            description: format!("{method} may log a sensitive value: {word}"),
            suggestion: OMIT,
            severity,
        });
    }
    findings
}

fn form_problem(call: &LogCall, config: &LintConfig) -> Option<(String, &'static str)> {
    let method = &call.method;
    match call.form {
        Form::Printed => return Some((format!("{method} bypasses the logger"), LOGGER)),
        Form::Formatted => {
            return Some((format!("{method} puts values into the message"), STRUCTURED));
        }
        Form::Line => return Some((format!("{method} joins its arguments"), STRUCTURED)),
        Form::Plain => {}
    }
    if call.plain_values > 1 {
        return Some((format!("{method} has values without names"), STRUCTURED));
    }
    let message = call.message.as_deref()?;
    if has_percent(message) {
        return Some((format!("{method} does not format its message"), STRUCTURED));
    }
    let length = message.chars().count();
    (length > config.min_message_length).then(|| {
        let problem = format!("the message of {method} has {length} characters");
        (problem, STRUCTURED)
    })
}

fn severity(call: &LogCall, config: &LintConfig) -> Severity {
    let is_method = |method: &String| {
        method.eq_ignore_ascii_case(&call.level) || method.eq_ignore_ascii_case(&call.method)
    };
    let is_in = |methods: &[String]| methods.iter().any(is_method);
    let methods = &config.severity_config;
    if is_in(&methods.error_methods) {
        Severity::High
    } else if is_in(&methods.warn_methods) {
        Severity::Medium
    } else {
        Severity::Low
    }
}

/// Whether a message has a `%` other than the escape `%%`.
fn has_percent(message: &str) -> bool {
    message.replace("%%", "").contains('%')
}

/// Returns the keyword in the message or in the names of the arguments.
fn sensitive_word<'a>(call: &LogCall, config: &'a LintConfig) -> Option<&'a str> {
    let texts = call.message.iter().chain(&call.arguments);
    let words: Vec<String> = texts.flat_map(|text| words(text)).collect();
    let is_found = |keyword: &&String| {
        let keyword = keyword.to_lowercase();
        words.iter().any(|word| {
            let is_same = *word == keyword || *word == format!("{keyword}s");
            is_same || (keyword.len() > SHORT_KEYWORD && word.contains(&keyword))
        })
    };
    config
        .sensitive_keywords
        .iter()
        .find(is_found)
        .map(String::as_str)
}

/// Splits names and sentences into words in lower case: `userID` is `user` and `id`.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for letter in text.chars() {
        if !letter.is_alphanumeric() || (letter.is_uppercase() && was_lower) {
            words.push(String::new());
        }
        was_lower = letter.is_lowercase() || letter.is_numeric();
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
