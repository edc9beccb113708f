//! A strict JSON parser for tokens: an object in UTF-8, without duplicate names, of limited depth.
//!
//! `serde_json` keeps the last of two members with the same name. Another verifier may keep the
//! first, so the same signed token would have two meanings (RFC 8725, section 2.4). `serde_json`
//! also skips unused members without checking their UTF-8.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::TokenError;

/// A JSON object of a token.
pub(crate) type Object = Map<String, Value>;

/// Parses an object with at most `depth` levels, including the object itself.
pub(crate) fn object(bytes: &[u8], depth: u8) -> Result<Object, TokenError> {
    let text = str::from_utf8(bytes).map_err(|_| TokenError::Malformed)?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = (&mut deserializer)
        .deserialize_map(Strict { depth })
        .map_err(|_| TokenError::Malformed)?;
    deserializer.end().map_err(|_| TokenError::Malformed)?;
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(TokenError::Malformed),
    }
}

#[derive(Clone, Copy)]
struct Strict {
    depth: u8,
}

impl Strict {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).filter(|depth| *depth > 0);
        depth
            .map(|depth| Self { depth })
            .ok_or_else(|| E::custom("too deep"))
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON without duplicate names")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("not a number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.deeper()?)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(self.deeper()?)?;
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("duplicate name"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn duplicate_names_are_rejected_at_any_depth_auth_1() {
        for text in [
            r#"{"sub":"a","sub":"b"}"#,
            r#"{"a":{"x":1,"x":1}}"#,
            r#"{"a":[{"x":1,"x":2}]}"#,
            // The same name with an escape.
            r#"{"sub":"a","\u0073ub":"b"}"#,
        ] {
            assert_eq!(
                object(text.as_bytes(), 8),
                Err(TokenError::Malformed),
                "{text}"
            );
        }
    }

    #[test]
    fn depth_includes_the_object_itself_auth_1() {
        assert!(object(br#"{"a":{"b":1}}"#, 3).is_ok());
        assert!(object(br#"{"a":{"b":{"c":1}}}"#, 3).is_err());
        assert!(object(br#"{"a":[[[1]]]}"#, 4).is_err());
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(object(deep.as_bytes(), 8).is_err());
    }

    #[test]
    fn invalid_json_and_other_types_are_rejected_auth_1() {
        for bytes in [
            &b"[]"[..],
            b"1",
            b"\"a\"",
            b"null",
            b"",
            b"{",
            b"{}{}",
            b"{} x",
            b"{\"a\":NaN}",
            b"{\"a\":1e999}",
            b"{\"a\":\"\xff\"}",
            b"{\"a\":\"\\ud800\"}",
            b"\xef\xbb\xbf{}",
        ] {
            assert!(object(bytes, 8).is_err(), "{bytes:?}");
        }
        assert!(object(b" { } ", 8).is_ok());
    }

    proptest! {
        #[test]
        fn accepted_json_equals_serde_json_auth_1(text in r#"[\[\]{}:,"a-c0-9 .\\u]{0,60}"#) {
            if let Ok(object) = object(text.as_bytes(), 100) {
                let other: Value = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(json!(object), other);
            }
        }
    }
}
