//! Failures that are only logged, and failures that all get the same response.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::FactSink;
use crate::model::facts::{Observation, Practice, Verdict};
use crate::packs::signs::ascii::ascii;
use crate::packs::signs::scope;
use crate::packs::{Pack, Reader};
use crate::repository::Role;
use crate::source::SourceFile;

pub(super) const PACK: Pack = Pack {
    name: "swallowed failures",
    reader: Reader::Text(read),
};

/// A block that handles a failure. The group `what` is the reported code, `body` the statements,
/// and `before` the statement that failed.
struct Block {
    ends: &'static [&'static str],
    pattern: &'static str,
}

const BRACES: &[&str] = &[".ts", ".js", ".mjs", ".java", ".kt", ".cs", ".php"];

/// Blocks with log statements only.
const LOGGED: &[Block] = &[
    Block {
        ends: BRACES,
        pattern: r"(?P<what>\bcatch)\s*(?:\([^)\n]*\))?\s*\{\s*(?P<body>(?:(?://[^\n]*\s*)|(?:[\w.$>\-:\\]*(?i:log|console|print)[\w.]*\((?:[^(){};]|\((?:[^()]|\([^()]*\))*\)|\{[^{}]*\})*\);?\s*)){1,4}(?:return(?:\s+(?:null|undefined|false|\[\]|''|\x22\x22|0|-1|nil))?;?\s*)?)\}",
    },
    Block {
        ends: &[".ts", ".js", ".mjs"],
        pattern: r"(?P<what>\bif\s*\(\s*(?:err|error)\w*\s*\))\s*\{\s*(?P<body>(?:[\w.]*(?i:log|console)[\w.]*\((?:[^(){};]|\((?:[^()]|\([^()]*\))*\)|\{[^{}]*\})*\);?\s*){1,3}(?:return;?\s*)?)\}",
    },
    Block {
        ends: &[".go"],
        pattern: r"(?m)^(?P<before>[^\n]*)\n[ \t]*(?P<what>if [^\n]*\berr\w* != nil) \{\s*\n(?P<body>(?:[ \t]*[\w.]*(?i:log|print|slog|zap|sugar)[\w.()]*\([^\n]*\)\s*\n|[ \t]*//[^\n]*\n){1,3})[ \t]*\}",
    },
    Block {
        ends: &[".go"],
        pattern: r"(?m)^(?P<before>[^\n]*)\n[ \t]*(?P<what>if err\w* != nil) \{\s*\n(?P<body>(?:[ \t]*\w+(?:\.\w+)*\.Close\(\)\s*\n){1,5})[ \t]*\}",
    },
    Block {
        ends: &[".py"],
        pattern: r"(?m)^[ \t]*(?P<what>except\b[^\n]*):[ \t]*(?:#[^\n]*)?\n(?P<body>(?:[ \t]*(?:#[^\n]*|(?:[\w.]*(?i:log\w*)\.\w+|print|traceback\.print_exc)\([^\n]*\)|pass)[ \t]*\n){1,3}(?:[ \t]*(?:return(?: None| False| \[\])?|continue)[ \t]*\n)?)(?:[ \t]*(?:finally|else)\b|[ \t]*\n|[ \t]{0,12}[a-z@]|\z)",
    },
    Block {
        ends: &[".rs"],
        pattern: r"(?P<what>if let Err\(\w+\) = [^\n{]*)\{\s*\n(?P<body>[ \t]*(?:\w+::)*(?:error|warn|eprintln|println|info|debug)!\([^;]*\);\s*)\}",
    },
];

