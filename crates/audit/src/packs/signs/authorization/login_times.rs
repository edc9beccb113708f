//! Logins whose response time reveals which accounts exist.

use super::{GO, JVM, ONE_FUNCTION, PYTHON, SCRIPT, Sign, inside};
use crate::model::facts::Practice;

const TIMING: &str = "`{}` ends the login of an unknown account before a password is hashed, so its response time reveals which accounts exist";
const SAME_TIME: &str = r"(?i)dummy|fake_?hash|constant_?time";

const fn early(files: &'static [&'static str], pattern: &'static str) -> Sign {
    inside(
        Practice::AccountEnumeration,
        files,
        pattern,
        ONE_FUNCTION,
        SAME_TIME,
        TIMING,
    )
}

pub(super) const SIGNS: &[Sign] = &[
    early(
        PYTHON,
        r"(?P<what>\bif (?:not \w*(?i:user|account|member|customer)\w*|\w*(?i:user|account|member|customer)\w* is None):)\s*\n\s*(?:\w+[^\n]*\n\s*)?(?:raise|return)\b[\s\S]{0,400}?\b(?:\w+\.)?(?:verify(?:_?(?:pass|pw|hash)\w*)?|check_?password\w*|checkpw|authenticate_\w+)\(",
    ),
    early(
        SCRIPT,
        r"\bif\s*\(\s*(?P<what>!\w*(?i:user|account|member|customer)\w*)\s*\)\s*\{?\s*(?:throw|return)\b[\s\S]{0,400}?\b(?:bcrypt|bcryptjs|argon2?)\.(?:compare|verify)\w*\(",
    ),
    early(
        GO,
        r"(?P<what>if err != nil) \{[^{}]*return[^{}]*\}[^{}]{0,300}?\bbcrypt\.CompareHashAndPassword\(",
    ),
    early(
        JVM,
        r"(?P<what>\.orElseThrow)\([\s\S]{0,400}?\b\w*(?i:encoder|bcrypt)\w*\.matches\(",
    ),
];
