//! Time limits of Node.js code: of a call, and of a stop.

use crate::model::facts::{Drain, Practice, Verdict};
use crate::model::{FactSink, Resolution};
use crate::packs::practice::show;
use crate::syntax::{Call, Code, count_word};

/// A controller whose signal no call uses.
pub(super) fn abort(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let name = code
        .enclosing(call.node, &["variable_declarator"])
        .filter(|declarator| {
            declarator
                .child_by_field_name("value")
                .is_some_and(|value| value.id() == call.node.id())
        })
        .and_then(|declarator| declarator.child_by_field_name("name"))
        .map(|name| code.text(name));
    let (Some(name), Some(function)) = (name, code.function_around(call.node)) else {
        return;
    };
    let text = code.text(function);
    let aborts = text.contains(&format!("{name}.abort"));
    let used = text.contains(&format!("{name}.signal"))
        || text.contains("{ signal }")
        || count_word(text, name) > 1 + text.matches(&format!("{name}.abort")).count();
    if aborts && !used {
        show(
            code,
            facts,
            call.node,
            Practice::DeadResilience,
            Verdict::Broken,
            format!("a timer aborts `{name}`, but no call uses its signal"),
        );
    } else if used {
        show(
            code,
            facts,
            call.node,
            Practice::DeadResilience,
            Verdict::Kept,
            format!("`{name}` is used"),
        );
    }
}

/// `setTimeout(() => process.exit(1), 10000)`.
pub(super) fn drain(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let (Some(action), Some(time)) = (call.positional(0), call.positional(1)) else {
        return;
    };
    let text = code.text(action);
    if !text.contains("process.exit") {
        return;
    }
    let digits: String = code.text(code.follow(time)).replace('_', "");
    let seconds = digits.parse::<u64>().map_or_else(
        |_| Resolution::Unknown("the drain is a setting".to_owned()),
        |milliseconds| Resolution::Known(milliseconds / 1000),
    );
    facts.add(Drain { seconds }, code.place(call.node));
}