/// Blocks that return the same client error for every failure, or replace their own responses.
const ANSWERED: &[Block] = &[
    Block {
        ends: &[".ts", ".js", ".mjs"],
        pattern: r"\bcatch\s*(?:\([^)\n]*\))?\s*\{\s*(?P<body>(?:[\w.]*(?i:log|console)[\w.]*\([^;]*\);\s*){0,2}(?:return\s+)?)(?P<what>throw new (?:NotFound|BadRequest|Unauthorized|Forbidden|Conflict|BadGateway|ServiceUnavailable|Rpc|UnprocessableEntity)Exception\(|throw new HttpException\(|(?:res|response|reply|ctx)\.(?:status|code)\(\s*4\d\d\s*\))",
    },
    Block {
        ends: &[".ts"],
        pattern: r"\btry\s*\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*?throw new (?:NotFound|BadRequest|Unauthorized|Forbidden|Conflict)Exception(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}\s*catch\s*(?:\([^)\n]*\))?\s*\{\s*(?P<body>(?:[\w.]*(?i:log|console)[\w.]*\([^;]*\);\s*){0,2})(?P<what>throw new (?:InternalServerErrorException|HttpException|Error))\(",
    },
    Block {
        ends: &[".py"],
        pattern: r"except\s*(?:Exception\b[^\n:]*)?:[ \t]*\n(?P<body>(?:[ \t]*(?:#|[\w.]*(?i:log)\w*\.|print\(|\w+\.rollback)[^\n]*\n){0,3})[ \t]*(?P<what>raise \w*HTTPException\(\s*(?:status_code\s*=\s*)?(?:status\.HTTP_)?4\d\d|return [^\n]*\b4\d\d\b|return None\b|return False\b)",
    },
    Block {
        ends: &[".py"],
        pattern: r"raise \w*HTTPException\([^\n]*\n(?:[^\n]*\n){0,15}?[ \t]*except\s*(?:Exception\b[^\n:]*)?:[ \t]*\n(?P<body>(?:[ \t]*(?:#|[\w.]*(?i:log)\w*\.|print\(|\w+\.rollback)[^\n]*\n){0,3})[ \t]*(?P<what>raise \w*HTTPException\(\s*(?:status_code\s*=\s*)?(?:status\.HTTP_)?5\d\d)",
    },
    Block {
        ends: &[".java", ".kt"],
        pattern: r"\bcatch\s*\(\s*(?:final\s+)?(?:Exception|RuntimeException|Throwable)\s+\w+\s*\)\s*\{\s*(?P<body>(?:[\w.]*(?i:log)[\w.]*\([^;]*\);\s*){0,2})(?P<what>return\s+(?:ResponseEntity\.(?:badRequest|notFound|status\(\s*(?:HttpStatus\.)?(?:NOT_FOUND|BAD_REQUEST|UNAUTHORIZED|4\d\d))|null|false|Optional\.empty)|throw new \w*(?:NotFound|BadRequest|Invalid|Unauthorized)\w*\()",
    },
    Block {
        ends: &[".go"],
        pattern: r"(?P<before>(?i:\w*(?:service|svc|usecase|uc|repo|repository|store|logic|db|client|model|biz))(?:\(\))?\.\w+\([^\n]*)\n(?:[ \t]*\)?\s*)if err != nil \{\s*\n(?P<body>(?:[ \t]*[\w.]*(?i:log|slog|zap)[\w.]*\([^\n]*\n){0,2})[^\n]*(?P<what>\b(?:http\.)?Status(?:BadRequest|NotFound|Unauthorized|Forbidden|Conflict|UnprocessableEntity)\b|codes\.(?:NotFound|InvalidArgument|Unauthenticated|AlreadyExists))",
    },
];

struct Patterns {
    logged: Vec<(&'static [&'static str], Regex)>,
    answered: Vec<(&'static [&'static str], Regex)>,
    distinguished: Regex,
    expected: Regex,
}

fn compiled(blocks: &[Block]) -> Option<Vec<(&'static [&'static str], Regex)>> {
    blocks
        .iter()
        .map(|block| Some((block.ends, ascii(block.pattern)?)))
        .collect()
}

