//! The parts of a function in which a transaction is open.

use tree_sitter::Node;

use super::super::practice::mentions;
use super::words::{BEGINS, COMMITS, TRANSACTIONS};
use crate::source::Language;
use crate::syntax::{Call, Code};

/// The spans of a function in which a transaction is open.
pub(super) struct Transactions {
    /// Whether an annotation covers the function.
    whole: bool,
    /// Whether a part of the function can be covered.
    parts: bool,
    open: Option<usize>,
    end: usize,
}

impl Transactions {
    pub(super) fn of<'t>(code: &Code<'t>, function: Node<'t>, text: &str) -> Self {
        let head = text.split(['{', '\n']).take(4).collect::<String>();
        let annotated = text.contains("@Transactional") || head.contains("@transaction.atomic");
        let whole = annotated && !mentions(text, &["readonly", "requires_new"])
            || is_in_transactional_class(code, function);
        let mut found = Self {
            whole,
            parts: mentions(
                text,
                &[
                    "transaction",
                    "begin",
                    "tx(",
                    "atomic",
                    "transact",
                    "session_scope",
                    "unit_of_work",
                    "uow",
                ],
            ),
            open: None,
            end: 0,
        };
        if found.parts {
            for call in code.calls_within(function) {
                let method = call.method.to_lowercase();
                if BEGINS.contains(&method.as_str()) && found.open.is_none() {
                    found.open = Some(call.node.end_byte());
                }
                if COMMITS.contains(&method.as_str()) {
                    found.end = found.end.max(call.node.start_byte());
                }
            }
        }
        found
    }

    pub(super) fn contain<'t>(&self, code: &Code<'t>, call: &Call<'t>) -> bool {
        if self.whole {
            return true;
        }
        if !self.parts {
            return false;
        }
        let start = call.node.start_byte();
        let between = self
            .open
            .is_some_and(|open| open <= start && start < self.end);
        between
            || code.ancestors(call.node).any(|around| {
                let runs = code.call_at(around).is_some_and(|call| {
                    TRANSACTIONS.contains(&call.method.to_lowercase().as_str())
                });
                runs || around.kind() == "with_statement"
                    && code.text(around).lines().next().is_some_and(|head| {
                        mentions(
                            head,
                            &[
                                "atomic(",
                                ".begin(",
                                "session_scope",
                                "transaction",
                                "unit_of_work",
                                "uow",
                            ],
                        )
                    })
            })
    }
}

fn is_in_transactional_class<'t>(code: &Code<'t>, function: Node<'t>) -> bool {
    matches!(code.file.language, Language::Java | Language::Kotlin)
        && code.file.text.contains("@Transactional")
        && code
            .enclosing(function, &["class_declaration"])
            .is_some_and(|class| {
                let head = code.text(class).split('{').next().unwrap_or_default();
                head.contains("@Transactional") && !mentions(head, &["readonly"])
            })
}
