//! The redacted content of a request.

use axum::extract::Query;
use http::Uri;
use prost_reflect::{DynamicMessage, MapKey, MessageDescriptor, Value};
use seaworthy_core::mask::REDACTED;
use serde_json::{Map, Value as Json};

use crate::{OperationLogConfig, redact::redact};

/// Length of the prefix of a gRPC message, in bytes: the compression flag and the length.
const GRPC_PREFIX: usize = 5;
/// The texts of a large request are cut to this number of bytes, which is enough to recognize them.
/// Its lists are cut to `MAX_ITEMS`.
const MAX_MEMBER: usize = 200;
const MAX_ITEMS: usize = 10;

/// Returns the redacted JSON of a JSON body. `None` if it is not JSON.
pub(crate) fn of_json(body: &[u8], config: &OperationLogConfig) -> Option<String> {
    let value: Json = serde_json::from_slice(body).ok()?;
    Some(of_value(value, config))
}

/// Returns the redacted JSON of a gRPC body with one message. `None` if it cannot be read.
pub(crate) fn of_grpc(
    body: &[u8],
    message: MessageDescriptor,
    config: &OperationLogConfig,
) -> Option<String> {
    let (prefix, message_bytes) = body.split_at_checked(GRPC_PREFIX)?;
    if prefix.first() != Some(&0) {
        return None;
    }
    let message = DynamicMessage::decode(message, message_bytes).ok()?;
    Some(of_value(json_of(&message), config))
}

/// Returns the redacted JSON of a query. `None` if there is none.
pub(crate) fn of_query(uri: &Uri, config: &OperationLogConfig) -> Option<String> {
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).ok()?;
    let mut members = Map::new();
    for (name, value) in pairs {
        match members.entry(name).or_insert(Json::Null) {
            Json::Array(values) => values.push(value.into()),
            first @ Json::Null => *first = value.into(),
            first => *first = vec![first.take(), value.into()].into(),
        }
    }
    (!members.is_empty()).then(|| of_value(members.into(), config))
}

/// Returns the redacted text of a value. A large value loses the ends of its texts and lists first,
/// so that padding does not hide its other members.
pub(crate) fn of_value(mut value: Json, config: &OperationLogConfig) -> String {
    redact("", &mut value, &config.mask_rules);
    let max = config.max_content_size.as_usize();
    let mut text = value.to_string();
    if text.len() > max {
        shorten(&mut value);
        text = value.to_string();
    }
    cut(text, max)
}

/// Returns the redacted text of a field.
pub(crate) fn of_text(name: &str, text: &str, config: &OperationLogConfig) -> String {
    let mut value = Json::from(text);
    redact(name, &mut value, &config.mask_rules);
    value.as_str().unwrap_or(REDACTED).to_owned()
}

