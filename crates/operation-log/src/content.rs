//! The redacted content of a request.

use prost_reflect::{DynamicMessage, MapKey, MessageDescriptor, Value};
use seaworthy_telemetry::redact::is_sensitive_name;
use serde_json::{Map, Value as Json};

use crate::mask::{Kind, REDACTED, words};

/// The prefix of a gRPC message: whether it is compressed, and its length.
const GRPC_PREFIX: usize = 5;
/// The words before `code` in the names of secrets. Other codes, such as `postal_code`, are none.
const SECRET_CODES: [&str; 14] = [
    "access",
    "auth",
    "authorization",
    "backup",
    "captcha",
    "confirmation",
    "login",
    "otp",
    "pin",
    "recovery",
    "reset",
    "security",
    "totp",
    "verification",
];

/// Returns the redacted JSON of a JSON body. `None` if it is not JSON.
pub(crate) fn of_json(body: &[u8], max: usize) -> Option<String> {
    let value: Json = serde_json::from_slice(body).ok()?;
    Some(of_value(value, max))
}

/// Returns the redacted JSON of a gRPC body with one message. `None` if it cannot be read.
pub(crate) fn of_grpc(body: &[u8], message: MessageDescriptor, max: usize) -> Option<String> {
    let (prefix, message_bytes) = body.split_at_checked(GRPC_PREFIX)?;
    if prefix.first() != Some(&0) {
        return None;
    }
    let message = DynamicMessage::decode(message, message_bytes).ok()?;
    Some(of_value(json_of(&message), max))
}

/// Returns the redacted text of a value.
pub(crate) fn of_value(mut value: Json, max: usize) -> String {
    redact("", &mut value);
    cut(value.to_string(), max)
}

/// Truncates a text to a number of bytes.
pub(crate) fn cut(mut text: String, max: usize) -> String {
    if text.len() > max {
        text.truncate(text.floor_char_boundary(max));
        text.push('…');
    }
    text
}

fn redact(name: &str, value: &mut Json) {
    match value {
        Json::Null | Json::Bool(_) => {}
        Json::String(text) if text.is_empty() => {}
        // Before objects and lists, whose members have names of their own.
        _ if is_secret(name) => *value = REDACTED.into(),
        Json::Object(members) => {
            for (name, member) in members {
                redact(name, member);
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| redact(name, item)),
        Json::String(text) => {
            let masked = match Kind::of_name(name) {
                Some(kind) => kind.mask(text),
                None => crate::mask::mask_found(text).into_owned(),
            };
            *text = masked;
        }
        Json::Number(number) => {
            let text = number.to_string();
            if let Some(kind) = Kind::of_name(name).or_else(|| Kind::of_value(&text)) {
                *value = kind.mask(&text).into();
            }
        }
    }
}

/// Returns whether the name of a field marks a secret.
fn is_secret(name: &str) -> bool {
    if is_sensitive_name(name) {
        return true;
    }
    let words = words(name);
    let (last, before) = match words.as_slice() {
        [.., before, last] => (last.as_str(), Some(before.as_str())),
        [last] => (last.as_str(), None),
        [] => return false,
    };
    matches!(last, "code" | "codes") && before.is_none_or(|before| SECRET_CODES.contains(&before))
}

fn json_of(message: &DynamicMessage) -> Json {
    let fields = message.fields();
    let members = fields.map(|(field, value)| (field.name().to_owned(), json_value(value)));
    Json::Object(members.collect::<Map<_, _>>())
}

fn json_value(value: &Value) -> Json {
    match value {
        Value::Bool(value) => (*value).into(),
        Value::I32(value) | Value::EnumNumber(value) => (*value).into(),
        Value::I64(value) => (*value).into(),
        Value::U32(value) => (*value).into(),
        Value::U64(value) => (*value).into(),
        Value::F32(value) => (*value).into(),
        Value::F64(value) => (*value).into(),
        Value::String(text) => text.as_str().into(),
        Value::Bytes(bytes) => format!("{} bytes", bytes.len()).into(),
        Value::Message(message) => json_of(message),
        Value::List(items) => items.iter().map(json_value).collect(),
        Value::Map(entries) => {
            let members = entries
                .iter()
                .map(|(key, value)| (key_text(key), json_value(value)));
            Json::Object(members.collect())
        }
    }
}

fn key_text(key: &MapKey) -> String {
    match key {
        MapKey::Bool(key) => key.to_string(),
        MapKey::I32(key) => key.to_string(),
        MapKey::I64(key) => key.to_string(),
        MapKey::U32(key) => key.to_string(),
        MapKey::U64(key) => key.to_string(),
        MapKey::String(key) => key.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_keeps_no_secret_and_masks_people_obs_11() {
        let body = br#"{"username":"ada_lovelace","password":"hunter22","captcha_code":"h7kx3p",
            "email":"ada@example.org","phone":"13800000000","note":"call 13912345678","count":3,
            "list":[{"refresh_token":"abc"}],"empty":""}"#;
        let text = of_json(body, 10_000).unwrap();
        for secret in [
            "lovelace",
            "hunter22",
            "h7kx3p",
            "ada@",
            "13800000000",
            "13912345678",
            "abc",
        ] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
        let json: Json = serde_json::from_str(&text).unwrap();
        assert_eq!(json["username"], "a***e");
        assert_eq!(json["email"], "ad***@example.org");
        // Its name is one of those that logs redact as a whole.
        assert_eq!(json["phone"], "[REDACTED]");
        assert_eq!(json["note"], "call 139****5678");
        assert_eq!((&json["count"], &json["empty"]), (&3.into(), &"".into()));
        assert_eq!(json["password"], "[REDACTED]");
    }

    #[test]
    fn members_of_a_secret_are_secret_obs_11() {
        let body = br#"{"password":{"new":"hunter2"},"tokens":{"a":"t0ps"},"codes":["h7kx3p"]}"#;
        let text = of_json(body, 10_000).unwrap();
        for secret in ["hunter2", "t0ps", "h7kx3p"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }

    #[test]
    fn only_codes_of_credentials_are_secret_obs_11() {
        for name in [
            "code",
            "captcha_code",
            "totpCode",
            "recovery_codes",
            "authorizationCode",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "postal_code",
            "countryCode",
            "status_code",
            "currency_code",
            "barcode",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn long_content_is_truncated_at_a_character_obs_11() {
        let body = serde_json::json!({ "note": "é".repeat(100) }).to_string();
        let text = of_json(body.as_bytes(), 20).unwrap();
        assert!(text.ends_with('…') && text.len() <= 24, "{text}");
        assert_eq!(of_json(b"not json", 20), None);
    }
}
