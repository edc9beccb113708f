use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// Words of names whose values are masked. They match a word of a name, or the end of one as in
/// `dbpassword`.
const WORDS: [&[u8]; 27] = [
    b"password",
    b"passwd",
    b"pwd",
    b"passphrase",
    b"secret",
    b"token",
    b"authorization",
    b"cookie",
    b"credential",
    b"apikey",
    b"privatekey",
    b"accesskey",
    b"accountkey",
    b"authkey",
    b"signingkey",
    b"encryptionkey",
    b"masterkey",
    b"subscriptionkey",
    b"sessionid",
    b"cvv",
    b"msisdn",
    b"otpcode",
    b"pincode",
    b"verificationcode",
    b"recoverycode",
    b"securitycode",
    b"phonenumber",
];
/// Pairs of words of names whose values are masked.
const PAIRS: [(&[u8], &[u8]); 19] = [
    (b"pass", b"word"),
    (b"pass", b"phrase"),
    (b"api", b"key"),
    (b"private", b"key"),
    (b"access", b"key"),
    (b"account", b"key"),
    (b"auth", b"key"),
    (b"signing", b"key"),
    (b"encryption", b"key"),
    (b"master", b"key"),
    (b"subscription", b"key"),
    (b"session", b"id"),
    (b"otp", b"code"),
    (b"totp", b"code"),
    (b"pin", b"code"),
    (b"verification", b"code"),
    (b"recovery", b"code"),
    (b"security", b"code"),
    (b"phone", b"number"),
];
/// Words that make a name sensitive as its last word. Elsewhere they occur in harmless names,
/// such as `session_count` and `signature_algorithm`.
const LAST_WORDS: [&[u8]; 14] = [
    b"pass",
    b"otp",
    b"totp",
    b"hotp",
    b"pin",
    b"cvc",
    b"session",
    b"signature",
    b"jwt",
    b"phone",
    b"telephone",
    b"iban",
    b"ssn",
    b"passport",
];
/// Substrings of every sensitive name. Few other names have one, so most names are decided in one
/// pass.
const HINTS: [&str; 23] = [
    "pass",
    "pwd",
    "secret",
    "token",
    "authori",
    "cookie",
    "creden",
    "key",
    "session",
    "cvv",
    "msisdn",
    "otp",
    "pin",
    "cvc",
    "verification",
    "recovery",
    "security",
    "signature",
    "jwt",
    "phone",
    "iban",
    "ssn",
    "word",
];

static HINT: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .prefilter(false)
        .build(HINTS)
        .ok()
});

/// Whether the value of a field with this name is masked, such as `password`, `x-api-key` or
/// `sessionId`.
///
/// Whole words of the name are compared, in any case and with any separators. So `capacity` does
/// not match `city`.
///
/// ```
/// use seaworthy_telemetry::redact::is_sensitive_name;
///
/// assert!(is_sensitive_name("refreshToken"));
/// assert!(!is_sensitive_name("tokenizer"));
/// ```
#[must_use]
pub fn is_sensitive_name(name: &str) -> bool {
    // The constant list is valid, so the build succeeds. Without it every name would use the slow
    // path.
    let has_hint = HINT.as_ref().is_none_or(|hint| hint.is_match(name));
    has_hint && has_sensitive_words(name)
}

fn has_sensitive_words(name: &str) -> bool {
    if name.eq_ignore_ascii_case("key") {
        return true;
    }
    let mut before: &[u8] = b"";
    for word in words(name) {
        let is_pair = |(first, second): &(&[u8], &[u8])| is(before, first) && is(word, second);
        if WORDS.iter().any(|known| ends_with(word, known)) || PAIRS.iter().any(is_pair) {
            return true;
        }
        before = word;
    }
    LAST_WORDS.iter().any(|known| is(before, known))
}

/// The words of a name: separated by punctuation and digits, and in camel case.
pub(super) fn words(name: &str) -> impl Iterator<Item = &[u8]> {
    let mut rest = name.as_bytes();
    std::iter::from_fn(move || {
        let start = rest.iter().position(u8::is_ascii_alphabetic)?;
        rest = rest.get(start..)?;
        let boundary = rest.array_windows().position(|[left, right]| {
            !right.is_ascii_alphabetic() || left.is_ascii_lowercase() && right.is_ascii_uppercase()
        });
        // An acronym ends before the capital of the next word, as in `APIKey`.
        let capitals = rest.iter().take_while(|byte| byte.is_ascii_uppercase());
        let capitals = capitals.count();
        let is_acronym = rest.get(capitals).is_some_and(u8::is_ascii_lowercase);
        let end = match boundary.map_or(rest.len(), |before| before + 1) {
            end if capitals > 1 && is_acronym => end.min(capitals - 1),
            end => end,
        };
        let (word, others) = rest.split_at_checked(end)?;
        rest = others;
        Some(word)
    })
}

