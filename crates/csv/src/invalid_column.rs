//! Finds the column whose type rejected its value. The parser reports it only for types of the
//! standard library.

use std::marker::PhantomData;

use csv::StringRecord;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _, Visitor, value},
    forward_to_deserialize_any,
};
use serde_path_to_error::{Segment, Track};

use crate::header::Header;

/// Returns the position of the column in the header. It reads the row again in the order of the
/// fields of `T`, and counts them.
pub(crate) fn invalid_column<T: DeserializeOwned>(
    record: &StringRecord,
    header: &Header,
) -> Option<usize> {
    let mut fields = Fields(&[]);
    let _ = T::deserialize(&mut fields);
    let value = |field: &&str| header.position(field).and_then(|column| record.get(column));
    let ordered = fields
        .0
        .iter()
        .map(|field| value(field).unwrap_or_default());
    let ordered: StringRecord = ordered.collect();
    let InvalidField(index, _) = ordered.deserialize::<InvalidField<T>>(None).ok()?;
    header.position(fields.0.get(index?)?)
}

/// The fields of a struct.
struct Fields(&'static [&'static str]);

impl<'de> Deserializer<'de> for &mut Fields {
    type Error = value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, value::Error> {
        Err(value::Error::custom("a row is a struct"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, value::Error> {
        self.0 = fields;
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The index of the field that rejects its value.
struct InvalidField<T>(Option<usize>, PhantomData<fn() -> T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for InvalidField<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut track = Track::new();
        let tracked = serde_path_to_error::Deserializer::new(deserializer, &mut track);
        let _ = T::deserialize(tracked);
        let index = match track.path().iter().next() {
            Some(Segment::Seq { index }) => Some(*index),
            _ => None,
        };
        Ok(Self(index, PhantomData))
    }
}
