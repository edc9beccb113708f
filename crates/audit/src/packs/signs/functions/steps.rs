//! The steps of each function of a file.

use std::collections::BTreeMap;
use std::ops::Range;

use super::calls::Calls;
use super::scope;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StepKind {
    /// Reads from a database.
    Read,
    /// Changes a database.
    Write,
    /// Sends a message, a task or an e-mail.
    Publish,
    /// Calls another service.
    Remote,
    /// Checks whether a record exists.
    Exists,
}

/// One call.
#[derive(Debug)]
pub(super) struct Step<'t> {
    pub(super) kind: StepKind,
    pub(super) span: Range<usize>,
    pub(super) text: &'t str,
    pub(super) in_loop: bool,
}

impl Step<'_> {
    /// The name of the call without its arguments.
    pub(super) fn name(&self) -> &str {
        let end = self
            .text
            .find(['(', '"', '\'', '`'])
            .unwrap_or(self.text.len());
        self.text.get(..end).unwrap_or(self.text).trim()
    }

    /// Whether the call adds a record.
    pub(super) fn inserts(&self) -> bool {
        let lower = self.text.to_lowercase();
        ["insert", "create", "add", "save", "persist", "commit"]
            .iter()
            .any(|word| lower.contains(word))
    }

    /// Whether the receiver is an event bus of the process: `bus: EventEmitter`.
    pub(super) fn is_in_process(&self, text: &str) -> bool {
        let receiver = self
            .name()
            .rsplit_once('.')
            .and_then(|(receiver, _)| receiver.rsplit('.').next())
            .unwrap_or_default();
        !receiver.is_empty()
            && [
                format!("{receiver}: EventEmitter"),
                format!("ApplicationEventPublisher {receiver}"),
            ]
            .iter()
            .any(|form| text.contains(form))
    }

    /// Whether the write belongs to another record than the first one. `save` and the `flush` or
    /// `commit` that ends it are one write.
    pub(super) fn is_other_write(&self, first: &Self) -> bool {
        let ends = ["flush", "commit", "SaveChanges"]
            .iter()
            .any(|end| self.text.contains(end));
        let begins = ["flush", "commit", "SaveChanges"]
            .iter()
            .any(|end| first.text.contains(end));
        // Two calls of one repository may save two versions of one record.
        let other = self.name() != first.name() || self.text.contains(['"', '\'', '`']);
        self.span.start > first.span.end && ends == begins && other
    }
}

/// The steps of one function, in their order.
#[derive(Debug)]
pub(super) struct Function<'t> {
    pub(super) body: &'t str,
    pub(super) steps: Vec<Step<'t>>,
}

impl<'t> Function<'t> {
    pub(super) fn of(&self, kind: StepKind) -> impl Iterator<Item = &Step<'t>> {
        self.steps.iter().filter(move |step| step.kind == kind)
    }

    /// The function with the annotations above it.
    pub(super) fn with_annotations(&self, text: &'t str) -> &'t str {
        annotated(text, self.body)
    }

    /// Whether the class of the function runs each method in a transaction.
    pub(super) fn is_transactional(&self, text: &str) -> bool {
        text.find("\nclass ")
            .or_else(|| text.find(" class "))
            .and_then(|class| text.get(..class))
            .is_some_and(|before| before.contains("@Transactional"))
    }
}

/// Number of lines above a function that may contain annotations.
const ANNOTATIONS: usize = 4;

/// A part of a text with the lines above it.
pub(super) fn annotated<'t>(text: &'t str, body: &'t str) -> &'t str {
    let start = offset(text, body);
    let mut from = start;
    for _ in 0..ANNOTATIONS {
        let before = text.get(..from.saturating_sub(1)).unwrap_or_default();
        let line = before.rfind('\n').map_or(0, |line| line + 1);
        let own = text.get(line..from).unwrap_or_default().trim();
        if own.is_empty() || own.ends_with(['}', ';']) || from == 0 {
            break;
        }
        from = line;
    }
    text.get(from..start + body.len()).unwrap_or(body)
}

pub(super) fn offset(text: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}

/// Maximum number of calls that are read in one file.
const MAX_CALLS: usize = 400;

/// The functions of a text that have steps.
pub(super) fn functions<'t>(text: &'t str, calls: &Calls) -> Vec<Function<'t>> {
    let mut found: BTreeMap<usize, Function<'t>> = BTreeMap::new();
    for (kind, pattern) in calls.patterns() {
        for matched in pattern.find_iter(text).take(MAX_CALLS) {
            let body = scope::around(text, matched.start(), matched.end());
            if body.len() == text.len() && text.lines().count() > MAX_LINES_OF_SCRIPT {
                continue;
            }
            let line = text.get(..matched.start()).unwrap_or_default();
            let line = line.rfind('\n').map_or(0, |line| line + 1);
            let own = text.get(line..).unwrap_or_default().trim_start();
            if ["//", "#", "*", "/*"]
                .iter()
                .any(|mark| own.starts_with(mark))
            {
                continue;
            }
            let start = offset(text, body);
            let step = Step {
                kind,
                span: matched.range(),
                text: matched.as_str(),
                in_loop: calls.is_repeated(text.get(start..matched.end()).unwrap_or_default()),
            };
            found
                .entry(start)
                .or_insert_with(|| Function {
                    body,
                    steps: Vec::new(),
                })
                .steps
                .push(step);
        }
    }
    let mut functions: Vec<_> = found.into_values().collect();
    for function in &mut functions {
        function.steps.sort_by_key(|step| step.span.start);
    }
    functions
}

/// Maximum number of lines of a file without functions that counts as a script of steps.
const MAX_LINES_OF_SCRIPT: usize = 120;
