//! The text that can keep a practice: the surrounding function, or the whole file.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::facts::Practice;
use crate::source::SourceFile;

/// Whether only the function around a place can keep the practice. Another function of the file may
/// set the timeout of another client, or check another error.
pub(super) const fn is_local(practice: Practice) -> bool {
    matches!(
        practice,
        Practice::OutboundTimeout
            | Practice::UnboundedList
            | Practice::PageSize
            | Practice::IgnoredError
            | Practice::Leak
            | Practice::UncheckedValue
            | Practice::UncheckedLookup
            | Practice::RetryDelay
            | Practice::HealthResult
            | Practice::LookupBeforeInsert
            | Practice::InternalError
            | Practice::ErrorResponse
            | Practice::PartialWrite
            | Practice::QueryPerRow
            | Practice::BackgroundLoop
            | Practice::PublisherConfirm
            | Practice::TokenAlgorithm
            | Practice::TokenAudience
            | Practice::SilentNull
            | Practice::RequestContext
            | Practice::ApiDocs
            | Practice::RequestPanic
            | Practice::LimiterKey
            | Practice::Expiry
            | Practice::SharedConnection
    )
}

static PAGE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"from ['\x22](?:react|vue|svelte|@angular/core)|\b(?:document|window)\.").ok()
});

/// Whether a file runs in a browser.
pub(super) fn is_page(file: &SourceFile) -> bool {
    PAGE.as_ref().is_some_and(|page| page.is_match(&file.text))
}

/// The beginning of a line that starts a function or a method. All languages share one pattern,
/// because their headers differ.
static HEADER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^\s*(?:",
        // Go, Rust, Kotlin, Python, PHP, Ruby.
        r"func\b|(?:pub(?:\([^)]*\))?\s+)?(?:const\s+)?(?:async\s+)?fn\b|(?:\w+\s+)*fun\b|(?:async\s+)?def\b",
        // JavaScript, TypeScript.
        r"|(?:export\s+)?(?:default\s+)?(?:async\s+)?function\b",
        r"|(?:export\s+)?(?:const|let|var)\s+\w+[^=]*=\s*(?:async\s*)?(?:function\b|\(?[^=]*\)?[^=]*=>)",
        r"|(?:\w+\.)+(?:get|post|put|patch|delete|use|on|all)\(.*(?:=>|function\b.*)\s*\{\s*$",
        // Closures of PHP, blocks of Ruby that handle a route.
        r"|\$\w+\s*=\s*(?:static\s+)?function\b|.*(?:->|::)(?:get|post|put|patch|delete|any|map|match)\(.*\bfunction\b.*\{\s*$",
        r"|(?:get|post|put|patch|delete|before|after)\s+['\x22/].*\bdo\b(?:\s*\|[^|]*\|)?\s*$",
        // Methods of classes.
        r"|(?:public|private|protected|internal|static|override|async|final|readonly|get|set)\b[^;=]*\([^;]*$",
        r"|\w+\([^;]*\)[^;=]*\{\s*$",
        ")"
    ))
    .ok()
});

/// Statements that look like the header of a method.
const STATEMENTS: &[&str] = &[
    "if", "for", "while", "switch", "catch", "else", "return", "match", "with", "try", "do", "}",
];

/// Maximum number of bytes of a function that are read before and after a place.
const MAX_DISTANCE: usize = 20_000;

fn indentation(line: &str) -> usize {
    line.chars()
        .take_while(|letter| letter.is_whitespace())
        .map(|letter| if letter == '\t' { 4 } else { 1 })
        .sum()
}

fn is_header(line: &str) -> bool {
    let start = line.trim_start();
    let statement = STATEMENTS.iter().any(|word| {
        start.strip_prefix(word).is_some_and(|rest| {
            !rest.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_')
        })
    });
    !statement && HEADER.as_ref().is_some_and(|header| header.is_match(line))
}

/// Whether a line is a whole handler: `app.get('/', async () => list());`.
fn is_short_handler(line: &str) -> bool {
    let line = line.trim();
    let registers = [".get(", ".post(", ".put(", ".patch(", ".delete("]
        .iter()
        .any(|method| {
            line.split_once(method)
                .is_some_and(|(_, rest)| rest.starts_with(['\'', '"', '`']))
        });
    registers && line.contains("=>") && (line.ends_with(");") || line.ends_with(')'))
}

