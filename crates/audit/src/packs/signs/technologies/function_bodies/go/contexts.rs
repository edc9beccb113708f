//! Contexts, options and deadlines that do not reach a call.

use super::super::Found;
use super::super::functions::Function;
use super::has_word;
use super::patterns::Name;
use crate::model::facts::Practice;

/// A function that takes a context and gives it to no call.
pub(super) fn dropped_context(function: &Function<'_>, found: &mut Found<'_, '_>) {
    let Some(name) = Name::Context
        .captures(function.parameters)
        .and_then(|captures| captures.get(1))
        .map(|name| name.as_str())
    else {
        return;
    };
    let code: String = function
        .body
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .fold(String::new(), |text, line| text + line + "\n");
    if name == "_" || has_word(&code, name) {
        if name != "_" && code.contains("time.Sleep(") {
            let at = function.body.find("time.Sleep(").unwrap_or_default();
            found.show(
                Practice::RequestContext,
                function.at + at..function.at + at + "time.Sleep(".len(),
                "`time.Sleep` does not end when the context of the function ends".to_owned(),
            );
        }
        return;
    }
    // The call goes to a field of the receiver: a repository, a client, a service.
    let own = format!("{}.", function.receiver);
    let calls = !function.receiver.is_empty()
        && code.match_indices(&own).any(|(at, _)| {
            let rest = code.get(at + own.len()..).unwrap_or_default();
            let path: String = rest
                .chars()
                .take_while(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '.'))
                .collect();
            let last = path.rsplit('.').next().unwrap_or_default();
            let log = path.to_lowercase().contains("log");
            path.contains('.')
                && !log
                && !matches!(
                    last,
                    "Lock" | "RLock" | "Unlock" | "RUnlock" | "Load" | "Store"
                )
                && rest
                    .get(path.len()..)
                    .is_some_and(|rest| rest.starts_with('('))
        });
    if calls && !code.contains("Lock()") {
        let end = function.start + "func".len();
        found.show(
            Practice::RequestContext,
            function.start..end,
            format!(
                "`{}` gives its context to no call, so their work continues after the caller left",
                function.name
            ),
        );
    }
}

/// A call with the outer context, after the function made one with a deadline.
pub(super) fn dropped_deadline(function: &Function<'_>, found: &mut Found<'_, '_>) {
    const LIMIT: &str = "context.WithTimeout(";
    let Some((before, after)) = function.body.split_once(LIMIT) else {
        return;
    };
    let line = before.rsplit('\n').next().unwrap_or_default().trim();
    let own = line.split([',', ' ']).next().unwrap_or_default();
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let end = after.find(|letter: char| !is_name(letter)).unwrap_or(0);
    let outer = after.get(..end).unwrap_or_default();
    let is_plain = after.get(end..).is_some_and(|rest| rest.starts_with(','));
    // Later contexts of the outer one may have their own deadlines.
    if !is_plain || outer.is_empty() || own == outer || after.contains("context.With") {
        return;
    }
    // A function that the caller ends itself may go on after the end of the limited part.
    if !after.contains("defer ") {
        return;
    }
    let call = [format!("({outer}, "), format!("({outer})")]
        .iter()
        .flat_map(|text| after.match_indices(text.as_str()))
        .map(|(call, _)| call)
        .filter(|call| is_remote(after.get(..*call).unwrap_or_default(), function.receiver))
        .min();
    if let Some(call) = call {
        let at = function.at + before.len() + LIMIT.len() + call + 1;
        found.show(
            Practice::RequestContext,
            at..at + outer.len(),
            format!("the call gets `{outer}`, so the deadline of `{own}` does not limit it"),
        );
    }
}

/// Whether a text ends with a method of another object. Methods of the receiver may have a deadline
/// of their own, and logs only read the values of a context.
fn is_remote(before: &str, receiver: &str) -> bool {
    let start = before
        .rfind(|letter: char| !(letter.is_alphanumeric() || matches!(letter, '_' | '.')))
        .map_or(0, |at| at + 1);
    let path = before.get(start..).unwrap_or_default();
    let own = path
        .strip_prefix(receiver)
        .and_then(|rest| rest.strip_prefix('.'))
        .is_some_and(|rest| !receiver.is_empty() && !rest.contains('.'));
    path.contains('.') && !own && !path.to_lowercase().contains("log")
}

/// Options that a function takes and ignores.
pub(super) fn dropped_options(function: &Function<'_>, found: &mut Found<'_, '_>) {
    let options = Name::Options
        .captures(function.parameters)
        .and_then(|captures| captures.get(1));
    if let Some(name) = options.map(|name| name.as_str())
        && name != "_"
        && !has_word(function.body, name)
    {
        found.show(
            Practice::LostSetting,
            function.start..function.start + "func".len(),
            format!("`{}` ignores the options that it takes", function.name),
        );
    }
}

/// A call without a deadline in a function that no start and no stop calls.
pub(super) fn detached(function: &Function<'_>, found: &mut Found<'_, '_>) {
    if Name::Starts.is_in(function.name)
        || Name::Requested.is_in(function.parameters)
        || ["go func", "signal.Notify", "ListenAndServe", "WithTimeout("]
            .iter()
            .any(|word| function.body.contains(word))
    {
        return;
    }
    for captures in Name::Detached.all(function.body) {
        let Some(what) = captures.name("what") else {
            continue;
        };
        if what.as_str().starts_with("context.") || what.as_str().starts_with("log") {
            continue;
        }
        found.show(
            Practice::RequestContext,
            function.at + what.start()..function.at + what.end(),
            format!(
                "`{}` has no deadline, and no caller can cancel it",
                what.as_str()
            ),
        );
    }
}

/// A call of another service in a function that sets no deadline.
pub(super) fn without_deadline(function: &Function<'_>, found: &mut Found<'_, '_>) {
    if Name::Limited.is_in(function.body) {
        return;
    }
    if let Some(what) = Name::Remote
        .captures(function.body)
        .and_then(|captures| captures.name("what"))
    {
        found.show(
            Practice::OutboundTimeout,
            function.at + what.start()..function.at + what.end(),
            format!(
                "`{}` has no deadline except that of its caller",
                what.as_str()
            ),
        );
    }
}
