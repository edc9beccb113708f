//! Bodies of functions in Go.

use std::sync::LazyLock;

use regex::Regex;

use super::functions::{Function, Line, block, lines, of_go};
use super::{Found, LOCKED};
use crate::model::facts::Topic;

struct Patterns {
    context: Regex,
    options: Regex,
    detached: Regex,
    requested: Regex,
    starts: Regex,
    read: Regex,
    locked: Regex,
    failed: Regex,
    called: Regex,
    log: Regex,
    leaves: Regex,
    write: Regex,
    lookup: Regex,
    missing: Regex,
    distinguishes: Regex,
    internal: Regex,
    ends: Regex,
    exits: Regex,
    opens: Regex,
    effect: Regex,
    mapped: Regex,
    handles: Regex,
    fixed: Regex,
    asks: Regex,
    executes: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    Some(Patterns {
        context: Regex::new(r"\b(\w+) context\.Context\b").ok()?,
        options: Regex::new(r"\b(\w+) \.\.\.\w*(?:\.)?\w*(?:Option|Opt)\w*").ok()?,
        detached: Regex::new(
            r"(?P<what>\b\w+(?:\.\w+)+)\(\s*context\.(?:Background|TODO)\(\)",
        )
        .ok()?,
        requested: Regex::new(
            r"context\.Context|\*http\.Request|\*gin\.Context|echo\.Context|\*fiber\.Ctx|khttp\.Context",
        )
        .ok()?,
        starts: Regex::new(
            r"^(?i:main|init|new|connect|setup|open|start|run|serve|stop|close|shutdown|must|register|migrate|provide|load|ping|check|health|warm|bootstrap|wire|test|build|create\w*(?:client|pool|store|conn))",
        )
        .ok()?,
        read: Regex::new(
            r"(?m)^\s*(?P<name>[a-z]\w*), (?:err|ok|found|_) :?= (?P<call>(?:\w+\.)+(?i:get|find|first|load|fetch|read|by)\w*)\(",
        )
        .ok()?,
        locked: Regex::new(LOCKED).ok()?,
        failed: Regex::new(r"\b\w*[eE]rr\w* != nil \{\s*$").ok()?,
        called: Regex::new(r"\b\w*[eE]rr\w* :?= (?P<call>[\w.\[\]()]*?\w+)\(").ok()?,
        log: Regex::new(r"(?i)\b(?:\w+\.)*\w*(?:log|print|slog|zap|sugar|warn|helper)\w*\b").ok()?,
        leaves: Regex::new(
            r"\b(?:return|panic|continue|break|goto)\b|os\.Exit|Fatal|\bappend\(|<-|[nN]ack|[rR]eject|[eE]rrs?\s*=|[rR]ollback|AbortWith|http\.Error|\.JSON\(",
        )
        .ok()?,
        write: Regex::new(
            r"(?i)\b\w*(?:repo\w*|stor(?:e|er|age)|db|dao|model|quer(?:y|ies)|tx|uc|usecase|service|svc)\w*\.(?:create|insert|save|update|delete|upsert|add|remove|exec)\w*\(",
        )
        .ok()?,
        lookup: Regex::new(r"(?i)(?:\.|\b)(?:get|find|first|fetch|lookup|queryrow|scan|read)\w*$").ok()?,
        missing: Regex::new(
            r"(?i)not[ _]?found|StatusUnauthorized|codes\.Unauthenticated|(?:invalid|wrong|incorrect)[ _](?:credential|username|email|password|user)",
        )
        .ok()?,
        distinguishes: Regex::new(
            r"errors\.(?:Is|As)\(|ErrNoRows|ErrRecordNotFound|ErrNoDocuments|IsNotFound|redis\.Nil|status\.Code|err == ",
        )
        .ok()?,
        internal: Regex::new(r"StatusInternalServerError|codes\.Internal\b|\b500\b|InternalServer\(").ok()?,
        ends: Regex::new(r"^\s*case (?:\w+ :?= )?<-\w*(?:\.\w+)*[eE]rr\w*(?:\(\))?:\s*$").ok()?,
        exits: Regex::new(r"os\.Exit|Fatal|\breturn \S|panic\(|exitCode|[cC]ancel\(").ok()?,
        opens: Regex::new(
            r"(?i)(?:\.|\b)(?:new\w*(?:publisher|producer|consumer|client|conn\w*|queue|broker|cache|tracer\w*|exporter)|connect\w*|dial\w*|subscribe\w*|setup\w*|init\w*|declare\w*|ensure\w*|register\w*)$",
        )
        .ok()?,
        handles: Regex::new(r"\*http\.Request|\*gin\.Context|echo\.Context|\*fiber\.Ctx").ok()?,
        fixed: Regex::new(r"StatusOK|\b200\b|\.JSON\(|Write\(|SendString\(").ok()?,
        asks: Regex::new(r"(?i)ping|\.check|\.health|\.status\(|select|\.ready|\.load\(|isready|err :?= \w+\.\w+\.\w+\(|503|unavailable").ok()?,
        executes: Regex::new(r"_, err :?= (?P<what>[\w.]+\.(?:NamedExec|Exec)\w*)\(").ok()?,
        mapped: Regex::new(r"status\.(?:Code|FromError|Convert)|codes\.|runtime\.HTTP|StatusFrom|ToHTTP|MapError|handleError|errors\.(?:Is|As)").ok()?,
        effect: Regex::new(
            r"(?i)(?:\.|\b)(?:publish|send|notify|index|produce|emit|enqueue|invalidate|dispatch|delete|update|set|del|put|upload|remove|cache|write|store|save|create)\w*$",
        )
        .ok()?,
    })
});

