//! How a handler uses the text of its caller, and how it reports its errors. Packs report the code
//! that they read, and this module evaluates it for all languages.

use tree_sitter::Node;

use super::practice::{mentions, show};
use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::syntax::Code;

/// Words by which text is known to be SQL.
const SQL: &[&str] = &["select ", "insert ", "update ", "delete ", "order by"];

/// Records whether a response with status 500 contains the text of an inner error.
pub(super) fn answered_500<'t>(
    code: &Code<'t>,
    at: Node<'t>,
    carries_error: bool,
    facts: &mut FactSink<'_>,
) {
    let (verdict, evidence) = if carries_error {
        (
            Verdict::Broken,
            "a response with status 500 contains the text of an internal error",
        )
    } else {
        (
            Verdict::Kept,
            "responses with status 500 contain no internal error",
        )
    };
    show(code, facts, at, Practice::InternalError, verdict, evidence);
}

/// Text that is given to a database.
pub(super) struct Statement<'s> {
    /// The text of the expression that creates the statement.
    pub(super) text: &'s str,
    /// Whether the expression joins several parts.
    pub(super) joined: bool,
    /// Expressions by which a handler gets what its caller sent.
    pub(super) sources: &'s [&'s str],
}

impl Statement<'_> {
    /// Records whether text of the request becomes part of SQL.
    pub(super) fn record<'t>(&self, code: &Code<'t>, at: Node<'t>, facts: &mut FactSink<'_>) {
        if !mentions(self.text, SQL) {
            return;
        }
        let sent = self.sources.iter().any(|source| self.text.contains(source));
        if self.joined && sent {
            from_caller(code, at, facts);
        } else if !self.joined {
            show(
                code,
                facts,
                at,
                Practice::SqlText,
                Verdict::Kept,
                "the statement is one literal",
            );
        }
    }
}

/// Records that text of the request becomes part of SQL.
pub(super) fn from_caller<'t>(code: &Code<'t>, at: Node<'t>, facts: &mut FactSink<'_>) {
    show(
        code,
        facts,
        at,
        Practice::SqlText,
        Verdict::Broken,
        "the statement contains text from the request",
    );
}
