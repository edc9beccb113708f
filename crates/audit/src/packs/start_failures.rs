//! Failures at the start that code only logs, so that the process continues or ends as if it had
//! succeeded.

use tree_sitter::Node;

use super::flow::function_name;
use super::practice::{mentions, show};
use super::two_steps::{CANDIDATES, function_of};
use super::{Pack, Reader};
use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::repository::Role;
use crate::source::Language;
use crate::syntax::Code;

pub(super) const PACKS: &[Pack] = &[Pack {
    name: "failures at the start",
    reader: Reader::Code(
        &[
            Language::Go,
            Language::JavaScript,
            Language::TypeScript,
            Language::Python,
            Language::Java,
        ],
        read,
    ),
}];

/// First words of names of functions that start something, in lower case.
const STARTS: &[&str] = &[
    "init",
    "connect",
    "setup",
    "start",
    "bootstrap",
    "open",
    "establish",
    "run",
    "main",
    "createconnection",
    "createclient",
    "create_connection",
    "onmoduleinit",
    "onapplicationbootstrap",
    "subscribe",
    "consume",
];
/// Words of a block that passes on a failure, ends the process or tries again, in lower case.
const HANDLED: &[&str] = &[
    "throw",
    "raise",
    "exit",
    "reject",
    "retry",
    "retries",
    "settimeout",
    "setinterval",
    "attempt",
    "reconnect",
    "fatal",
    "panic",
    "sleep",
    "fallback",
    "return false",
    "return err",
    "next(",
    "nack",
    "rollback",
    "unhealthy",
    "abort",
    "kill",
];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    if code.file.role != Role::Production
        || mentions(&code.file.path, &["migrat", "seed", "script", "bin/"])
    {
        return;
    }
    if code.file.language == Language::Go {
        main_of_go(code, facts);
        return;
    }
    caught(code, facts);
    if matches!(
        code.file.language,
        Language::JavaScript | Language::TypeScript
    ) {
        chains(code, facts);
    }
}

/// Blocks of functions that start something, and that only log a failure.
fn caught(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for block in code.find_all(code.root, &["catch_clause", "except_clause"]) {
        let Some(function) = function_of(code, block) else {
            continue;
        };
        let name = function_name(code, function)
            .trim_start_matches('_')
            .to_lowercase();
        let starts = STARTS.iter().any(|start| name.starts_with(start));
        let repeated = code
            .ancestors(block)
            .take_while(|around| around.id() != function.id())
            .any(|around| {
                matches!(
                    around.kind(),
                    "while_statement" | "for_statement" | "for_in_statement"
                ) || CANDIDATES.contains(&around.kind())
            });
        // The signs report the connections of databases.
        let shown = block.parent().is_some_and(|whole| {
            mentions(
                code.text(whole),
                &[".connect(", ".initialize(", ".authenticate("],
            )
        });
        if !starts
            || repeated
            || shown
            || mentions(code.text(block), HANDLED)
            || is_returned(code, block, function)
        {
            continue;
        }
        let evidence = format!(
            "`{}` only logs the failure, so its caller continues as if the start had succeeded",
            function_name(code, function)
        );
        show(
            code,
            facts,
            block,
            Practice::SilentNull,
            Verdict::Guess,
            evidence,
        );
    }
}

/// Kinds of values that contain no failure.
const EMPTY: &[&str] = &["none", "null", "undefined", "null_literal"];

/// Whether a block assigns the failure to a variable that its function returns.
fn is_returned<'t>(code: &Code<'t>, block: Node<'t>, function: Node<'t>) -> bool {
    let assignments = code.find_all(block, &["assignment", "assignment_expression"]);
    let returns = code.find_all(function, &["return_statement"]);
    assignments
        .into_iter()
        .filter(|assignment| {
            let value = assignment.child_by_field_name("right");
            value.is_none_or(|value| !EMPTY.contains(&value.kind()))
        })
        .filter_map(|assignment| assignment.child_by_field_name("left"))
        .map(|left| code.text(left))
        .any(|name| {
            returns.iter().any(|returned| {
                code.text(*returned)
                    .split(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
                    .any(|word| word == name)
            })
        })
}

/// Chains of promises of a module that start the program: `connect().then(() => app.listen(…))`.
fn chains(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for call in &code.calls {
        let top = function_of(code, call.node).is_none();
        let statement = call
            .node
            .parent()
            .is_some_and(|parent| parent.kind() == "expression_statement");
        if !top || !statement {
            continue;
        }
        let text = code.text(call.node);
        let starts = mentions(
            text,
            &[
                ".listen(",
                "initialize(",
                "connect(",
                "sync(",
                "authenticate(",
                "bootstrap(",
                "start(",
            ],
        );
        if !starts {
            continue;
        }
        if call.method == "catch" {
            let handler = call.positional(0).map_or("", |value| code.text(value));
            if !mentions(handler, HANDLED) && mentions(handler, &["log", "error", "warn"]) {
                let at = call.positional(0).unwrap_or(call.node);
                let evidence =
                    "a failed start is only logged, so the process may continue without a listener";
                show(
                    code,
                    facts,
                    at,
                    Practice::SilentNull,
                    Verdict::Review,
                    evidence,
                );
            }
        } else if call.method == "then"
            && text.contains(".listen(")
            && !text.contains(".catch(")
            && call.arguments.len() < 2
        {
            let evidence = "no code handles the rejection of `listen`";
            show(
                code,
                facts,
                call.node,
                Practice::FloatingPromise,
                Verdict::Review,
                evidence,
            );
        }
    }
}

/// Statements of `main` that return after a failure, so that the exit status is 0.
fn main_of_go(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for branch in code.find_all(code.root, &["if_statement"]) {
        let Some(function) = function_of(code, branch) else {
            continue;
        };
        if function_name(code, function) != "main" || function.kind() != "function_declaration" {
            continue;
        }
        let closure = code
            .ancestors(branch)
            .take_while(|around| around.id() != function.id())
            .any(|around| around.kind() == "func_literal");
        let condition = branch
            .child_by_field_name("condition")
            .map_or("", |condition| code.text(condition));
        let Some(block) = branch.child_by_field_name("consequence") else {
            continue;
        };
        let text = code.text(block);
        let ends = text
            .lines()
            .map(str::trim)
            .find(|line| *line == "return" || line.starts_with("return //") || *line == "continue");
        let Some(end) = ends else { continue };
        if closure
            || !condition.contains("err != nil")
            || mentions(text, &["exit(", "fatal", "panic("])
        {
            continue;
        }
        let evidence = if end == "continue" {
            "`main` skips a step that fails, and the service starts without it"
        } else {
            "`main` returns after a failure, so the exit status is 0 and no supervisor sees the failure"
        };
        show(
            code,
            facts,
            block,
            Practice::SilentNull,
            Verdict::Review,
            evidence,
        );
    }
}
