use std::fmt;

use serde::{
    de::{self, DeserializeOwned, Deserializer, Visitor},
    forward_to_deserialize_any,
};

/// Returns whether a type is a JSON object. serde also reads a struct from an array with the values
/// of its fields in the order of the declaration. That order is not a part of any interface.
pub(super) fn is_object<T: DeserializeOwned>() -> bool {
    matches!(T::deserialize(Probe), Err(Shape::Object))
}

/// The JSON form that a type reads first.
#[derive(Debug)]
enum Shape {
    Object,
    Other,
}

impl fmt::Display for Shape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, formatter)
    }
}

impl std::error::Error for Shape {}

impl de::Error for Shape {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Other
    }
}

/// A deserializer that ends with the form that the type reads first.
struct Probe;

impl<'de> Deserializer<'de> for Probe {
    type Error = Shape;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Shape> {
        Err(Shape::Other)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Shape> {
        Err(Shape::Object)
    }

    fn deserialize_map<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Shape> {
        Err(Shape::Object)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Shape> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct seq tuple tuple_struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::Value;

    use super::super::Json;
    use super::*;

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Profile {
        name: Option<String>,
    }

    #[derive(Debug, Deserialize)]
    struct Wrapped(#[expect(dead_code, reason = "only the shape counts")] Profile);

    #[test]
    fn array_is_not_a_struct_api_2() {
        assert!(is_object::<Profile>() && is_object::<Wrapped>());
        assert!(is_object::<BTreeMap<String, u8>>());
        assert!(!is_object::<Value>() && !is_object::<Vec<Profile>>());
        for text in [r#"["a"]"#, " [null]", "[]"] {
            let error = Json::<Profile>::from_bytes(text.as_bytes()).unwrap_err();
            assert_eq!(error.fields().len(), 1, "{text}");
        }
        let profile = Json::<Profile>::from_bytes(br#" {"name":"a"}"#).unwrap();
        assert_eq!(profile.0.name.as_deref(), Some("a"));
        let list = Json::<Vec<Profile>>::from_bytes(b"[{}]").unwrap();
        assert_eq!(list.0.len(), 1);
    }
}
