//! Calls of annotated methods on the same object. Spring applies annotations in a proxy around the
//! object, so a call from inside the object bypasses them.

use std::collections::BTreeMap;

use tree_sitter::Node;

use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::packs::practice::show;
use crate::packs::{Pack, Reader};
use crate::repository::Role;
use crate::source::Language;
use crate::syntax::Code;

pub(super) const PACK: Pack = Pack {
    name: "calls without a proxy",
    reader: Reader::Code(&[Language::Java, Language::Kotlin], read),
};

/// Annotations that a proxy applies.
const ANNOTATIONS: &[&str] = &[
    "@Async",
    "@Transactional",
    "@Cacheable",
    "@CacheEvict",
    "@CachePut",
    "@Retryable",
    "@CircuitBreaker",
    "@Retry",
    "@RateLimiter",
    "@TimeLimiter",
    "@Bulkhead",
];
const METHODS: &[&str] = &["method_declaration", "function_declaration"];
const CLASSES: &[&str] = &["class_declaration", "object_declaration"];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    if code.file.role != Role::Production
        || !code.file.text.contains("org.springframework")
            && !code.file.text.contains("io.github.resilience4j")
        || code.file.text.contains("AdviceMode.ASPECTJ")
    {
        return;
    }
    let methods = code.find_all(code.root, METHODS);
    let mut annotated: BTreeMap<(usize, &str), &'static str> = BTreeMap::new();
    for method in &methods {
        let (Some(class), Some(name)) = (class_of(code, *method), name_of(code, *method)) else {
            continue;
        };
        let head = head(code, *method);
        // Another check reports annotated private methods.
        if let Some(found) = ANNOTATIONS.iter().find(|own| has(head, own))
            && !head.contains("private ")
        {
            annotated.insert((class, name), found);
        }
    }
    if annotated.is_empty() {
        return;
    }
    for method in &methods {
        let (Some(class), Some(own)) = (class_of(code, *method), name_of(code, *method)) else {
            continue;
        };
        let caller = head(code, *method);
        for call in code.calls_within(*method) {
            if !matches!(call.receiver, "" | "this") || call.method == own {
                continue;
            }
            let Some(annotation) = annotated.get(&(class, call.method)) else {
                continue;
            };
            // The caller has the same annotation, so its proxy runs.
            if has(caller, annotation) {
                continue;
            }
            let practice = if *annotation == "@Transactional" {
                Practice::PartialWrite
            } else {
                Practice::DeadResilience
            };
            let evidence = format!(
                "`{annotation}` has no effect on this call of `{}`, because the call inside of the object skips the proxy",
                call.method
            );
            show(code, facts, call.node, practice, Verdict::Review, evidence);
        }
    }
}

fn class_of(code: &Code<'_>, method: Node<'_>) -> Option<usize> {
    code.ancestors(method)
        .find(|around| CLASSES.contains(&around.kind()))
        .map(|class| class.id())
}

/// The name of a method. The Kotlin grammar does not name this field.
fn name_of<'t>(code: &Code<'t>, method: Node<'t>) -> Option<&'t str> {
    if let Some(name) = method.child_by_field_name("name") {
        return Some(code.text(name));
    }
    let mut cursor = method.walk();
    method
        .named_children(&mut cursor)
        .find(|child| child.kind().ends_with("identifier"))
        .map(|name| code.text(name))
}

/// The text of a method before its name: its annotations and modifiers.
fn head<'t>(code: &Code<'t>, method: Node<'t>) -> &'t str {
    let name = name_of(code, method).unwrap_or_default();
    let text = code.text(method);
    text.split_once(&format!("{name}("))
        .map_or(text, |(before, _)| before)
}

/// Whether a text contains an annotation as a whole word.
fn has(text: &str, annotation: &str) -> bool {
    text.match_indices(annotation).any(|(at, _)| {
        !text
            .get(at + annotation.len()..)
            .is_some_and(|rest| rest.starts_with(char::is_alphanumeric))
    })
}
