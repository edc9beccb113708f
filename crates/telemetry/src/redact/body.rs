//! Bodies of requests and answers, for the rare log that shows one.

use std::borrow::Cow;

use serde_json::Value;

use super::{MASK, is_sensitive_name, name::compact, redact};

/// A body that is larger is not read for a log.
const LARGEST: usize = 64 * 1024;
/// Parts of names, in the form of [`compact`], whose values are personal data. Secrets have a
/// separate list.
const PERSONAL: [&str; 19] = [
    "email",
    "mail",
    "phone",
    "mobile",
    "address",
    "street",
    "city",
    "zip",
    "postal",
    "postcode",
    "birth",
    "ssn",
    "nir",
    "iban",
    "card",
    "passport",
    "firstname",
    "lastname",
    "fullname",
];

/// A body as a log may show it: values of names that are of secrets or of persons are masked whole, with all that is in them, and shapes are masked in all others. What is no JSON and no
/// form, is too large or cannot be read is not shown at all; only its size is told.
///
/// ```
/// use seaworthy_telemetry::redact::redact_body;
///
/// let body = br#"{"email":"ada@example.org","note":"card 4111111111111111","order":7}"#;
/// assert_eq!(
///     redact_body("application/json", body),
///     r#"{"email":"***","note":"card ***","order":7}"#
/// );
/// assert_eq!(redact_body("image/png", &[0x89, 0x50]), "[2 bytes of another kind]");
/// ```
#[must_use]
pub fn redact_body(media_type: &str, body: &[u8]) -> String {
    let kind = media_type.split(';').next().unwrap_or_default().trim();
    let kind = kind.to_ascii_lowercase();
    let is_json = kind == "application/json" || kind.ends_with("+json");
    let is_form = kind == "application/x-www-form-urlencoded";
    let shown = match str::from_utf8(body) {
        Ok(_) if body.len() > LARGEST => {
            return format!("[{} bytes, too many to show]", body.len());
        }
        Ok(text) if is_json => json(text),
        Ok(text) if is_form => Some(form(text)),
        _ => return format!("[{} bytes of another kind]", body.len()),
    };
    shown.unwrap_or_else(|| format!("[{} bytes that cannot be read]", body.len()))
}

fn is_masked(name: &str) -> bool {
    let is_personal = |name: &[u8]| {
        let lower = name.to_ascii_lowercase();
        let contains = |part: &&str| lower.windows(part.len()).any(|it| it == part.as_bytes());
        PERSONAL.iter().any(contains)
    };
    is_sensitive_name(name) || compact(name, is_personal)
}

fn json(text: &str) -> Option<String> {
    let mut value = serde_json::from_str(text).ok()?;
    mask(&mut value);
    serde_json::to_string(&value).ok()
}

/// The depth is bounded by the parser, which refuses more than 128 levels.
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
                // A name may be personal itself, as where accounts are listed by their addresses.
                members.insert(redact(&name).into_owned(), member);
            }
        }
        // A number may be a card's.
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
            // An escape that cannot be read may hide anything.
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
    fn values_are_masked_by_their_names_and_by_their_shapes_obs_3() {
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
                "to=12+rue+de+la+Paix%2C+75002+Paris&from=2001%3Adb8%3A%3A7",
                "to=***&from=***",
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
        ] {
            assert_eq!(redact_body(kind, body.as_bytes()), shown, "{body}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_shown_obs_3() {
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
        let large = format!("\"{}\"", "a".repeat(LARGEST));
        assert_eq!(
            redact_body("application/json", large.as_bytes()),
            "[65538 bytes, too many to show]"
        );
        let deep = "[".repeat(10_000);
        assert_eq!(
            redact_body("application/json", deep.as_bytes()),
            "[10000 bytes that cannot be read]"
        );
    }

    proptest! {
        #[test]
        fn a_planted_secret_never_comes_out_obs_3(name in "[a-zA-Z_-]{0,8}", before in "\\PC{0,20}", depth in 0_usize..20) {
            let planted = serde_json::json!({ "x": before, format!("{name}_password"): ["canary-7319"] });
            let nested = (0..depth).fold(planted, |inner, _| serde_json::json!([{ "y": inner }]));
            let shown = redact_body("application/json", nested.to_string().as_bytes());
            prop_assert!(!shown.contains("canary"), "{}", shown);
        }

        #[test]
        fn no_body_breaks_the_filter_obs_3(body in prop::collection::vec(any::<u8>(), 0..200)) {
            for kind in ["application/json", "application/x-www-form-urlencoded", "text/plain"] {
                let _ = redact_body(kind, &body);
            }
        }
    }
}
