//! Literals that a report does not quote.

use tree_sitter::Node;

use super::{STRINGS, TAKES_PASSWORD};
use crate::model::FactSink;
use crate::model::facts::Hidden;
use crate::syntax::{Call, Code};

/// Whether a call gets a user and a password: `PlainCredentials("shop", "secret")`.
pub(super) fn takes_credentials(call: &Call<'_>) -> bool {
    let method = call.method.to_lowercase();
    TAKES_PASSWORD.contains(&call.method)
        || method == "login"
        || ["credentials", "basicauth"]
            .iter()
            .any(|end| method.ends_with(end))
}

/// Hides the strings of a node from reports, without their quotes.
pub(super) fn hide<'t>(code: &Code<'t>, node: Node<'t>, facts: &mut FactSink<'_>) {
    for text in code.find_all(node, STRINGS) {
        let length = code.text(text).len();
        let quote = code
            .text(text)
            .find(['"', '\'', '`'])
            .map_or(0, |quote| quote + 1);
        if quote + 1 < length {
            facts.add(Hidden, text.start_byte() + quote..text.end_byte() - 1);
        }
    }
}
