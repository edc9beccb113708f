//! One-time codes: their source, their comparison, and what happens after their use.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

/// Words of a function that makes a code or a secret.
const CODES: &str = r"(?i)\botp|_otp|otp\b|one_?time|passcode|verif\w*_?code|reset_?code|activation_?code|gift_?code|voucher|coupon|api_?key|invite";
/// Code that compares in constant time.
const CONSTANT: &str =
    r"timingSafeEqual|ConstantTimeCompare|compare_digest|hmac\.Equal|MessageDigest\.isEqual|bcrypt";
/// Code that counts attempts.
const COUNTED: &str = r"(?i)attempt|rate_?-?limit|throttl|limiter|lockout|max_?tries";
/// Code that deletes or invalidates a one-time code.
const ENDED: &str = r"(?i)\bdel\w*\(|\.del\w*\(|remove|invalidate|consume|getdel|\bused|mark\w*\(|expire\w*\s*=|= ?null|= ?nil\b|unset";
/// A comparison of a stored code with the one of the caller.
const COMPARED: &str = r"(?P<what>\b(?:\w+\.)*\w*(?i:otp|passcode|verification_?code|reset_?code|activation_?code)\w*\s*(?:===?|!==?)\s*(?:\w+\.)*\w*(?i:otp|code)\w*)";
const COMPARED_JVM: &str = r"(?P<what>\b\w*(?i:otp|passcode|verificationCode|resetCode|activationCode)\w*(?:\(\))?\.equals\()";
const GO_SOURCE: &str =
    r"(?P<what>\brand\.(?:Intn|IntN|Int31n?|Int63n?|Int64N|Perm|Float64|Uint32|Uint64|Int\(\)))";
const SCRIPT_SOURCE: &str = r"(?P<what>\bMath\.random\(\))";
const PYTHON_SOURCE: &str =
    r"(?P<what>\brandom\.(?:randint|choices?|randrange|sample|getrandbits)\()";

const fn predictable(files: &'static [&'static str], pattern: &'static str) -> Sign {
    inside(
        Practice::WeakRandom,
        files,
        pattern,
        CODES,
        r"(?i)jitter|backoff|SystemRandom|secrets\.",
        "`{}` creates a code that an attacker can predict",
    )
}

const fn compared(files: &'static [&'static str], pattern: &'static str) -> [Sign; 3] {
    [
        inside(
            Practice::SecretComparison,
            files,
            pattern,
            r"\w",
            CONSTANT,
            "`{}` does not compare the code in constant time",
        ),
        Sign {
            elsewhere: COUNTED,
            ..review(
                Practice::LoginLimit,
                files,
                pattern,
                "",
                "no limiter counts the attempts to guess a code (`{}`)",
            )
        },
        inside(
            Practice::Logout,
            files,
            pattern,
            r"\w",
            ENDED,
            "a one-time code stays valid after its use (`{}`)",
        ),
    ]
}

const GO_CODES: [Sign; 3] = compared(GO, COMPARED);
const SCRIPT_CODES: [Sign; 3] = compared(SCRIPT, COMPARED);
const PYTHON_CODES: [Sign; 3] = compared(PYTHON, COMPARED);
const JVM_CODES: [Sign; 3] = compared(JVM, COMPARED_JVM);

pub(super) const SIGNS: &[Sign] = &[
    predictable(GO, GO_SOURCE),
    predictable(SCRIPT, SCRIPT_SOURCE),
    predictable(PYTHON, PYTHON_SOURCE),
    GO_CODES[0],
    GO_CODES[1],
    GO_CODES[2],
    SCRIPT_CODES[0],
    SCRIPT_CODES[1],
    SCRIPT_CODES[2],
    PYTHON_CODES[0],
    PYTHON_CODES[1],
    PYTHON_CODES[2],
    JVM_CODES[0],
    JVM_CODES[1],
    JVM_CODES[2],
];