fn shorten(value: &mut Json) {
    match value {
        Json::String(text) => *text = cut(std::mem::take(text), MAX_MEMBER),
        Json::Array(items) => {
            if items.len() > MAX_ITEMS {
                items.truncate(MAX_ITEMS);
                items.push("…".into());
            }
            items.iter_mut().for_each(shorten);
        }
        Json::Object(members) => members.values_mut().for_each(shorten),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// Truncates a text to a number of bytes.
pub(crate) fn cut(mut text: String, max: usize) -> String {
    if text.len() > max {
        text.truncate(text.floor_char_boundary(max));
        text.push('…');
    }
    text
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
    use seaworthy_core::{ByteSize, mask::MaskRuleConfig};

    use super::*;

    #[test]
    fn content_keeps_no_secret_and_masks_people_obs_11() {
        let body = br#"{"username":"ada_lovelace","password":"hunter22","captcha_code":"h7kx3p",
            "name":"Grace Hopper","email":"ada@example.org","phone":"13800000000","note":"call 13912345678","count":3,
            "list":[{"refresh_token":"abc"}],"empty":""}"#;
        let text = of_json(body, &OperationLogConfig::default()).unwrap();
        for secret in [
            "lovelace",
            "Hopper",
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
        assert_eq!(json["phone"], "138****0000");
        assert_eq!(json["note"], "call 139****5678");
        assert_eq!((&json["count"], &json["empty"]), (&3.into(), &"".into()));
        assert_eq!(json["password"], "[REDACTED]");
    }

    #[test]
    fn tokens_in_other_fields_are_masked_obs_11() {
        let key = "sk_Zr0tH7kq3bX9vJ2mW5nY8cA1dE4fG6hK0pQsUuVwXyz";
        let body = serde_json::json!({ "note": format!("lost {key}"), key: 1 }).to_string();
        let text = of_json(body.as_bytes(), &OperationLogConfig::default()).unwrap();
        let json: Json = serde_json::from_str(&text).unwrap();
        assert_eq!(json, serde_json::json!({ "***": 1, "note": "lost ***" }));
    }

    #[test]
    fn query_is_redacted_by_name_and_form_obs_11() {
        let of = |query: &str| -> Option<Json> {
            let uri = format!("/users?{query}").parse().unwrap();
            let text = of_query(&uri, &OperationLogConfig::default())?;
            Some(serde_json::from_str(&text).unwrap())
        };
        let query = "force=true&reset_token=t0ps&email=ada%40example.org&id=7&id=8&id=+9&empty";
        let expected = serde_json::json!({
            "force": "true", "reset_token": "[REDACTED]", "email": "ad***@example.org",
            "id": ["7", "8", " 9"], "empty": "",
        });
        assert_eq!(of(query), Some(expected));
        let replaced = "\u{fffd}";
        assert_eq!(
            of("%ff=%ff"),
            Some(serde_json::json!({ replaced: replaced }))
        );
        assert_eq!(of(""), None);
    }

    #[test]
    fn members_of_a_secret_are_secret_obs_11() {
        let body = br#"{"password":{"new":"hunter2"},"tokens":{"a":"t0ps"},"codes":["h7kx3p"]}"#;
        let text = of_json(body, &OperationLogConfig::default()).unwrap();
        for secret in ["hunter2", "t0ps", "h7kx3p"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }

    #[test]
    fn long_content_is_truncated_at_a_character_obs_11() {
        let body = serde_json::json!({ "note": "é".repeat(100) }).to_string();
        let config = OperationLogConfig {
            max_content_size: ByteSize::bytes(20),
            ..OperationLogConfig::default()
        };
        let text = of_json(body.as_bytes(), &config).unwrap();
        assert!(text.ends_with('…') && text.len() <= 24, "{text}");
        assert_eq!(of_json(b"not json", &config), None);
    }

    #[test]
    fn padding_hides_no_member_obs_11() {
        let config = OperationLogConfig::default();
        for padding in [
            serde_json::json!("x".repeat(20_000)),
            vec![0; 20_000].into(),
        ] {
            let body = serde_json::json!({ "a": padding, "role": "admin" });
            let text = of_json(body.to_string().as_bytes(), &config).unwrap();
            assert!(text.contains(r#""role":"admin""#), "{text}");
            assert!(text.len() < 1_000);
        }
    }

    #[test]
    fn personal_names_of_members_are_masked_obs_11() {
        let body = br#"{"config":{"13800000000":3,"ada@example.org":1,"adam@example.org":2}}"#;
        assert_eq!(
            of_json(body, &OperationLogConfig::default()).unwrap(),
            r#"{"config":{"138****0000":3,"ad***@example.org":1,"ad***@example.org (2)":2}}"#
        );
    }

    #[test]
    fn rules_of_the_settings_mask_fields_obs_11() {
        let rule = MaskRuleConfig {
            field_name: "Badge".to_owned(),
            keep_start: 1,
            keep_end: 1,
            mask_char: '#',
            ..MaskRuleConfig::default()
        };
        let password = MaskRuleConfig {
            field_name: "password".to_owned(),
            keep_start: 4,
            ..MaskRuleConfig::default()
        };
        let seat = MaskRuleConfig {
            field_name: "seat".to_owned(),
            custom: Some("[0-9]+".parse().unwrap()),
            ..MaskRuleConfig::default()
        };
        let config = OperationLogConfig {
            mask_rules: vec![rule, password, seat],
            ..OperationLogConfig::default()
        };
        let body = br#"{"badge":"x12345y","list":[{"badge":98765}],"password":"hunter22","seat":["A-12","none"]}"#;
        assert_eq!(
            of_json(body, &config).unwrap(),
            r####"{"badge":"x#####y","list":[{"badge":"9###5"}],"password":"[REDACTED]","seat":["A-**","****"]}"####
        );
    }
}
