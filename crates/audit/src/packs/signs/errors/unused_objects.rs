//! Objects whose fields a function sets, and that it then drops.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::FactSink;
use crate::model::facts::{Observation, Practice, Verdict};
use crate::packs::signs::ascii::ascii;
use crate::packs::signs::scope;
use crate::packs::{Pack, Reader};
use crate::repository::Role;
use crate::source::SourceFile;
use crate::syntax::count_word;

pub(super) const PACK: Pack = Pack {
    name: "objects that no code uses",
    reader: Reader::Text(read),
};

static MADE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    ascii(
        r"(?m)^[ \t]+(?:(?:final )?[A-Z]\w*(?:<[^>\n]*>)?|va[rl]|const|let) (?P<name>[a-z]\w*)(?:\s*:\s*\w+)? = (?P<what>(?:new )?[A-Z]\w*)\(\);?[ \t]*$",
    )
});

/// Maximum number of objects that are read in one file.
const MAX_OBJECTS: usize = 50;

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    let read = [".java", ".kt", ".ts", ".cs"]
        .iter()
        .any(|end| file.path.ends_with(end));
    let Some(made) = MADE.as_ref().filter(|_| read) else {
        return;
    };
    if file.role != Role::Production {
        return;
    }
    for captures in made.captures_iter(&file.text).take(MAX_OBJECTS) {
        let (Some(whole), Some(name), Some(what)) = (
            captures.get(0),
            captures.name("name"),
            captures.name("what"),
        ) else {
            continue;
        };
        let around = scope::around(&file.text, name.start(), name.end());
        if around.len() == file.text.len() {
            continue;
        }
        let start = (around.as_ptr() as usize).saturating_sub(file.text.as_ptr() as usize);
        let rest = file
            .text
            .get(whole.end()..start + around.len())
            .unwrap_or_default();
        let set = changes(rest, name.as_str());
        if set >= 2 && count_word(rest, name.as_str()) == set {
            let observation = Observation {
                practice: Practice::Stub,
                verdict: Verdict::Review,
                elsewhere: "",
                evidence: format!(
                    "the function sets fields of `{}` and neither stores nor returns it",
                    name.as_str()
                ),
            };
            facts.add(observation, what.range());
        }
    }
}

/// Statements that only change a field: `a.setName(n);`, `a.name = n;`.
fn changes(text: &str, name: &str) -> usize {
    text.lines()
        .map(str::trim_start)
        .filter_map(|line| line.strip_prefix(name)?.strip_prefix('.'))
        .filter(|rest| {
            let end = rest
                .find(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
                .unwrap_or(rest.len());
            let (field, after) = rest.split_at(end);
            let after = after.trim_start();
            field.starts_with("set") && after.starts_with('(')
                || after.starts_with('=') && !after.starts_with("==")
        })
        .count()
}
