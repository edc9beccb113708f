//! A visitor for kinds that are one JSON token. It rejects other tokens, and the error names them.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::{Decoded, Rejection};
use crate::{Violations, json::skipped::Skipped};

/// A kind that is one JSON token.
pub(super) trait Leaf {
    type Value;

    /// The value that a client should send, such as `a string`.
    const EXPECTED: &'static str;

    fn boolean(_: bool) -> Result<Self::Value, Rejection> {
        Err(Self::mismatch("a boolean"))
    }

    fn unsigned(_: u64) -> Result<Self::Value, Rejection> {
        Err(Self::mismatch("a number"))
    }

    fn signed(_: i64) -> Result<Self::Value, Rejection> {
        Err(Self::mismatch("a number"))
    }

    fn floating(_: f64) -> Result<Self::Value, Rejection> {
        Err(Self::mismatch("a number"))
    }

    fn text(_: &str) -> Result<Self::Value, Rejection> {
        Err(Self::mismatch("a string"))
    }

    fn owned(text: String) -> Result<Self::Value, Rejection> {
        Self::text(&text)
    }

    fn null() -> Decoded<Self::Value> {
        Decoded::Null
    }

    fn mismatch(found: &str) -> Rejection {
        format!("must be {}, found {found}", Self::EXPECTED).into()
    }
}

pub(super) fn decode<'de, L: Leaf, D: Deserializer<'de>>(
    value: D,
    violations: &mut Violations,
) -> Result<Decoded<L::Value>, D::Error> {
    value.deserialize_any(LeafVisitor::<L> {
        violations,
        leaf: PhantomData,
    })
}

struct LeafVisitor<'a, L> {
    violations: &'a mut Violations,
    leaf: PhantomData<L>,
}

impl<L: Leaf> LeafVisitor<'_, L> {
    fn settle(self, result: Result<L::Value, Rejection>) -> Decoded<L::Value> {
        match result {
            Ok(value) => Decoded::Value(value),
            Err(rejection) => {
                self.violations.add(rejection);
                Decoded::Rejected
            }
        }
    }
}

impl<'de, L: Leaf> Visitor<'de> for LeafVisitor<'_, L> {
    type Value = Decoded<L::Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(L::EXPECTED)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(self.settle(L::boolean(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(self.settle(L::signed(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(self.settle(L::unsigned(value)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(self.settle(L::floating(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(self.settle(L::text(value)))
    }

    fn visit_string<E>(self, value: String) -> Result<Self::Value, E> {
        Ok(self.settle(L::owned(value)))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(L::null())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        while elements.next_element::<Skipped>()?.is_some() {}
        Ok(self.settle(Err(L::mismatch("a list"))))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        while members.next_entry::<IgnoredAny, Skipped>()?.is_some() {}
        Ok(self.settle(Err(L::mismatch("an object"))))
    }
}
