//! Addresses of other services and stores that are literals of the code.

use super::{GO, PYTHON, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

const LITERAL: &str = "the URL `{}` is a literal, so each environment needs its own build";
/// Words of code that takes the address from a setting first.
const SETTING: &str = r"process\.env\.\w*(?:URL|HOST|ADDR)|Getenv|getEnv|os\.environ|config(?:Service)?\.(?:get|\w*[uU]rl|\w*[hH]ost)";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::LocalAddress,
        &[".go", ".ts", ".js", ".py"],
        r#"\b(?:http\.(?:Get|Post|PostForm|NewRequest(?:WithContext)?)|axios(?:\.\w+)?|fetch|got|requests\.\w+|httpx\.\w+|grpc\.(?:Dial|NewClient)\w*)\([^\n"'`]*(?P<what>["'`](?:https?://)?(?:localhost|127\.0\.0\.1):\d+)"#,
        "",
        "the call goes to `{}`, which is this host in every environment",
    ),
    review(
        Practice::LiteralSetting,
        &[".go", ".ts", ".js", ".py"],
        r#"(?P<what>["'`]https?://[a-z][a-z0-9-]*-?(?:service|svc|api|server|gateway|app)(?::\d+)?)[/"'`]"#,
        SETTING,
        LITERAL,
    ),
    review(
        Practice::LiteralSetting,
        SCRIPT,
        r#"(?P<what>\b(?:mongodb(?:\+srv)?|postgres(?:ql)?|mysql|amqps?|redis)://(?:[^\s"'`@/]*@)?[a-z][a-z0-9-]*(?::\d+)?)[/"'`?]"#,
        r"process\.env\.\w*(?:_URL|_URI|HOST)",
        LITERAL,
    ),
    inside(
        Practice::LiteralSetting,
        &[".ts"],
        r"\bhost:\s*(?P<what>['\x22][a-z][a-z0-9]*-[a-z0-9-]+['\x22])",
        r"\bport:\s*\d+",
        SETTING,
        LITERAL,
    ),
    review(
        Practice::LocalAddress,
        &[".go", ".ts", ".js", ".py"],
        r#"(?P<what>\blocalhost:\d+/[\w/]*(?:confirm|verify|reset|activate|users?|auth)[\w/]*)/?(?:%[sdv]|\$\{|\{|["'`])"#,
        r"(?i)swagger|openapi|ApiProperty",
        "a message contains the link `{}`, which works on one host only",
    ),
    inside(
        Practice::UnsafeInput,
        GO,
        r#"fmt\.Sprintf\(\s*"(?P<what>[^"\n]*/%[sv][^"\n]*)""#,
        r"(?:PathValue|\.Param|\.Query|QueryParam|FormValue|Vars)\([\s\S]*(?:http\.NewRequest|\.Get\(|\.Post\(|\.Do\()",
        r"PathEscape|QueryEscape|uuid\.Parse|strconv\.|ParseInt",
        "a value of the caller becomes part of the URL `{}` unchanged",
    ),
    review(
        Practice::Encryption,
        &[".yml", ".yaml", ".env"],
        r"(?P<what>\bsslmode=disable)\b",
        "",
        "`{}` sends the password and all rows without encryption",
    ),
    review(
        Practice::Blocking,
        PYTHON,
        r"(?m)^async def [^\n]*\n(?:[ \t]+[^\n]*\n|\n){0,20}?[ \t]+(?:\w+\s*=\s*)?(?P<what>\b(?:subprocess\.(?:run|call|check_output)|os\.system|bcrypt\.(?:hashpw|checkpw)))\(",
        "run_in_threadpool|to_thread|run_in_executor",
        "`{}` blocks all other requests of the process",
    ),
];
