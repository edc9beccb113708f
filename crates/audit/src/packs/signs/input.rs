//! Text of callers that becomes a command, a redirect, a key or a record, and cookies that scripts
//! read.

use super::{Sign, review};
use crate::model::facts::Topic;

const SCRIPT: &[&str] = &[".ts", ".js", ".mjs"];
const TOO_MUCH: &str = "the caller sets every field of `{}`";
const STATEMENT: &str = "a statement contains the text of `{}`";
const COOKIE: &str = "scripts can read the cookie of `{}`, and plain HTTP carries it";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Topic::UnsafeInput,
        SCRIPT,
        r"(?P<what>\b(?:exec|execSync|child_process\.exec(?:Sync)?))\(\s*`[^`]*\$\{",
        r"function exec\(|RegExp",
        "`{}` runs a command line that contains a value",
    ),
    review(
        Topic::UnsafeInput,
        SCRIPT,
        r"(?P<what>\.redirect\(\s*(?:\d+\s*,\s*)?(?:String\(|`\$\{)?\s*(?:req|request|ctx)\.query\b)",
        "",
        "the caller chooses the target of the redirect",
    ),
    review(
        Topic::UnsafeInput,
        SCRIPT,
        r"(?P<what>\b(?:axios(?:\.\w+)?|fetch|got)\(\s*(?:String\()?\s*(?:req|request|ctx)\.(?:query|body|params)\b)",
        "",
        "the caller chooses the address of a request of this service",
    ),
    review(
        Topic::UnsafeInput,
        SCRIPT,
        r"(?P<what>\b(?:new RegExp\(|\$regex:\s*)\s*(?:String\()?\s*(?:req|request|ctx)\.(?:query|body|params)\b)",
        "escape",
        "the caller chooses a regular expression",
    ),
    review(
        Topic::UnsafeInput,
        &[".go"],
        r#"(?P<what>exec\.Command(?:Context)?\([^\n]*"(?:sh|bash)"\s*,\s*"-c"\s*,\s*(?:fmt\.Sprintf\(|"[^"\n]*"\s*\+|[a-z]\w*\)))"#,
        "",
        "a command line of a shell contains a value",
    ),
    review(
        Topic::UnsafeInput,
        &[".go"],
        r#"(?P<what>\.Redirect\([^\n]*(?:\.Query\("|\.URL\.Query\(\)\.Get\("|\.FormValue\(")[^\n]*\))"#,
        "",
        "the caller chooses the target of the redirect",
    ),
    review(
        Topic::UnsafeInput,
        &[".py"],
        r"(?P<what>(?:os\.system|subprocess\.\w+)\(\s*f['\x22][^\n]*\{|subprocess\.\w+\([^\n]*shell\s*=\s*True)",
        "shlex",
        "a command line of a shell contains a value",
    ),
    review(
        Topic::SqlText,
        &[".go"],
        r#"\.(?:Query|QueryRow|Exec|QueryContext|QueryRowContext|ExecContext|Raw|Where|Order|Select)\(\s*(?:ctx\s*,\s*)?(?:"[^"\n]*"|`[^`]*`)\s*\+\s*(?P<what>[a-z]\w*(?:\.\w+)*)\s*[+,)]"#,
        r"(?i)allowed\w*\[|switch (?:sort|order|column)|whitelist",
        STATEMENT,
    ),
    review(
        Topic::SqlText,
        &[".go"],
        r#"\.(?:Query|QueryRow|Exec|QueryContext|QueryRowContext|ExecContext|Raw|Where)\(\s*(?:ctx\s*,\s*)?fmt\.Sprintf\(\s*(?:"[^"\n]*'%[sv][^"\n]*"|`[^`]*'%[sv][^`]*`)\s*,\s*(?P<what>[\w.]+)"#,
        "",
        STATEMENT,
    ),
    review(
        Topic::MassAssignment,
        &[".go"],
        r"var (?P<what>\w+) (?:models?|entit(?:y|ies)|domain|db|store|repository)\.[A-Z]\w*\s*\n[^\n]*(?:ShouldBind\w*|Bind(?:JSON)?|BodyParser|Decode)\(\s*&",
        "",
        TOO_MUCH,
    ),
    review(
        Topic::MassAssignment,
        SCRIPT,
        r"(?P<what>\b[A-Z]\w*\.(?:create|insertMany|update|updateOne|findByIdAndUpdate)|\bprisma\.\w+\.(?:create|update)|\w*[rR]epo\w*\.(?:save|create|update|insert))\((?:[^(){}]*,\s*)?(?:\{[^{}]*data:\s*)?(?:body|req\.body|request\.body|ctx\.request\.body|payload|input)\s*[,)}]",
        r"(?i)class-validator|zod|joi\.|\bwhitelist\s*:\s*true",
        "every field of the body is stored by `{}`",
    ),
    review(
        Topic::BrowserToken,
        SCRIPT,
        r"(?P<what>\b(?:res|reply|response)\.(?:cookie|setCookie))\(\s*['\x22`][^'\x22`]*(?i:token|session|sid|auth|jwt)",
        r"httpOnly:\s*true|[cC]ookieOptions",
        COOKIE,
    ),
    review(
        Topic::BrowserToken,
        &[".go"],
        r#"(?P<what>&?http\.Cookie)\{[^}]*Name:\s*"[^"]*(?i:token|session|sid|auth|jwt)"#,
        r"HttpOnly:\s*true",
        COOKIE,
    ),
    review(
        Topic::BrowserToken,
        &[".py"],
        r#"(?P<what>\.set_cookie)\(\s*(?:key\s*=\s*)?["'][^"']*(?i:token|session|auth|jwt)"#,
        r"httponly\s*=\s*True",
        COOKIE,
    ),
    review(
        Topic::CallerIdentity,
        SCRIPT,
        r"(?P<what>\b(?:jwt|jsonwebtoken)\.decode|\bjwtDecode|\bjwt_decode)\(",
        r"\.verify\(|jwtVerify|window\.|React|useState",
        "`{}` reads a token without a check of its signature",
    ),
    review(
        Topic::CallerIdentity,
        &[".go"],
        r"(?P<what>\.ParseUnverified)\(",
        "",
        "`{}` reads a token without a check of its signature",
    ),
    review(
        Topic::PlainPassword,
        &[".go"],
        r"func (?:\([^)]*\)\s*)?(?P<what>\w*(?i:hash|encrypt|digest)\w*)\(\s*(?:p|pw|pwd|pass|passw\w*|plain\w*)\s+(?:string|\[\]byte)\)[^{]*\{(?:[^\n]|\n[^}])*?\b(?:md5|sha1|sha256|sha512)\.(?:Sum|New)",
        "",
        "`{}` hashes a password with a fast function without a salt",
    ),
    review(
        Topic::TokenLifetime,
        &[".go"],
        r"(?P<what>\bjwt\.NewWithClaims)\(",
        r#""exp"|ExpiresAt|exp:"#,
        "the token of `{}` has no end",
    ),
    review(
        Topic::TokenLifetime,
        SCRIPT,
        r"(?P<what>\b(?:jwt|jsonwebtoken)\.sign)\(",
        r"expiresIn|\bexp\s*:",
        "the token of `{}` has no end",
    ),
    review(
        Topic::UncheckedValue,
        &[".go"],
        r#"(?m)^[^,\n]*(?P<what>\.MustGet\(\s*"?\w+"?\s*\)\.\([\w.*]+\))"#,
        "",
        "`{}` panics if the middleware did not run or stored another type",
    ),
    review(
        Topic::SecretLogged,
        &[".go", ".ts", ".js"],
        r"\b(?:log|logger|slog|console|fmt|this\.logger)\.(?:[pP]rint\w*|[iI]nfo\w*|[dD]ebug\w*|[wW]arn\w*|[eE]rror\w*|log)\([^\n;]*[,\s]\s*(?P<what>(?:\w+\.)*(?:pass|passwd|pwd|password|Password|otp|OTP|refreshToken|accessToken|secret))\s*[,)]",
        "",
        "`{}` is logged",
    ),
    review(
        Topic::SecretLogged,
        SCRIPT,
        r"\b(?:console|logger|this\.logger|log)\.\w+\(\s*`[^`\n]*\$\{\s*(?P<what>(?:\w+\.)*(?:password|otp|code|pin|token|secret|resetToken|verificationCode))\s*\}",
        "(?i)status.?code|error.?code",
        "`{}` is logged",
    ),
    review(
        Topic::LimiterKey,
        &[".go", ".ts", ".js"],
        r"(?i:allow|limit|throttl)\w*\([^\n]*(?P<what>(?:Header\.Get\(|GetHeader\(|headers\[|\.get\(|\.header\()\s*['\x22](?i:x-forwarded-for|x-real-ip)['\x22]\s*[\])])",
        r"(?i)trusted.?prox",
        "any caller can set `{}`",
    ),
];
