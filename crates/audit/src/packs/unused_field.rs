//! Private fields of classes that protect calls, and that no method reads.

use super::practice::{mentions, show};
use super::{Pack, Reader};
use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::repository::Role;
use crate::source::Language;
use crate::syntax::Code;

pub(super) const PACKS: &[Pack] = &[Pack {
    name: "fields of classes",
    reader: Reader::Code(&[Language::TypeScript], read),
}];

/// Words of names and types of objects that protect calls, in lower case.
const PROTECTS: &[&str] = &[
    "client", "axios", "breaker", "circuit", "limiter", "timeout", "retry", "bulkhead", "throttl",
];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    if code.file.role != Role::Production {
        return;
    }
    for field in code.find_all(code.root, &["public_field_definition"]) {
        let text = code.text(field);
        let Some(name) = field.child_by_field_name("name") else {
            continue;
        };
        let own = code.text(name);
        let declared = text.split('=').next().unwrap_or_default();
        // With a decorator, a framework may use the field.
        if !declared.contains("private ") || text.contains('@') || !mentions(declared, PROTECTS) {
            continue;
        }
        let access = format!("this.{own}");
        let (mut reads, mut sets) = (0, usize::from(text.contains('=')));
        for (at, _) in code.file.text.match_indices(&access) {
            let after = code.file.text.get(at + access.len()..).unwrap_or_default();
            if after.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_') {
                continue;
            }
            let after = after.trim_start();
            if after.starts_with('=') && !after.starts_with("==") && !after.starts_with("=>") {
                sets += 1;
            } else {
                reads += 1;
            }
        }
        let destructured = code.file.text.contains("} = this");
        if reads == 0 && sets > 0 && !destructured {
            show(
                code,
                facts,
                name,
                Practice::DeadResilience,
                Verdict::Review,
                format!("no method uses `{own}`, so its timeout or limit protects no call"),
            );
        }
    }
}