pub(super) fn read(text: &str, found: &mut Found<'_, '_>) {
    let Some(patterns) = PATTERNS.as_ref() else {
        return;
    };
    for function in of_go(text) {
        dropped_context(&function, patterns, found);
        dropped_options(&function, patterns, found);
        detached(&function, patterns, found);
        lost_update(&function, patterns, found);
        failures(&function, patterns, found);
        ends(&function, patterns, found);
        constant_health(&function, patterns, found);
        unread_rows(&function, patterns, found);
    }
}

/// A function that takes a context and gives it to no call.
fn dropped_context(function: &Function<'_>, patterns: &Patterns, found: &mut Found<'_, '_>) {
    let Some(name) = patterns
        .context
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
                Topic::RequestContext,
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
            Topic::RequestContext,
            function.start..end,
            format!(
                "`{}` gives its context to no call, so their work continues after the caller left",
                function.name
            ),
        );
    }
}

/// Options that a function takes and ignores.
fn dropped_options(function: &Function<'_>, patterns: &Patterns, found: &mut Found<'_, '_>) {
    let options = patterns
        .options
        .captures(function.parameters)
        .and_then(|captures| captures.get(1));
    if let Some(name) = options.map(|name| name.as_str())
        && name != "_"
        && !has_word(function.body, name)
    {
        found.show(
            Topic::LostSetting,
            function.start..function.start + "func".len(),
            format!("`{}` ignores the options that it takes", function.name),
        );
    }
}

/// A call without a deadline in a function that no start and no stop calls.
fn detached(function: &Function<'_>, patterns: &Patterns, found: &mut Found<'_, '_>) {
    if patterns.starts.is_match(function.name)
        || patterns.requested.is_match(function.parameters)
        || ["go func", "signal.Notify", "ListenAndServe", "WithTimeout("]
            .iter()
            .any(|word| function.body.contains(word))
    {
        return;
    }
    for captures in patterns.detached.captures_iter(function.body) {
        let Some(what) = captures.name("what") else {
            continue;
        };
        if what.as_str().starts_with("context.") || what.as_str().starts_with("log") {
            continue;
        }
        found.show(
            Topic::RequestContext,
            function.at + what.start()..function.at + what.end(),
            format!(
                "`{}` has no deadline, and no caller can cancel it",
                what.as_str()
            ),
        );
    }
}

