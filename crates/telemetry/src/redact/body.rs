//! Bodies of requests and responses, for logs that must show one.

use std::borrow::Cow;

use serde_json::Value;

use super::{
    MASK, is_sensitive_name,
    name::{is, words},
    redact,
};

/// The maximum size of a body that is shown, in bytes.
const MAX_SIZE: usize = 64 * 1024;
/// Words of names whose values are personal data.
const PERSONAL_WORDS: [&[u8]; 32] = [
    b"email",
    b"emailaddress",
    b"mail",
    b"phone",
    b"phonenumber",
    b"mobile",
    b"address",
    b"street",
    b"city",
    b"zip",
    b"zipcode",
    b"postal",
    b"postalcode",
    b"postcode",
    b"birth",
    b"birthdate",
    b"birthday",
    b"dob",
    b"ssn",
    b"nir",
    b"iban",
    b"card",
    b"cardnumber",
    b"passport",
    b"firstname",
    b"lastname",
    b"fullname",
    b"surname",
    b"forename",
    b"givenname",
    b"familyname",
    b"msisdn",
];
/// Pairs of words of names whose values are personal data.
const PERSONAL_PAIRS: [(&[u8], &[u8]); 6] = [
    (b"first", b"name"),
    (b"last", b"name"),
    (b"full", b"name"),
    (b"given", b"name"),
    (b"family", b"name"),
    (b"post", b"code"),
];

/// Returns a JSON or form body with the values of sensitive and personal names masked, and with
/// [`redact`] applied to all other values. For any other body, returns only its size.
///
/// ```
/// use seaworthy_telemetry::redact::redact_body;
///
/// let body = br#"{"email":"ada@example.org","note":"card 4111111111111111","order":7}"#;
/// assert_eq!(
///     redact_body("application/json", body),
///     r#"{"email":"***","note":"card ***","order":7}"#
/// );
/// assert_eq!(
///     redact_body("image/png", &[0x89, 0x50]),
///     "[2 bytes of another type]"
/// );
/// ```
#[must_use]
pub fn redact_body(media_type: &str, body: &[u8]) -> String {
    let kind = media_type.split(';').next().unwrap_or_default().trim();
    let kind = kind.to_ascii_lowercase();
    let is_json = kind == "application/json" || kind.ends_with("+json");
    let is_form = kind == "application/x-www-form-urlencoded";
    let size = body.len();
    let shown = match str::from_utf8(body) {
        Ok(_) if size > MAX_SIZE => return format!("[{size} bytes, too large to show]"),
        Ok(text) if is_json => json(text),
        Ok(text) if is_form => Some(form(text)),
        _ if is_json || is_form => None,
        _ => return format!("[{size} bytes of another type]"),
    };
    shown.unwrap_or_else(|| format!("[{size} bytes, malformed]"))
}

fn is_masked(name: &str) -> bool {
    let mut before: &[u8] = b"";
    let mut is_personal = |word| {
        let is_pair = |(first, second): &(&[u8], &[u8])| is(before, first) && is(word, second);
        let is_personal = PERSONAL_WORDS.iter().any(|known| is(word, known))
            || PERSONAL_PAIRS.iter().any(is_pair);
        before = word;
        is_personal
    };
    is_sensitive_name(name) || words(name).any(&mut is_personal)
}

fn json(text: &str) -> Option<String> {
    let mut value = serde_json::from_str(text).ok()?;
    mask(&mut value);
    serde_json::to_string(&value).ok()
}

/// The parser bounds the depth: it rejects more than 128 levels.
fn mask(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(masked) = redact(text) {
                *text = masked;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Object(members) => {
            let all = std::mem::take(members);
            for (name, mut member) in all {
                if is_masked(&name) {
                    member = MASK.into();
                } else {
                    mask(&mut member);
                }
                // A name may be personal itself, as in a map from e-mail addresses to accounts.
                members.insert(redact(&name).into_owned(), member);
            }
        }
        // A number may be a card number.
        Value::Number(number) => {
            let text = number.to_string();
            if let Cow::Owned(masked) = redact(&text) {
                *value = masked.into();
            }
        }
        Value::Bool(_) | Value::Null => {}
    }
}

