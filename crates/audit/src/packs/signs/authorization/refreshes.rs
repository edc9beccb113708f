//! Refresh tokens that no code stores, replaces or revokes.

use super::{GO, JVM, SCRIPT, Sign, inside};
use crate::model::facts::Practice;

/// Code that knows the issued token, or that replaces it.
const STORED: &str = r"(?i)revoke|blacklist|denylist|rotat|(?:token|session)\w*(?:repo\w*|store|model|service)\w*\.|\bfind\w*token|token\w*\.(?:find|save|update|delete)|redis|cache|\.del\(|compare\w*\(|hash|jti|token_?version|getRefreshToken\(\)|\.refreshToken\s*[!=]==|validateRefreshToken|save\w*token|store\w*token|update\w*token";
const TRUSTED: &str = "`{}` trusts the signature of the refresh token, so no one can revoke it or detect a second use";

const fn trusted(files: &'static [&'static str], pattern: &'static str) -> Sign {
    inside(Practice::Logout, files, pattern, ONE, STORED, TRUSTED)
}

/// A match that leaves its function does not count.
const ONE: &str = super::ONE_FUNCTION;

pub(super) const SIGNS: &[Sign] = &[
    trusted(
        SCRIPT,
        r"(?m)^[ \t]*(?:export\s+)?(?:public\s+)?(?:async\s+)?(?:function\s+|const\s+)?(?P<what>refresh\w*)(?:\s*=\s*(?:async\s*)?)?\((?:[^{]|\{[^{}]*\}\))*\{[\s\S]{0,600}?\.verify(?:Async)?(?:<[^>\n]*>)?\([\s\S]{0,900}?(?:\.sign(?:Async)?\(|[gG]enerate\w*[tT]okens?\w*\(|create\w*Tokens?\()",
    ),
    trusted(
        JVM,
        r"(?:public|fun) [\w<>?]*\s*(?P<what>refresh\w*)\([^)]*\)[^{]*\{[\s\S]{0,600}?(?:parseClaimsJws|parseSignedClaims|validateToken|isTokenValid|extract\w+|\.verify)\([\s\S]{0,900}?(?:Jwts\.builder|generate\w*Token|create\w*Token)\w*\(",
    ),
    trusted(
        GO,
        r"(?m)^func (?:\([^)\n]*\) )?(?P<what>\w*Refresh\w*)\([^\n]*\{\n[\s\S]{0,700}?(?:jwt\.Parse\w*|(?i:validate|verify|parse)\w*Token)\([\s\S]{0,900}?(?:SignedString|(?i:generate|create|issue|sign|new)\w*Token\w*)\(",
    ),
];
