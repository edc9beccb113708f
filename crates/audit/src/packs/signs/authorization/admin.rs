//! Routes of administrators that no role protects, and sessions that survive a new password.

use super::{GO, JVM, ONE_FUNCTION, PYTHON, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

const OPEN: &str = "no role protects the route `{}` of administrators";
const STAYS: &str = "`{}` changes a password, and the sessions of the user stay valid";
/// Words of code that checks a role.
const ROLE: &str = r"(?i)role|is_?admin|require_?admin|admin_?(?:only|guard|middleware|auth|required)|permission|authorize|superuser|\bcan\(|hasAuthority|PreAuthorize|Secured|casbin|policy";
/// Words of code that ends sessions.
const ENDS: &str = r"(?i)revok|session|refresh|logout|token_?version|invalidat|blacklist|denylist|password_?changed_?at|security_?stamp";

const fn open(files: &'static [&'static str], pattern: &'static str) -> Sign {
    Sign {
        elsewhere: r#"(?i)(?:use|group|prefix|antMatchers|requestMatchers|route)\w*\(\s*["'`]/?(?:api/)?(?:v\d/)?admin[^\n]*(?:role|admin\w*\(|require|guard|auth)"#,
        ..review(Practice::OpenRoute, files, pattern, ROLE, OPEN)
    }
}

const fn stays(files: &'static [&'static str], pattern: &'static str) -> Sign {
    inside(Practice::Logout, files, pattern, ONE_FUNCTION, ENDS, STAYS)
}

pub(super) const SIGNS: &[Sign] = &[
    open(
        &[".ts", ".js", ".mjs"],
        r#"\b(?:app|router|routes|r|server|fastify)\.(?:get|post|put|patch|delete)\(\s*["'`](?P<what>[^"'`\n]*/admin\b[^"'`\n]*)["'`]|@Controller\(\s*["'`](?P<other>/?admin\b[^"'`\n]*)["'`]"#,
    ),
    open(
        GO,
        r#"\.(?:GET|POST|PUT|PATCH|DELETE|Get|Post|Put|Patch|Delete|HandleFunc|Handle)\(\s*"(?P<what>(?:[A-Z]+ )?[^"\n]*/admin\b[^"\n]*)""#,
    ),
    open(
        PYTHON,
        r#"@\w+\.(?:get|post|put|patch|delete|route)\(\s*["'](?P<what>[^"'\n]*/admin\b[^"'\n]*)["']"#,
    ),
    open(
        JVM,
        r#"@(?:Request|Get|Post|Put|Patch|Delete)Mapping\(\s*(?:(?:value|path)\s*=\s*)?"(?P<what>[^"\n]*/admin\b[^"\n]*)""#,
    ),
    stays(
        SCRIPT,
        r#"(?m)^[ \t]*(?:async\s+)?(?P<what>(?:reset|change|update)Password\w*)\s*\([^\n]*\{\s*\n(?:[^\n]*\n){0,25}?[^\n]*(?:password\s*[:=]|UPDATE\s+\w*users?\s+SET\s+password)"#,
    ),
    stays(
        SCRIPT,
        r#"\.(?:post|put|patch)\(\s*["'`](?P<what>[^"'`\n]*(?:reset|password)[^"'`\n]*)["'`](?:[^\n]*\n){0,12}?[^\n]*(?:UPDATE\s+\w*users?\s+SET\s+password|\.password\s*=)"#,
    ),
    stays(
        GO,
        r"(?m)^func (?:\([^)\n]*\) )?(?P<what>(?:Reset|Change|Update)Password\w*)\([^\n]*(?:[cC]ontext|http\.Request|Ctx)\b[^\n]*\{\n(?:[^\n]*\n){0,40}?[^\n]*(?:\.Password(?:Hash)?\s*=|\.(?:Update|Save|Set)\w*\()",
    ),
    stays(
        PYTHON,
        r"(?m)^[ \t]*(?:async )?def (?P<what>(?:reset|change|update)_password\w*)\([^\n]*\n(?:[^\n]*\n){0,25}?[^\n]*(?:\.(?:hashed_)?password(?:_hash)?\s*=|set_password\()",
    ),
    stays(
        JVM,
        r"(?P<what>\b(?:reset|change|update)Password\w*)\([^\n;]*\{\s*\n(?:[^\n]*\n){0,25}?[^\n]*\.setPassword\w*\(",
    ),
];
