//! Methods of declarative clients, which have no body.

use std::sync::Arc;

use tree_sitter::Node;

use crate::model::facts::{Effects, FlowCall};
use crate::syntax::Code;

/// The call of another service that a method of a declarative client makes: Feign, or an HTTP
/// interface of Spring.
pub(super) fn declared_call<'t>(
    code: &Code<'t>,
    function: Node<'t>,
    name: &str,
) -> Option<FlowCall> {
    let client = ["@FeignClient", "@HttpExchange", "@RegisterRestClient"]
        .iter()
        .any(|annotation| code.file.text.contains(annotation));
    if !client || function.kind() != "method_declaration" {
        return None;
    }
    let text = code.text(function);
    let changes = [
        "@PostMapping",
        "@PutMapping",
        "@PatchMapping",
        "@DeleteMapping",
        "@PostExchange",
        "@PutExchange",
        "@PatchExchange",
        "@DeleteExchange",
        "@POST",
        "@PUT",
        "@DELETE",
    ]
    .iter()
    .any(|annotation| text.contains(annotation));
    let remote = changes || text.contains("@Get") || text.contains("@RequestMapping");
    remote.then(|| FlowCall {
        method: Arc::from(name),
        receiver_type: Arc::from(""),
        effects: if changes {
            Effects::REMOTE.with(Effects::CHANGE)
        } else {
            Effects::REMOTE
        },
        is_resolvable: false,
        in_transaction: false,
        is_dropped: false,
        is_returned: false,
        is_lookup: false,
        is_unchecked: false,
        in_loop: false,
        is_compared: false,
        is_retried: false,
        hides_failure: false,
        at: code.file.location(function.byte_range(), None),
    })
}