/// A record that a function reads, changes and writes back.
fn lost_update(function: &Function<'_>, patterns: &Patterns, found: &mut Found<'_, '_>) {
    if patterns.locked.is_match(function.body) {
        return;
    }
    for captures in patterns.read.captures_iter(function.body) {
        let (Some(name), Some(call)) = (captures.name("name"), captures.name("call")) else {
            continue;
        };
        let rest = function.body.get(call.end()..).unwrap_or_default();
        let name = name.as_str();
        let Some(changed) = position_of_change(rest, name) else {
            continue;
        };
        let after = rest.get(changed..).unwrap_or_default();
        let written = after.lines().any(|line| {
            ["Update", "Save", "Put", "Replace"].iter().any(|verb| {
                line.find(&format!(".{verb}")).is_some_and(|at| {
                    line.get(at..)
                        .and_then(|call| call.split_once('('))
                        .is_some_and(|(_, arguments)| has_word(arguments, name))
                })
            })
        });
        if written {
            found.show(
                Topic::SharedState,
                function.at + call.start()..function.at + call.end(),
                format!(
                    "`{}` reads a record that is changed and written back, so a parallel change is lost",
                    call.as_str()
                ),
            );
        }
    }
}

/// The place of the first assignment to a field of a variable, or of a method that changes it.
fn position_of_change(text: &str, name: &str) -> Option<usize> {
    let own = format!("{name}.");
    text.match_indices(&own).find_map(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        if before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_' || letter == '.') {
            return None;
        }
        let rest = text.get(at + own.len()..).unwrap_or_default();
        let path: String = rest
            .chars()
            .take_while(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '.'))
            .collect();
        let after = rest.get(path.len()..).unwrap_or_default().trim_start();
        let assigned =
            after.starts_with("= ") || after.starts_with("+= ") || after.starts_with("-= ");
        let method = after.starts_with('(')
            && [
                "Apply", "Update", "Set", "Change", "Mark", "Add", "Remove", "Cancel", "Confirm",
            ]
            .iter()
            .any(|verb| path.starts_with(verb));
        (assigned || method).then_some(at)
    })
}

/// Blocks of `err != nil`.
fn failures(function: &Function<'_>, patterns: &Patterns, found: &mut Found<'_, '_>) {
    let all = lines(function.body, function.at);
    let mut written = false;
    for (index, line) in all.iter().enumerate() {
        if !patterns.failed.is_match(line.text) {
            written |= patterns.write.is_match(line.text);
            continue;
        }
        let inner = block(&all, index);
        let text = inner
            .iter()
            .map(|line| line.text.split("//").next().unwrap_or_default())
            .collect::<Vec<_>>()
            .join("\n");
        let Some((call, place)) = failed_call(&all, index, patterns) else {
            written |= patterns.write.is_match(line.text);
            continue;
        };
        let last = call.rsplit('.').next().unwrap_or(call);
        if !text.trim().is_empty()
            && patterns.log.is_match(&text)
            && !patterns.leaves.is_match(&text)
        {
            if written && patterns.effect.is_match(last) {
                found.show(
                    Topic::DualWrite,
                    place.span(),
                    format!("`{call}` follows a change of the database, and only a log shows its failure"),
                );
            } else if patterns.opens.is_match(last) {
                found.show(
                    Topic::SilentNull,
                    place.span(),
                    format!("after a failed `{call}` the program continues without it"),
                );
            } else if patterns.effect.is_match(last) {
                found.show(
                    Topic::IgnoredError,
                    place.span(),
                    format!("the failure of `{call}` is only logged, and the function continues"),
                );
            }
        }
        if patterns.missing.is_match(&text)
            && patterns.lookup.is_match(last)
            && !patterns.distinguishes.is_match(function.body)
        {
            let at = inner.first().unwrap_or(line);
            found.show(
                Topic::ErrorAnswer,
                at.span(),
                format!("every failure of `{call}` is answered as a missing record, also a lost connection"),
            );
        }
        let named = has_word(&text, "err") || patterns.log.is_match(&text);
        let remote = place.text.contains("tx, &")
            || line.text.contains("tx, &")
            || place.text.contains("pb.");
        if patterns.internal.is_match(&text) && remote && !patterns.mapped.is_match(function.body) {
            let at = inner.first().unwrap_or(line);
            found.show(
                Topic::ErrorAnswer,
                at.span(),
                format!(
                    "every failure of `{call}` is answered as an internal error, also a wrong input"
                ),
            );
        }
        if patterns.internal.is_match(&text) && !named {
            let at = inner.first().unwrap_or(line);
            found.show(
                Topic::IgnoredError,
                at.span(),
                format!("neither a log nor the answer shows why `{call}` failed"),
            );
        }
        written |= patterns.write.is_match(place.text) || patterns.write.is_match(line.text);
    }
}

