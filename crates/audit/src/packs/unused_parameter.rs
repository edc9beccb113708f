//! Parameters of a path that the handler declares and never uses.

use std::sync::LazyLock;

use regex::Regex;

use super::{Pack, Reader};
use crate::model::FactSink;
use crate::model::facts::{Observation, Practice, Verdict};
use crate::repository::Role;
use crate::source::SourceFile;
use crate::syntax::count_word;

pub(super) const PACKS: &[Pack] = &[Pack {
    name: "unused identifiers of paths",
    reader: Reader::Text(read),
}];

/// A parameter with the group `name`, in NestJS and in Spring.
const PARAMETER: &str = r#"(?:@Param\(\s*['"`]\w+['"`][^)\n]*\)\s*|@PathVariable(?:\([^)\n]*\))?\s+(?:final\s+)?[\w<>]+\s+)(?P<name>\w+)"#;

static PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(PARAMETER).ok());

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    let ends = [".ts", ".java"].iter().any(|end| file.path.ends_with(end));
    let Some(pattern) = PATTERN.as_ref() else {
        return;
    };
    if file.role != Role::Production || !ends {
        return;
    }
    for captures in pattern.captures_iter(&file.text) {
        let (Some(whole), Some(name)) = (captures.get(0), captures.name("name")) else {
            continue;
        };
        let rest = file.text.get(whole.end()..).unwrap_or_default();
        let Some(body) = body(rest) else {
            continue;
        };
        if count_word(body, name.as_str()) == 0 {
            let observation = Observation {
                practice: Practice::Stub,
                verdict: Verdict::Review,
                elsewhere: "",
                evidence: format!("the handler never uses `{}` of the path", name.as_str()),
            };
            facts.add(observation, whole.range());
        }
    }
}

/// The body of the method whose parameters a text begins in.
fn body(text: &str) -> Option<&str> {
    let open = text.find('{')?;
    let end = text.get(..open)?.find(';');
    if end.is_some() {
        return None;
    }
    let mut depth = 0_usize;
    for (at, letter) in text.get(open..)?.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 1 => return text.get(open..open + at),
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{PATTERN, body};

    #[test]
    fn the_body_of_a_method_ends_at_its_brace() {
        assert!(PATTERN.is_some());
        assert_eq!(body(") { if (a) { b } }\n}"), Some("{ if (a) { b } "));
        assert_eq!(body("): string;\n read() { }"), None);
    }
}
