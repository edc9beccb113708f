//! Tokens whose issuer and audience no code checks.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const ANY: &str = "`{}` checks neither the issuer nor the audience of a token";

const fn any(files: &'static [&'static str], pattern: &'static str, unless: &'static str) -> Sign {
    review(Practice::TokenAudience, files, pattern, unless, ANY)
}

pub(super) const SIGNS: &[Sign] = &[
    any(
        SCRIPT,
        r"\bsuper\(\s*\{[^;]*?(?P<what>\bsecretOrKey(?:Provider)?)\b",
        r"issuer|audience",
    ),
    any(
        SCRIPT,
        r"(?P<what>\b(?:jwt|jsonwebtoken)\.verify)\(",
        r"issuer|audience|\.iss\b|\.aud\b",
    ),
    any(
        PYTHON,
        r"(?P<what>\bjwt\.decode)\(",
        r"issuer|audience|verify_signature",
    ),
    any(
        GO,
        r"(?P<what>\bjwt\.Parse(?:WithClaims)?)\(",
        r"WithIssuer|WithAudience|\.Issuer\b|\.Audience\b|VerifyIssuer|VerifyAudience",
    ),
    any(
        JVM,
        r"(?P<what>\bJwts\.parser(?:Builder)?)\(",
        r"requireIssuer|requireAudience|getIssuer|getAudience",
    ),
];