/// Lines that a call may have.
const MAX_LINES_OF_CALL: usize = 20;

/// The call whose error a line checks, and its line.
fn failed_call<'t>(
    all: &[Line<'t>],
    index: usize,
    patterns: &Patterns,
) -> Option<(&'t str, Line<'t>)> {
    let line = all.get(index)?;
    let depth = line.indentation().len();
    (0..MAX_LINES_OF_CALL).find_map(|back| {
        let own = all.get(index.checked_sub(back)?)?;
        if own.indentation().len() != depth {
            return None;
        }
        let call = patterns.called.captures(own.text)?.name("call")?.as_str();
        Some((call, *own))
    })
}

/// A failed server that ends the program as if it had been asked to.
fn ends(function: &Function<'_>, patterns: &Patterns, found: &mut Found<'_, '_>) {
    let all = lines(function.body, function.at);
    for (index, line) in all.iter().enumerate() {
        if !patterns.ends.is_match(line.text) {
            continue;
        }
        let inner = block(&all, index);
        let text: String = inner.iter().map(|line| line.text).collect();
        if !text.is_empty() && !patterns.exits.is_match(&text) {
            found.show(
                Topic::Cleanup,
                line.span(),
                "after a failed server the program ends with exit code 0".to_owned(),
            );
        }
    }
}

/// A handler of a health route that asks nothing.
fn constant_health(function: &Function<'_>, patterns: &Patterns, found: &mut Found<'_, '_>) {
    let name = function.name.to_lowercase();
    let about = ["health", "ready", "readiness"]
        .iter()
        .any(|word| name.contains(word));
    let handles = patterns.handles.is_match(function.parameters);
    let fixed = patterns.fixed.is_match(function.body) && !patterns.asks.is_match(function.body);
    if about && handles && fixed {
        found.show(
            Topic::HealthResult,
            function.start..function.start + "func".len(),
            format!("`{}` answers 200 and checks no dependency", function.name),
        );
    }
}

/// A change by ID that succeeds for an ID that does not exist.
fn unread_rows(function: &Function<'_>, patterns: &Patterns, found: &mut Found<'_, '_>) {
    let changes = [
        "Update",
        "Delete",
        "Remove",
        "Restore",
        "SoftDelete",
        "Prune",
        "Cancel",
    ]
    .iter()
    .any(|verb| function.name.starts_with(verb));
    if !changes || function.body.contains("RowsAffected") {
        return;
    }
    if let Some(what) = patterns
        .executes
        .captures(function.body)
        .and_then(|captures| captures.name("what"))
    {
        found.show(
            Topic::IgnoredError,
            function.at + what.start()..function.at + what.end(),
            format!(
                "`{}` reports success for a record that does not exist",
                function.name
            ),
        );
    }
}

/// Whether a text contains a name as a whole word.
fn has_word(text: &str, name: &str) -> bool {
    let part = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text
            .get(at + name.len()..)
            .and_then(|text| text.chars().next());
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}