/// Whether a place ends in the function in which it starts. Patterns of several lines may reach
/// into the next one.
pub(super) fn is_one_function(text: &str, from: usize, to: usize) -> bool {
    let lines = text
        .get(from..to)
        .map_or(0, |place| place.trim().lines().count());
    if lines < 2 {
        return true;
    }
    let start = from
        + text
            .get(from..to)
            .map_or(0, |place| place.len() - place.trim_start().len());
    let own = around(text, start, start + 1);
    let offset = (own.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    own.len() == text.len() || offset + own.len() >= to
}

/// The header of a method whose annotation starts a place, or the start of the place.
pub(super) fn below_annotations(text: &str, from: usize, to: usize) -> usize {
    let place = text.get(from..to).unwrap_or_default();
    if !place.trim_start().starts_with('@') {
        return from;
    }
    let mut at = from;
    for line in place.split_inclusive('\n') {
        if !line.trim_start().starts_with('@') && is_header(line) {
            return at;
        }
        at += line.len();
    }
    from
}

/// The text of the innermost function around a place, or the whole text outside of functions.
pub(super) fn around(text: &str, from: usize, to: usize) -> &str {
    let Some(before) = text.get(..from) else {
        return text;
    };
    let line_start = before.rfind('\n').map_or(0, |line| line + 1);
    let own = text.get(line_start..).unwrap_or_default();
    let own = own.lines().next().unwrap_or_default();
    if is_short_handler(own)
        && text
            .get(from..to)
            .is_some_and(|place| !place.contains('\n'))
    {
        return own;
    }
    // A pattern may begin with the header, or with the line break before a statement.
    let mut header = (is_header(own)).then_some((line_start, indentation(own)));
    let mut limit = if own.trim().is_empty() {
        usize::MAX
    } else {
        indentation(own)
    };
    let mut end = line_start;
    while header.is_none() && end > 0 && from - end < MAX_DISTANCE {
        let start = text
            .get(..end - 1)
            .and_then(|text| text.rfind('\n'))
            .map_or(0, |line| line + 1);
        let line = text.get(start..end).unwrap_or_default();
        let depth = indentation(line);
        if !line.trim().is_empty() && depth < limit {
            if is_header(line) {
                header = Some((start, depth));
            } else if matches!(line.trim_start().as_bytes().first(), Some(b'{' | b')')) {
                // The header is above, with the same indentation.
                limit = depth + 1;
            } else {
                limit = depth;
            }
        }
        end = start;
    }
    let Some((start, depth)) = header else {
        return text;
    };
    let mut at = to.max(start);
    let mut rest = text.get(at..).unwrap_or_default();
    // The first line that is not deeper than the header ends the function. In C#, the line after
    // the header is a brace with its indentation.
    while let Some(line) = rest.find('\n') {
        at += line + 1;
        rest = rest.get(line + 1..).unwrap_or_default();
        let own = rest.lines().next().unwrap_or_default();
        let brace = own.trim() == "{";
        let ends = !own.trim().is_empty() && !brace && indentation(own) <= depth;
        if ends || at - to > MAX_DISTANCE {
            break;
        }
        if rest.is_empty() {
            break;
        }
    }
    if rest.find('\n').is_none() {
        at = text.len();
    }
    text.get(start..at).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::around;

    fn scope(text: &str, place: &str) -> String {
        let at = text.find(place).expect("the place is in the text");
        around(text, at, at + place.len()).to_owned()
    }

    #[test]
    fn scope_is_the_function_in_every_language() {
        for (text, own, other) in [
            (
                "func a() {\n\tx := one()\n}\n\nfunc b() {\n\ty := two()\n}\n",
                "one()",
                "two()",
            ),
            (
                "def a():\n    x = one()\n    return x\n\ndef b():\n    two()\n",
                "one()",
                "two()",
            ),
            (
                "class A {\n  async a(id: string): Promise<void> {\n    if (id) {\n      one();\n    }\n  }\n\n  b() {\n    two();\n  }\n}\n",
                "one()",
                "two()",
            ),
            (
                "app.get('/a', async (req, res) => {\n  one();\n});\napp.get('/b', (req, res) => {\n  two();\n});\n",
                "one()",
                "two()",
            ),
            (
                "class A {\n    public void a() {\n        one();\n    }\n\n    public void b() {\n        two();\n    }\n}\n",
                "one()",
                "two()",
            ),
            (
                "impl A {\n    pub async fn a() {\n        one();\n    }\n\n    fn b() {\n        two();\n    }\n}\n",
                "one()",
                "two()",
            ),
        ] {
            let found = scope(text, own);
            assert!(found.contains(own), "{found}");
            assert!(!found.contains(other), "{found}");
            let found = scope(text, other);
            assert!(found.contains(other), "{found}");
            assert!(!found.contains(own), "{found}");
        }
    }

    #[test]
    fn scope_below_an_annotation_is_its_method() {
        let text = "class A {\n    @Scheduled(fixedRate = 1)\n    public void a() {\n        one();\n    }\n\n    public void b() {\n        two();\n    }\n}\n";
        let from = text.find('@').expect("the annotation is in the text");
        let to = text.find("();\n").expect("the call is in the text");
        let at = super::below_annotations(text, from, to);
        assert!(text[at..].trim_start().starts_with("public void a"));
        assert!(!around(text, at, to).contains("two()"));
    }

    #[test]
    fn scope_of_short_handler_is_its_line() {
        let text = "export function routes(app) {\n  app.get('/a', () => one());\n  app.get('/b', () => two());\n}\n";
        assert!(!scope(text, "one()").contains("two()"));
    }

    #[test]
    fn scope_outside_of_functions_is_the_file() {
        let text = "var client = one()\n\nfunc b() {\n\ttwo()\n}\n";
        assert_eq!(scope(text, "one()"), text);
    }
}