fn form(text: &str) -> String {
    let fields = text.split('&').map(|field| {
        let (name, value) = field.split_once('=').unwrap_or((field, ""));
        let read = |text: &str| {
            let mut bytes = Vec::with_capacity(text.len());
            let mut rest = text.bytes();
            while let Some(byte) = rest.next() {
                bytes.push(match byte {
                    b'+' => b' ',
                    b'%' => {
                        let digits = [rest.next()?, rest.next()?];
                        u8::from_str_radix(str::from_utf8(&digits).ok()?, 16).ok()?
                    }
                    byte => byte,
                });
            }
            String::from_utf8(bytes).ok()
        };
        match (read(name), read(value)) {
            (Some(name), Some(_)) if is_masked(&name) => format!("{}={MASK}", redact(&name)),
            (Some(name), Some(value)) => format!("{}={}", redact(&name), redact(&value)),
            // A malformed escape may hide anything.
            _ => MASK.to_owned(),
        }
    });
    fields.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn masks_values_by_name_and_by_format_obs_3() {
        for (kind, body, shown) in [
            (
                "application/json",
                r#"{"password":"hunter2"}"#,
                r#"{"password":"***"}"#,
            ),
            (
                "application/json; charset=utf-8",
                r#"{"user":{"phoneNumber":"1"}}"#,
                r#"{"user":{"phoneNumber":"***"}}"#,
            ),
            (
                "application/problem+json",
                r#"{"detail":"ada@example.org is taken"}"#,
                r#"{"detail":"*** is taken"}"#,
            ),
            (
                "application/json",
                r#"{"from":"203.0.113.7","homeStreet":"x","postcode":"75002","zipCode":1}"#,
                r#"{"from":"***","homeStreet":"***","postcode":"***","zipCode":"***"}"#,
            ),
            (
                "application/x-www-form-urlencoded",
                "from=2001%3Adb8%3A%3A7&postCode=1",
                "from=***&postCode=***",
            ),
            (
                "application/json",
                r#"{"token":{"value":"a","parts":["b"]}}"#,
                r#"{"token":"***"}"#,
            ),
            (
                "application/json",
                r#"[{"n":4111111111111111}]"#,
                r#"[{"n":"***"}]"#,
            ),
            (
                "application/json",
                r#"{"ada@example.org":1}"#,
                r#"{"***":1}"#,
            ),
            ("application/json", r#""ada@example.org""#, r#""***""#),
            (
                "application/json",
                r#"{"a":1,"b":[true,null,"x"]}"#,
                r#"{"a":1,"b":[true,null,"x"]}"#,
            ),
            (
                "application/x-www-form-urlencoded",
                "a=1&pass%77ord=hunter2",
                "a=1&password=***",
            ),
            (
                "application/x-www-form-urlencoded",
                "to=ada%40example.org&x=y+z",
                "to=***&x=y z",
            ),
            ("application/x-www-form-urlencoded", "a=%zz&b=1", "***&b=1"),
            (
                "application/json",
                r#"{"capacity":7,"cardinality":2,"mailing":true,"zipped":1}"#,
                r#"{"capacity":7,"cardinality":2,"mailing":true,"zipped":1}"#,
            ),
            (
                "application/json",
                r#"{"home_city":"Berlin","firstName":"Ada","last-name":"L","card_number":"1"}"#,
                r#"{"home_city":"***","firstName":"***","last-name":"***","card_number":"***"}"#,
            ),
        ] {
            assert_eq!(redact_body(kind, body.as_bytes()), shown, "{body}");
        }
    }

    #[test]
    fn shows_only_the_size_of_unreadable_bodies_obs_3() {
        for (kind, body) in [
            ("application/json", &b"{\"password\":\"hunter2\""[..]),
            ("application/json", b"password=hunter2"),
            ("application/json", b"\xff\"hunter2\""),
            ("text/plain", b"hunter2"),
            ("multipart/form-data", b"hunter2"),
            ("", b"hunter2"),
        ] {
            let shown = redact_body(kind, body);
            assert!(
                shown.starts_with('[') && !shown.contains("hunter2"),
                "{shown}"
            );
        }
        let large = format!("\"{}\"", "a".repeat(MAX_SIZE));
        assert_eq!(
            redact_body("application/json", large.as_bytes()),
            "[65538 bytes, too large to show]"
        );
        let deep = "[".repeat(10_000);
        assert_eq!(
            redact_body("application/json", deep.as_bytes()),
            "[10000 bytes, malformed]"
        );
    }

    proptest! {
        #[test]
        fn masks_secrets_at_every_depth_obs_3(name in "[a-zA-Z_-]{0,8}", before in "\\PC{0,20}", depth in 0_usize..20) {
            let planted = serde_json::json!({ "x": before, format!("{name}_password"): ["canary-7319"] });
            let nested = (0..depth).fold(planted, |inner, _| serde_json::json!([{ "y": inner }]));
            let shown = redact_body("application/json", nested.to_string().as_bytes());
            prop_assert!(!shown.contains("canary"), "{}", shown);
        }

        #[test]
        fn accepts_every_body_obs_3(body in prop::collection::vec(any::<u8>(), 0..200)) {
            for kind in ["application/json", "application/x-www-form-urlencoded", "text/plain"] {
                let _ = redact_body(kind, &body);
            }
        }
    }
}
