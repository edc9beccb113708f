//! A logout that ends no session: it answers, and the tokens of the user stay valid.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const NOTHING: &str = "`{}` ends no session and revokes no token";

const fn logout(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::Logout, files, pattern, "", NOTHING)
}

pub(super) const SIGNS: &[Sign] = &[
    logout(
        SCRIPT,
        r"(?m)^[ \t]*(?:export\s+)?(?:public\s+)?(?:async\s+)?(?:const\s+|function\s+)?(?P<what>(?:logout|logOut|signOut|signout)\w*)\s*(?:=\s*(?:async\s*)?)?\([^\n]*(?:=>\s*)?\{\s*\n(?:\s*(?://[^\n]*|[\w.]*(?i:log|console)[\w.]*\([^\n]*\);?)\n)*\s*return\s+(?:\{[^{}]*\}|true|res\.[^\n;]*|[^\n;(]*)\s*;?\s*\n\s*\}",
    ),
    logout(
        GO,
        r"(?m)^func (?:\([^)\n]*\) )?(?P<what>\w*(?:Logout|LogOut|SignOut)\w*)\([^\n]*\{\n(?:[ \t]*(?://[^\n]*|[\w.]*(?i:log|print)[\w.]*\([^\n]*)\n)*[ \t]*(?:return (?:nil|&[^\n]*)|c\.JSON\([^\n]*|w\.WriteHeader\([^\n]*|json\.NewEncoder\(w\)[^\n]*|return c\.[^\n]*)\n\}",
    ),
    logout(
        PYTHON,
        r"(?m)^[ \t]*(?:async )?def (?P<what>(?:logout|log_out|sign_out|signout)\w*)\([^\n]*\)[^\n]*:\n(?:[ \t]*(?:#[^\n]*|\x22\x22\x22[^\n]*\x22\x22\x22|[\w.]*(?i:log|print)[\w.]*\([^\n]*)\n)*[ \t]+return (?:\{[^\n]*\}|JSONResponse\([^\n]*|jsonify\([^\n]*)\s*(?:\n|\z)",
    ),
    logout(
        JVM,
        r"(?P<what>\b(?:logout|logOut|signOut)\w*)\([^\n;]*\)\s*\{\s*\n(?:\s*(?://[^\n]*|log\w*\.[^\n]*)\n)*\s*return ResponseEntity\.(?:ok|noContent)[^\n]*;\s*\n\s*\}",
    ),
];
