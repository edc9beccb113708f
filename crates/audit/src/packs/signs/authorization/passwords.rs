//! Passwords and secrets: short passwords, comparisons in variable time, passwords in messages.

use super::{GO, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const SHORT: &str = "`{}` accepts passwords of fewer than eight characters";
const COMPARED: &str = "the time of `{}` depends on the number of equal characters";
const TIMING: &str = "the login of an unknown account does not call `{}…)`, so its response time reveals which accounts exist";

const fn short(
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
) -> Sign {
    review(Practice::PasswordLength, files, pattern, unless, SHORT)
}

const fn compared(
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
) -> Sign {
    review(Practice::SecretComparison, files, pattern, unless, COMPARED)
}

pub(super) const SIGNS: &[Sign] = &[
    short(
        PYTHON,
        r"(?P<what>\bpassword\w*)\s*:\s*(?:\w+\[)?(?:str|SecretStr)\]?\s*=\s*Field\((?:[^()]|\([^()]*\))*?min_length\s*=\s*[1-7]\b",
        "",
    ),
    short(
        PYTHON,
        r"class \w*(?:Create|Register|SignUp|Signup)\w*\([^)]*\):(?:\n(?:[ \t][^\n]*)?){1,25}?\n\s+(?P<what>password)\s*:\s*(?:str|SecretStr)\s*\n",
        r"(?i)validator\([^)]*password|min_length|constr",
    ),
    short(
        SCRIPT,
        r"class \w*(?i:create|register|signup)\w*(?i:dto|input|request)\b[^{]*\{(?:[^{}]|\{[^{}]*\})*?(?P<what>\bpassword)\s*[!?]?:\s*string",
        r"MinLength|IsStrongPassword|@Length\(|Matches\(",
    ),
    short(
        SCRIPT,
        r"@(?:Min)?Length\(\s*[1-7]\s*[,)][^\n]*\s*(?:(?:@|//)[^\n]*\s*){0,6}?(?:public\s+|readonly\s+)*(?P<what>\b\w*[pP]assword)\s*[!?]?:\s*string",
        r"IsStrongPassword|class \w*(?i:login|signin|sign_in)",
    ),
    short(&[".cs"], r"(?P<what>\bRequiredLength)\s*=\s*[1-7]\b", ""),
    short(
        GO,
        r#"(?m)^\s*(?P<what>Password\w*)\s+string\s+`[^`\n]*\bmin=[1-7]\b"#,
        "",
    ),
    compared(
        &[".cs"],
        r"(?P<what>\b[\w.]*(?i:secret|api_?key|signature)\w*\.(?:Equals\w*|CompareTo))\(",
        "FixedTimeEquals",
    ),
    compared(
        SCRIPT,
        r"(?P<what>\b[\w.]*(?i:api_?key|secret|signature)\w*\s*[!=]==?\s*(?:this\.|process\.env\.|config\w*\.|expected)\w*(?i:key|secret|signature)\w*)",
        "timingSafeEqual",
    ),
    compared(
        GO,
        r"(?P<what>\b\w*(?i:api_?key|secret|signature|token)\w*\s*[!=]=\s*(?:\w+\.)+\w*(?i:api_?key|api_?token|auth_?token|header_?key|internal_?(?:key|token)|service_?(?:key|token)|secret|signature)\w*)",
        r"ConstantTimeCompare|hmac\.Equal",
    ),
    compared(
        GO,
        r"(?P<what>\b\w*(?i:token|secret|key)\w*\[0\]\s*[!=]=\s*(?:\w+\.)*\w*(?i:token|secret|key)\w*|\b\w*(?i:token|otp|code|hash)\w*\s*[!=]=\s*\w+\.\w*(?:Token|OTP|Otp|ResetCode|VerificationCode)\w*)",
        r"ConstantTimeCompare|hmac\.Equal",
    ),
    compared(
        SCRIPT,
        r"(?P<what>\b(?:token|otp|code|refreshToken)\s*[!=]==?\s*\w+\.\w*(?:[tT]oken|[oO]tp|[cC]ode)\w*)",
        "timingSafeEqual|statusCode|errorCode|zipCode|countryCode",
    ),
    compared(
        PYTHON,
        r"(?P<what>\b\w*(?i:api_?key|secret|signature)\w*\s*[!=]=\s*(?:settings|config|self|os\.environ|expected)\b[^\n:]*)",
        "compare_digest",
    ),
    compared(
        &[".rs"],
        r"(?P<what>\b\w*(?:api_?key|secret|signature)\w*\s*[!=]=\s*&?(?:self|config|settings|state|expected)\b[\w.]*)",
        r"constant_time|ct_eq|subtle|verify_slice",
    ),
    review(
        Practice::AccountEnumeration,
        PYTHON,
        r"\bif not \w+ or not (?P<what>(?:await )?[\w.]*(?:verify|valid|check)\w*\()",
        r"(?i)dummy|fake_hash",
        TIMING,
    ),
    review(
        Practice::AccountEnumeration,
        SCRIPT,
        r"\bif\s*\(\s*!\w+\s*\|\|\s*!\(?\s*(?P<what>await\s+[\w.]*(?i:compare|verify)\w*\()",
        r"(?i)dummy|fakeHash",
        TIMING,
    ),
    review(
        Practice::PlainPassword,
        SCRIPT,
        r"\.(?:emit|publish|produce|sendToQueue)\([^;]{0,200}?(?P<what>\bpassword:\s*[\w.]*password)\b",
        "",
        "a message to the broker contains the password as plain text (`{}`)",
    ),
];
