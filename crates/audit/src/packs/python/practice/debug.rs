//! Debug modes and settings of Python frameworks.

use crate::model::facts::{Practice, Verdict};
use crate::model::{FactSink, Resolution};
use crate::packs::practice::{mentions, show};
use crate::syntax::{Call, Code};

pub(super) fn debug(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let truth = |name: &str| call.keyword(name).map(|value| code.boolean(value));
    let entry = code
        .enclosing(call.node, &["if_statement"])
        .is_some_and(|branch| {
            branch
                .child_by_field_name("condition")
                .is_some_and(|condition| code.text(condition).contains("__name__"))
        });
    if call.method == "run" && code.imports_module("flask") && call.receiver.ends_with("app") {
        match truth("debug") {
            // Many images start with `python app.py`. Gunicorn never runs this line.
            Some(Resolution::Known(true)) if entry => show(
                code,
                facts,
                call.node,
                Practice::DebugMode,
                Verdict::Minor,
                "the built-in server runs with `debug=True` if the file is started directly",
            ),
            Some(Resolution::Known(true)) => show(
                code,
                facts,
                call.node,
                Practice::DebugMode,
                Verdict::Broken,
                "Flask runs with `debug=True`, so its console runs any code",
            ),
            _ => {}
        }
    } else if call.is("", "FastAPI") {
        match truth("debug") {
            Some(Resolution::Known(true)) => show(
                code,
                facts,
                call.node,
                Practice::DebugMode,
                Verdict::Broken,
                "FastAPI returns tracebacks (`debug=True`)",
            ),
            _ => show(
                code,
                facts,
                call.node,
                Practice::DebugMode,
                Verdict::Kept,
                "debug mode is off",
            ),
        }
    }
}

/// Django settings are names at the top of a module.
pub(super) fn settings(code: &Code<'_>, facts: &mut FactSink<'_>) {
    let name = code.file.name();
    let django = code.file.text.contains("INSTALLED_APPS");
    if !django || mentions(&code.file.path, &["dev", "local", "test"]) || !name.ends_with(".py") {
        return;
    }
    if let Some(value) = code.binding("DEBUG") {
        match code.text(value) {
            "True" => show(
                code,
                facts,
                value,
                Practice::DebugMode,
                Verdict::Broken,
                "Django runs with `DEBUG = True`",
            ),
            "False" => show(
                code,
                facts,
                value,
                Practice::DebugMode,
                Verdict::Kept,
                "debug mode is off",
            ),
            _ => {}
        }
    }
}
