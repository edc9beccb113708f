use seaworthy_core::ByteSize;

use crate::preflight::{Facts, Violation};

const BUDGET: &str = "server.max_body_memory";
/// The multiple of the budget that must fit: bodies that handlers read, HTTP/2 receive windows,
/// and decoded bodies.
const SHARE: u64 = 3;

/// Requires that the request bodies that clients can send fit into the container (SEC-3).
pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let budget = facts.text(BUDGET).and_then(|text| text.parse().ok());
    let (Some(memory), Some(budget)) = (facts.memory_limit(), budget) else {
        return Vec::new();
    };
    let budget: ByteSize = budget;
    let max = ByteSize::bytes(memory.get() / SHARE);
    if budget <= max {
        return Vec::new();
    }
    vec![Violation {
        id: "SEC-3".into(),
        key: BUDGET.to_owned(),
        origin: facts.origin(BUDGET),
        why: format!(
            "request bodies of {budget}, the messages decoded from them and as many bytes in receive windows exceed the container's memory limit of {memory}"
        ),
        fix: format!("set {BUDGET} to at most {max}, or raise the memory limit"),
    }]
}
