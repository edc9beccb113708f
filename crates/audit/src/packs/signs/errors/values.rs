//! Values from outside that code uses without checking that they exist and are well formed.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const MISSING: &str = "`{}` fails if the caller omits the field, and the response status is 500";
const SHORT: &str = "`{}` panics if the text is shorter";
const HEADER: &str = "`{}` fails if the request has no such header";

const fn value(
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
    evidence: &'static str,
) -> Sign {
    review(Practice::UncheckedValue, files, pattern, unless, evidence)
}

pub(super) const SIGNS: &[Sign] = &[
    value(
        PYTHON,
        r#"=\s*Body\([^)\n]*\)[^\n]*\n(?:[^\n]*\n){0,4}?[^\n]*(?P<what>\b\w+\[["']\w+["']\])"#,
        "KeyError",
        MISSING,
    ),
    value(
        PYTHON,
        r#"(?P<what>\brequest\.(?:json|get_json\([^)\n]*\))\[["']\w+["']\])"#,
        r"KeyError|\.validate\(|\.load\(|jsonschema",
        MISSING,
    ),
    value(
        PYTHON,
        r#"=\s*(?:await\s+)?request\.(?:json(?:\(\))?|get_json\([^)\n]*\))\s*\n(?:[^\n]*\n){0,4}?[^\n]*(?P<what>\b(?:data|body|payload|content|params|json_data)\[["']\w+["']\])"#,
        r"KeyError|\.validate\(|\.load\(|jsonschema",
        MISSING,
    ),
    value(
        &["views.py", "api.py"],
        r#"(?P<what>\bjson\.loads\(\s*request\.body[^\n\[]*\)\[["']\w+["']\]|\brequest\.(?:POST|GET|data)\[["']\w+["']\])"#,
        r"KeyError|is_valid\(",
        MISSING,
    ),
    Sign {
        elsewhere: r"required\s*=\s*True",
        ..value(
            PYTHON,
            r"@use_(?:kwargs|args)\([^\n]*\)\n(?:@[^\n]*\n)*(?P<what>def \w+\(\w+(?:, \w+)*, \*\*kwargs\))",
            "",
            "no field of the schema is required, so `{}` fails without an argument",
        )
    },
    value(
        PYTHON,
        r"(?P<what>\bint\(\s*request\.(?:args|form|GET|POST|query_params)[^\n]*\))",
        "ValueError|type=int",
        "`{}` fails if the text is not a number, and the response status is 500",
    ),
    value(
        GO,
        r"[(,=]\s*(?P<what>[a-z]\w*\[(?:[2-9]|\d\d+):\]|[a-z]\w*\[:(?:[2-9]|\d\d+)\])",
        r"\blen\(|HasPrefix|sha256|md5|sha1|uuid|hex\.",
        SHORT,
    ),
    value(
        GO,
        r"(?P<what>strings\.(?:Split|SplitN|Fields)\([^\n]*\)\[[1-9]\])",
        r"\blen\(",
        "`{}` panics if the text has fewer parts",
    ),
    value(
        GO,
        r#"(?P<what>\.Header(?:\.Get\(|\[)"?Authorization"?[\])]\[\d+:\])"#,
        r"\blen\(|HasPrefix",
        SHORT,
    ),
    value(
        SCRIPT,
        r#"(?P<what>\.headers(?:\.authorization|\[["']authorization["']\])!?\.(?:split|replace|slice|substring|startsWith)\()"#,
        r#"headers(?:\.authorization|\[["']authorization["']\])\?\.|!\s*\w+\.headers(?:\.authorization|\[)|if\s*\(\s*\w+\.headers(?:\.authorization|\[)|headers\.authorization\s*&&"#,
        HEADER,
    ),
    value(
        SCRIPT,
        r"(?P<what>\bJSON\.parse\(\s*(?:msg|message|data|event|payload|raw|job)\w*!?(?:\??\.\w+)*!?(?:\??\.toString\(\))?\s*\))",
        r"\btry\b|safeParse",
        "`{}` throws if the text is not JSON, and the file does not catch it",
    ),
    value(
        JVM,
        r#"(?P<what>\.getHeader\([^()\n]*\)\.(?:substring|replace|split))\("#,
        "",
        HEADER,
    ),
    value(
        JVM,
        r"=\s*[^\n;]*getHeader\([^()\n]*\);?\s*\n[^\n]*(?P<what>\b\w+\.(?:substring|split)\([^()\n]*\))",
        r"!= null|== null|startsWith|hasText|isBlank|isEmpty",
        HEADER,
    ),
    value(
        JVM,
        r"(?P<what>\b(?:ImmutableMap|ImmutableList|Map|List|Set)\.of\()[^;{]*?(?:\(\)|\w)\.get\([^;]*?\);",
        "getOrDefault|requireNonNull",
        "`{}…)` throws if a value of the look-up is missing",
    ),
    value(
        JVM,
        r"(?P<what>\b(?:Integer|Long|UUID|LocalDate)\.(?:parseInt|parseLong|parse|valueOf|fromString)\(\s*request\.getParameter)",
        "NumberFormatException|IllegalArgumentException",
        "`{}…)` fails if the caller sends other text",
    ),
    value(
        &[".cs"],
        r"(?P<what>\([\w.]+(?:\[\])?\)\s*\w+(?:\.\w+)*\.(?:Headers|Items|Properties)\[[^\]\n]+\])",
        r"ContainsKey|TryGetValue",
        "`{}` throws if the entry is missing or has another type",
    ),
    value(
        &[".cs"],
        r"(?P<what>\b(?:int|long|decimal|Guid|DateTime)\.Parse\(\s*(?:Request|HttpContext|User|_?config\w*|Configuration)\b)",
        "",
        "`{}…)` throws if the text has another form",
    ),
    review(
        Practice::UncheckedLookup,
        JVM,
        r"(?P<what>\.find(?:By\w+|First|One|Any)?\([^()\n]*\)\.get\(\))",
        "isPresent",
        "`{}` throws if nothing is found, and the response status is 500",
    ),
    review(
        Practice::UncheckedLookup,
        &[".kt"],
        r"(?P<what>\bfind(?:By\w+|OneBy\w*)?\([^()\n]*\)!!)",
        "",
        "`{}` throws if nothing is found, and the response status is 500",
    ),
    review(
        Practice::UncheckedLookup,
        &["repository.kt"],
        r"(?m)^\s*(?:suspend )?fun (?P<what>find\w*ById|findOne\w*)\([^)\n]*\)\s*:\s*[A-Z]\w*[ \t]*\r?$",
        "",
        "`{}` requires a record, so an unknown ID results in status 500",
    ),
    review(
        Practice::UncheckedLookup,
        &[
            "service.java",
            "serviceimpl.java",
            "controller.java",
            "service.kt",
            "controller.kt",
        ],
        r"(?P<what>\b\w*[rR]epository\.(?:getOne|getById|getReferenceById))\(",
        "EntityNotFoundException",
        "`{}` returns a reference that fails later if the record does not exist",
    ),
    review(
        Practice::InternalError,
        PYTHON,
        r"AsyncResult\([\s\S]*?(?P<what>\b\w+\.result)\b",
        r"successful\(\)|failed\(\)|\.state ==|\.status ==|str\(\w+\.result",
        "`{}` is an exception if the task failed, and JSON cannot represent it",
    ),
];
