//! Reads the values of `singular`, `optional`, `repeated` and `map` fields, for generated code.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::{Decoded, Kind, ParameterKind, skipped::Skipped};
use crate::Violations;

/// Reads a field without presence. `null` counts as absent.
///
/// # Errors
/// The text is not JSON.
pub fn singular<'de, K: Kind, D: Deserializer<'de>>(
    slot: &mut K::Value,
    value: D,
    violations: &mut Violations,
) -> Result<(), D::Error> {
    if let Decoded::Value(value) = K::decode(value, violations)? {
        *slot = value;
    }
    Ok(())
}

/// Reads a field with presence. `null` counts as absent.
///
/// # Errors
/// The text is not JSON.
pub fn optional<'de, K: Kind, D: Deserializer<'de>>(
    slot: &mut Option<K::Value>,
    value: D,
    violations: &mut Violations,
) -> Result<(), D::Error> {
    match K::decode(value, violations)? {
        Decoded::Value(value) => *slot = Some(value),
        Decoded::Rejected | Decoded::Null => {}
    }
    Ok(())
}

/// Reads a member of a oneof. Two members of one oneof are a violation.
///
/// # Errors
/// The text is not JSON.
pub fn oneof<'de, K: Kind, O, D: Deserializer<'de>>(
    slot: &mut Option<O>,
    variant: impl FnOnce(K::Value) -> O,
    value: D,
    violations: &mut Violations,
) -> Result<(), D::Error> {
    if let Decoded::Value(value) = K::decode(value, violations)? {
        if slot.is_some() {
            violations.add("another field of the same oneof is given");
        } else {
            *slot = Some(variant(value));
        }
    }
    Ok(())
}

/// Reads a list.
///
/// # Errors
/// The text is not JSON.
pub fn repeated<'de, K: Kind, D: Deserializer<'de>>(
    slot: &mut Vec<K::Value>,
    value: D,
    violations: &mut Violations,
) -> Result<(), D::Error> {
    value.deserialize_any(ListVisitor::<K> { slot, violations })
}

/// Reads a map.
///
/// # Errors
/// The text is not JSON.
pub fn map<'de, K, V, D>(
    slot: &mut BTreeMap<K::Value, V::Value>,
    value: D,
    violations: &mut Violations,
) -> Result<(), D::Error>
where
    K: ParameterKind<Value: Ord>,
    V: Kind,
    D: Deserializer<'de>,
{
    value.deserialize_any(ObjectVisitor::<K, V> { slot, violations })
}

macro_rules! reject_scalars {
    ($($visit:ident($type:ty) $found:literal),* $(,)?) => {
        $(fn $visit<E>(self, _: $type) -> Result<Self::Value, E> {
            self.violations.add(format!("must be {}, found {}", Self::EXPECTED, $found));
            Ok(())
        })*

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(())
        }

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str(Self::EXPECTED)
        }
    };
}

struct ListVisitor<'a, K: Kind> {
    slot: &'a mut Vec<K::Value>,
    violations: &'a mut Violations,
}

impl<K: Kind> ListVisitor<'_, K> {
    const EXPECTED: &'static str = "a list";
}

impl<'de, K: Kind> Visitor<'de> for ListVisitor<'_, K> {
    type Value = ();

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let mut index = 0;
        loop {
            let element = self.violations.within_index(index, |violations| {
                let element = elements.next_element_seed(ValueSeed::<K>::new(violations))?;
                if matches!(element, Some(Decoded::Null)) {
                    violations.add("must not be null");
                }
                Ok(element)
            })?;
            let Some(element) = element else {
                return Ok(());
            };
            stop_if_full(self.violations)?;
            let size = size_of::<K::Value>();
            let budget = self.violations.budget();
            budget.take_element(index, size).map_err(A::Error::custom)?;
            self.slot.push(match element {
                Decoded::Value(value) => value,
                // Keeps the indexes of the following elements, which violations name.
                Decoded::Null | Decoded::Rejected => K::Value::default(),
            });
            index += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while members.next_entry::<IgnoredAny, Skipped>()?.is_some() {}
        self.violations.add("must be a list, found an object");
        Ok(())
    }

    reject_scalars! {
        visit_bool(bool) "a boolean",
        visit_i64(i64) "a number",
        visit_u64(u64) "a number",
        visit_f64(f64) "a number",
        visit_str(&str) "a string",
    }
}

struct ObjectVisitor<'a, K: Kind, V: Kind> {
    slot: &'a mut BTreeMap<K::Value, V::Value>,
    violations: &'a mut Violations,
}

impl<K: Kind, V: Kind> ObjectVisitor<'_, K, V> {
    const EXPECTED: &'static str = "an object";
}

impl<'de, K: ParameterKind<Value: Ord>, V: Kind> Visitor<'de> for ObjectVisitor<'_, K, V> {
    type Value = ();

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut index = 0;
        while let Some(name) = members.next_key::<String>()? {
            let size = size_of::<(K::Value, V::Value)>();
            let budget = self.violations.budget();
            budget.take_entry(index, size).map_err(A::Error::custom)?;
            index += 1;
            let key = K::parameter(&name);
            let slot = &mut *self.slot;
            self.violations.within_key(name, |violations| {
                let value = members.next_value_seed(ValueSeed::<V>::new(violations))?;
                let key = match key {
                    Ok(key) => key,
                    Err(rejection) => {
                        violations.add(format!("the key {rejection}"));
                        return Ok(());
                    }
                };
                match value {
                    Decoded::Value(value) => {
                        if slot.insert(key, value).is_some() {
                            violations.add("given more than once");
                        }
                    }
                    Decoded::Null => violations.add("must not be null"),
                    Decoded::Rejected => {}
                }
                Ok(())
            })?;
            stop_if_full(self.violations)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while elements.next_element::<Skipped>()?.is_some() {}
        self.violations.add("must be an object, found a list");
        Ok(())
    }

    reject_scalars! {
        visit_bool(bool) "a boolean",
        visit_i64(i64) "a number",
        visit_u64(u64) "a number",
        visit_f64(f64) "a number",
        visit_str(&str) "a string",
    }
}

/// Ends the reading after the violations have reached their limit.
pub(super) fn stop_if_full<E: serde::de::Error>(violations: &Violations) -> Result<(), E> {
    if violations.is_full() {
        return Err(E::custom("no more violations are recorded"));
    }
    Ok(())
}

struct ValueSeed<'a, K> {
    violations: &'a mut Violations,
    kind: PhantomData<K>,
}

impl<'a, K> ValueSeed<'a, K> {
    fn new(violations: &'a mut Violations) -> Self {
        Self {
            violations,
            kind: PhantomData,
        }
    }
}

impl<'de, K: Kind> DeserializeSeed<'de> for ValueSeed<'_, K> {
    type Value = Decoded<K::Value>;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<Self::Value, D::Error> {
        K::decode(value, self.violations)
    }
}
