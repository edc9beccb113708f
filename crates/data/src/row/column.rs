use chrono::{DateTime, Utc};
use seaworthy_core::{Personal, Secret};
use uuid::Uuid;
use zeroize::Zeroize;

use super::value::{time_of_text, uuid_of_bytes};
use crate::{DataError, DataErrorKind, Value};

/// A type that a column can be converted to. An integer converts to every integer type that can
/// hold it.
pub trait FromColumn: Sized {
    /// Converts the value.
    ///
    /// # Errors
    /// The value is null, has another type, or is out of range.
    fn from_value(value: Value) -> Result<Self, DataError>;
}

fn other(value: &Value, wanted: &str) -> DataError {
    let detail = if value.is_null() {
        format!("null instead of {wanted}")
    } else {
        format!("{:?} instead of {wanted}", value.kind())
    };
    DataError::new(DataErrorKind::UnexpectedRow, detail)
}

impl FromColumn for Value {
    fn from_value(value: Value) -> Result<Self, DataError> {
        Ok(value)
    }
}

impl<T: FromColumn> FromColumn for Option<T> {
    fn from_value(value: Value) -> Result<Self, DataError> {
        if value.is_null() {
            Ok(None)
        } else {
            T::from_value(value).map(Some)
        }
    }
}

impl<T: FromColumn> FromColumn for Personal<T> {
    fn from_value(value: Value) -> Result<Self, DataError> {
        T::from_value(value).map(Self::new)
    }
}

impl<T: FromColumn + Zeroize> FromColumn for Secret<T> {
    fn from_value(value: Value) -> Result<Self, DataError> {
        T::from_value(value).map(Self::new)
    }
}

impl FromColumn for bool {
    fn from_value(value: Value) -> Result<Self, DataError> {
        match value {
            Value::Boolean(value) => Ok(value),
            Value::Integer(0) => Ok(false),
            Value::Integer(1) => Ok(true),
            value => Err(other(&value, "boolean")),
        }
    }
}

macro_rules! integers {
    ($($type:ty),+) => {$(
        impl FromColumn for $type {
            fn from_value(value: Value) -> Result<Self, DataError> {
                let number = match &value {
                    Value::Integer(number) => Self::try_from(*number).ok(),
                    Value::Unsigned(number) => Self::try_from(*number).ok(),
                    Value::Boolean(value) => Some(Self::from(*value)),
                    _ => None,
                };
                number.ok_or_else(|| other(&value, stringify!($type)))
            }
        }
    )+};
}

integers!(i16, i32, i64, u8, u16, u32, u64);

impl FromColumn for f64 {
    fn from_value(value: Value) -> Result<Self, DataError> {
        match value {
            Value::Float(number) => Ok(number),
            #[expect(
                clippy::cast_precision_loss,
                reason = "an integer converts to the nearest float"
            )]
            Value::Integer(number) => Ok(number as Self),
            Value::Text(text) => text
                .parse()
                .map_err(|_| other(&Value::Text("".into()), "number")),
            value => Err(other(&value, "number")),
        }
    }
}

impl FromColumn for String {
    fn from_value(value: Value) -> Result<Self, DataError> {
        match value {
            Value::Text(text) => Ok(text.into_owned()),
            value => Err(other(&value, "text")),
        }
    }
}

impl FromColumn for Vec<u8> {
    fn from_value(value: Value) -> Result<Self, DataError> {
        match value {
            Value::Bytes(bytes) => Ok(bytes),
            Value::Text(text) => Ok(text.into_owned().into_bytes()),
            value => Err(other(&value, "bytes")),
        }
    }
}

impl FromColumn for Uuid {
    fn from_value(value: Value) -> Result<Self, DataError> {
        let uuid = match &value {
            Value::Uuid(uuid) => Some(*uuid),
            Value::Bytes(bytes) => uuid_of_bytes(bytes),
            Value::Text(text) => text.parse().ok(),
            _ => None,
        };
        uuid.ok_or_else(|| other(&value, "UUID"))
    }
}

impl FromColumn for DateTime<Utc> {
    fn from_value(value: Value) -> Result<Self, DataError> {
        let time = match &value {
            Value::Time(time) => Some(*time),
            Value::Text(text) => time_of_text(text),
            _ => None,
        };
        time.ok_or_else(|| other(&value, "time"))
    }
}

impl FromColumn for serde_json::Value {
    fn from_value(value: Value) -> Result<Self, DataError> {
        let json = match &value {
            Value::Json(json) => return Ok(json.clone()),
            Value::Text(text) => serde_json::from_str(text).ok(),
            Value::Bytes(bytes) => serde_json::from_slice(bytes).ok(),
            _ => None,
        };
        json.ok_or_else(|| other(&value, "JSON"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn personal_and_secret_columns_are_masked_obs_3() {
        let email = Personal::<String>::from_value(Value::Text("ada@example.org".into())).unwrap();
        assert_eq!(email.expose(), "ada@example.org");
        let hash = Option::<Secret<String>>::from_value(Value::Text("hash".into())).unwrap();
        assert_eq!(format!("{email:?} {hash:?}"), "*** Some(***)");
        let error = Personal::<String>::from_value(Value::Integer(7)).unwrap_err();
        assert_eq!(error.kind(), DataErrorKind::UnexpectedRow);
    }
}