/// Words of a function that checks the kind of a failure.
const DISTINGUISHED: &str = r"instanceof|errors\.(?:Is|As)\(|\berr(?:or)?\w*\.(?:code|name|response|status\w*)\b|isAxiosError|ErrNoRows|ErrRecordNotFound|ErrNotFound|ErrNoDocuments|except HTTPException|except \w*(?:NotFound|DoesNotExist|Integrity|Validation|JWT|Value|Key|Decode|Expired)\w*|jwt\.|verify\(|JSON\.parse|json\.loads|ShouldBind|BindJSON|\.Bind\(";
/// Failures that no caller waits for.
const EXPECTED: &str = r"(?i)\bclose|shutdown|\.sync\(|flush|rollback|\.stop\(|remove|disconnect|\.quit\(|\bping\b|load\(|dotenv|fatal|panic|exit";

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    Some(Patterns {
        logged: compiled(LOGGED)?,
        answered: compiled(ANSWERED)?,
        distinguished: ascii(DISTINGUISHED)?,
        expected: ascii(EXPECTED)?,
    })
});

/// Maximum number of blocks that are read in one file.
const MAX_BLOCKS: usize = 20;
/// Number of bytes before a block that show what failed.
const BEFORE: usize = 200;

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    let path = file.path.to_lowercase();
    let aside = ["migrat", "seed", "script", "public/", "frontend", "client/"]
        .iter()
        .any(|part| path.contains(part));
    if file.role != Role::Production || aside || scope::is_page(file) {
        return;
    }
    let Some(patterns) = PATTERNS.as_ref() else {
        return;
    };
    let text = before_tests(file);
    let mine = |blocks: &'static [(&'static [&'static str], Regex)]| {
        blocks
            .iter()
            .filter(|(ends, _)| ends.iter().any(|end| path.ends_with(end)))
            .map(|(_, regex)| regex)
    };
    for captures in
        mine(&patterns.logged).flat_map(|regex| regex.captures_iter(text).take(MAX_BLOCKS))
    {
        let Some(at) = captures.name("what") else {
            continue;
        };
        let body = captures.name("body").map_or("", |body| body.as_str());
        let before = start_of(text, at.start());
        let failed = captures.name("before").map_or(before, |line| line.as_str());
        let own = at.as_str();
        let expected = |part: &str| patterns.expected.is_match(part);
        if expected(failed) || expected(own) || (expected(body) && !body.contains(".Close()\n")) {
            continue;
        }
        show(
            facts,
            Practice::IgnoredError,
            at.range(),
            "the failure is only logged, and the code continues as after a success",
        );
    }
    for captures in
        mine(&patterns.answered).flat_map(|regex| regex.captures_iter(text).take(MAX_BLOCKS))
    {
        let Some(at) = captures.name("what") else {
            continue;
        };
        let around = scope::around(text, at.start(), at.end());
        if patterns.distinguished.is_match(around) {
            continue;
        }
        show(
            facts,
            Practice::ErrorResponse,
            at.range(),
            "all failures get the same response, even an unavailable store",
        );
    }
}

/// The text before a place that shows what failed.
fn start_of(text: &str, at: usize) -> &str {
    let mut from = at.saturating_sub(BEFORE);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    text.get(from..at).unwrap_or_default()
}

fn show(
    facts: &mut FactSink<'_>,
    practice: Practice,
    span: std::ops::Range<usize>,
    evidence: &str,
) {
    let observation = Observation {
        practice,
        verdict: Verdict::Review,
        elsewhere: "",
        evidence: evidence.to_owned(),
    };
    facts.add(observation, span);
}

/// The text of a file without the tests that a Rust file ends with.
fn before_tests(file: &SourceFile) -> &str {
    if !file.path.ends_with(".rs") {
        return &file.text;
    }
    file.text
        .split_once("#[cfg(test)]")
        .map_or(&*file.text, |(before, _)| before)
}

#[cfg(test)]
mod tests {
    use super::PATTERNS;

    #[test]
    fn every_pattern_compiles() {
        assert!(PATTERNS.is_some());
    }
}
