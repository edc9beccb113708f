//! Data of users in the memory of one process.

use crate::model::FactSink;
use crate::model::facts::{Observation, Practice, Verdict};
use crate::packs::memory::is_entity;
use crate::packs::practice::{mentions, show};
use crate::syntax::Code;

pub(super) fn state(code: &Code<'_>, facts: &mut FactSink<'_>) {
    let browser = ["react", "vue", "@angular/core", "zustand", "next"]
        .iter()
        .any(|module| code.imports_module(module));
    if browser
        || mentions(
            &code.file.path,
            &[
                "store/",
                "stores/",
                "components/",
                "hooks/",
                "seed",
                "script",
            ],
        )
    {
        return;
    }
    library(code, facts);
    for node in code.find_all(code.root, &["variable_declarator"]) {
        if code.function_around(node).is_some() {
            continue;
        }
        let (Some(name), Some(value)) = (
            node.child_by_field_name("name"),
            node.child_by_field_name("value"),
        ) else {
            continue;
        };
        let made = code.text(value);
        let empty = matches!(made, "[]" | "{}")
            || made.starts_with("new Map") && !made.contains('[')
            || made.starts_with("new Set") && !made.contains('[');
        let name = code.text(name);
        if !empty || !is_entity(name) {
            continue;
        }
        let text: &str = &code.file.text;
        let written = ["push(", "set(", "add(", "splice("]
            .iter()
            .any(|method| text.contains(&format!("{name}.{method}")))
            || text.contains(&format!("{name}[")) && text.contains("] =");
        if written {
            show(
                code,
                facts,
                node,
                Practice::MemoryState,
                Verdict::Review,
                format!("`{name}` is kept in the memory of one process"),
            );
        }
    }
}

/// A library that keeps values in memory, used without an end for each value.
fn library(code: &Code<'_>, facts: &mut FactSink<'_>) {
    let Some(import) = code.imports.iter().find(|import| {
        matches!(
            import.path,
            "memory-cache" | "memory-store" | "lokijs" | "nedb" | "memorystore"
        )
    }) else {
        return;
    };
    let keeps = code.calls.iter().any(|call| {
        matches!(call.method, "put" | "insert" | "addCollection") && call.arguments.len() <= 2
    });
    if keeps {
        let observation = Observation {
            practice: Practice::MemoryState,
            elsewhere: "",
            verdict: Verdict::LikelyBroken,
            evidence: format!(
                "`{}` keeps data in the memory of one process, without an expiry",
                import.path
            ),
        };
        facts.add(observation, import.span.clone());
    }
}