/// Whether a word is the known one, or its plural.
pub(super) fn is(word: &[u8], known: &[u8]) -> bool {
    let singular = word.strip_suffix(b"s").unwrap_or(word);
    word.eq_ignore_ascii_case(known) || singular.eq_ignore_ascii_case(known)
}

fn ends_with(word: &[u8], known: &[u8]) -> bool {
    let end = |word: &[u8]| {
        let start = word.len().checked_sub(known.len());
        start
            .and_then(|start| word.get(start..))
            .is_some_and(|end| end.eq_ignore_ascii_case(known))
    };
    end(word) || word.strip_suffix(b"s").is_some_and(end)
}

/// Whether the value of this header is the rest of its line: it may have blanks and separators.
pub(super) fn is_whole_header(name: &str) -> bool {
    words(name).any(|word| ends_with(word, b"authorization") || ends_with(word, b"cookie"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognizes_sensitive_names_obs_3() {
        for name in [
            "password",
            "Authorization",
            "x-api-key",
            "db_password",
            "dbpassword",
            "refreshToken",
            "set-cookie",
            "pwd",
            "pass",
            "db_pass",
            "key",
            "Key",
            "SharedAccessKey",
            "APIKey",
            "dbPass",
            "otp",
            "sms_otp",
            "x-signature",
            "idJwt",
            "Ocp-Apim-Subscription-Key",
            "tokens",
            "phone",
            "customer_phone",
            "phone_number",
            "telephone",
            "totp",
            "totp_code",
            "otpCode",
            "recovery_codes",
            "card_pin",
            "cvc",
        ] {
            assert!(is_sensitive_name(name), "{name}");
        }
        for name in [
            "user",
            "path",
            "status",
            "duration_ms",
            "author",
            "compass",
            "cache_key",
            "keys",
            "passed",
            "footprint",
            "hotpath",
            "bypass",
            "secretary",
            "tokenizer",
            "session_count",
            "signature_algorithm",
            "keyword",
            "ping",
            "pin_count",
            "status_code",
            "microphone",
            "recovery_seconds",
        ] {
            assert!(!is_sensitive_name(name), "{name}");
        }
    }

    /// Returns a name in the notations of programs, headers and JSON.
    fn notations(words: &[&str]) -> Vec<String> {
        let capital = |word: &str| {
            let (first, rest) = word.split_at(1);
            first.to_uppercase() + rest
        };
        let pascal: String = words.iter().map(|word| capital(word)).collect();
        let camel = [words[0], &pascal[words[0].len()..]].concat();
        let train: Vec<_> = words.iter().map(|word| capital(word)).collect();
        vec![
            words.join("_"),
            words.join("-"),
            words.join("."),
            words.join(" "),
            words.concat(),
            words.join("_").to_uppercase(),
            train.join("-"),
            format!("x-{}", words.join("-")),
            format!("app.{}", words.join("_")),
            format!("{}_2", words.join("_")),
            camel,
            pascal,
        ]
    }

    #[test]
    fn recognizes_sensitive_names_in_every_notation_obs_3() {
        for (first, second) in PAIRS
            .map(|(first, second)| {
                (
                    str::from_utf8(first).unwrap(),
                    str::from_utf8(second).unwrap(),
                )
            })
            .into_iter()
            .chain([("refresh", "token"), ("client", "secret")])
        {
            for name in notations(&[first, second]) {
                assert!(is_sensitive_name(&name), "{name}");
            }
        }
    }

    #[test]
    fn sensitive_words_have_a_hint_obs_3() {
        let pairs = PAIRS.map(|(first, second)| [first, second].concat());
        let words = WORDS.iter().chain(&LAST_WORDS).map(|word| word.to_vec());
        for word in words.chain(pairs) {
            let word = String::from_utf8(word).unwrap();
            assert!(is_sensitive_name(&word), "{word}");
        }
    }
}
