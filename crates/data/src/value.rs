use std::{borrow::Cow, sync::Arc};

use chrono::{DateTime, SubsecRound as _, Utc};
use uuid::Uuid;

/// The number of decimal places of a second that every engine stores.
const FRACTION_DIGITS: u16 = 6;

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `true` or `false`.
    Boolean,
    /// A signed integer of 64 bits.
    Integer,
    /// A floating-point number of 64 bits.
    Float,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// A UUID.
    Uuid,
    /// A timestamp in UTC.
    Time,
    /// A JSON document.
    Json,
}

/// A value of a statement or a row, the same on every engine.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// No value. Some engines need the kind.
    Null(Kind),
    /// `true` or `false`.
    Boolean(bool),
    /// A signed integer.
    Integer(i64),
    /// An unsigned integer. A value above `i64::MAX` is an error when it is sent, because not every
    /// engine can store it.
    Unsigned(u64),
    /// A floating-point number.
    Float(f64),
    /// Text.
    Text(Cow<'static, str>),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A UUID.
    Uuid(Uuid),
    /// A timestamp with microseconds, the precision of all engines.
    Time(DateTime<Utc>),
    /// A JSON document.
    Json(serde_json::Value),
}

impl Value {
    /// Returns the kind of the value.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Null(kind) => *kind,
            Self::Boolean(_) => Kind::Boolean,
            Self::Integer(_) | Self::Unsigned(_) => Kind::Integer,
            Self::Float(_) => Kind::Float,
            Self::Text(_) => Kind::Text,
            Self::Bytes(_) => Kind::Bytes,
            Self::Uuid(_) => Kind::Uuid,
            Self::Time(_) => Kind::Time,
            Self::Json(_) => Kind::Json,
        }
    }

    /// Returns whether there is no value.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null(_))
    }
}

/// A Rust type of one [`Kind`], which gives `None` a kind.
pub trait HasKind {
    /// The kind.
    const KIND: Kind;
}

macro_rules! values {
    ($($kind:ident: $($type:ty => |$value:ident| $make:expr),+;)+) => {$($(
        impl HasKind for $type {
            const KIND: Kind = Kind::$kind;
        }

        impl From<$type> for Value {
            fn from($value: $type) -> Self {
                $make
            }
        }
    )+)+};
}

values! {
    Boolean: bool => |value| Self::Boolean(value);
    Integer:
        i16 => |value| Self::Integer(value.into()),
        i32 => |value| Self::Integer(value.into()),
        i64 => |value| Self::Integer(value),
        u8 => |value| Self::Integer(value.into()),
        u16 => |value| Self::Integer(value.into()),
        u32 => |value| Self::Integer(value.into()),
        u64 => |value| Self::Unsigned(value);
    Float:
        f32 => |value| Self::Float(value.into()),
        f64 => |value| Self::Float(value);
    Text:
        String => |value| Self::Text(value.into()),
        &String => |value| Self::Text(value.clone().into()),
        &str => |value| Self::Text(value.to_owned().into()),
        Arc<str> => |value| Self::Text(value.to_string().into());
    Bytes:
        Vec<u8> => |value| Self::Bytes(value),
        &[u8] => |value| Self::Bytes(value.to_vec());
    Uuid: Uuid => |value| Self::Uuid(value);
    Time: DateTime<Utc> => |value| Self::Time(value.trunc_subsecs(FRACTION_DIGITS));
    Json: serde_json::Value => |value| Self::Json(value);
}

impl<T: HasKind + Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null(T::KIND), Into::into)
    }
}

impl<T: HasKind> HasKind for Option<T> {
    const KIND: Kind = T::KIND;
}
