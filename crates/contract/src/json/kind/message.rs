use std::marker::PhantomData;

use serde::{Deserializer, de::Error as _};

use super::{Decoded, Kind};
use crate::{
    Violations,
    json::{Encoder, JsonMessage, decode},
};

/// A message. Its JSON form is an object.
#[derive(Debug)]
pub struct Message<M>(PhantomData<M>);

impl<M: JsonMessage> Kind for Message<M> {
    type Value = M;

    fn decode<'de, D: Deserializer<'de>>(
        value: D,
        violations: &mut Violations,
    ) -> Result<Decoded<M>, D::Error> {
        violations
            .budget()
            .take(M::HEAP)
            .map_err(D::Error::custom)?;
        let mut message = M::default();
        Ok(
            match decode::message_value(value, &mut message, violations)? {
                Decoded::Value(()) => Decoded::Value(message),
                Decoded::Null => Decoded::Null,
                Decoded::Rejected => Decoded::Rejected,
            },
        )
    }

    fn encode(value: &M, encoder: &mut Encoder) {
        encoder.message(value);
    }

    fn is_default(_: &M) -> bool {
        false
    }
}
