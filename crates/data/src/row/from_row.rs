use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{FromColumn, Row};
use crate::DataError;

/// A type that a row can be converted to: the value of the first column, a tuple by position, or a
/// type of the service by names.
///
/// ```
/// use seaworthy_data::{DataError, FromRow, Row};
///
/// struct Symbol { id: i64, label: String }
///
/// impl FromRow for Symbol {
///     fn from_row(row: &Row) -> Result<Self, DataError> {
///         Ok(Self { id: row.get("id")?, label: row.get("label")? })
///     }
/// }
/// ```
pub trait FromRow: Sized {
    /// Converts the row.
    ///
    /// # Errors
    /// A column is missing or has another type.
    fn from_row(row: &Row) -> Result<Self, DataError>;
}

macro_rules! tuples {
    ($($($name:ident $index:literal),+;)+) => {$(
        impl<$($name: FromColumn),+> FromRow for ($($name,)+) {
            fn from_row(row: &Row) -> Result<Self, DataError> {
                Ok(($(row.get_at::<$name>($index)?,)+))
            }
        }
    )+};
}

tuples! {
    A 0;
    A 0, B 1;
    A 0, B 1, C 2;
    A 0, B 1, C 2, D 3;
    A 0, B 1, C 2, D 3, E 4;
    A 0, B 1, C 2, D 3, E 4, F 5;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11;
}

macro_rules! values {
    ($($type:ty),+) => {$(
        impl FromRow for $type {
            fn from_row(row: &Row) -> Result<Self, DataError> {
                row.get_at(0)
            }
        }
    )+};
}

values!(
    bool,
    i16,
    i32,
    i64,
    u8,
    u16,
    u32,
    u64,
    f64,
    String,
    Vec<u8>,
    Uuid,
    DateTime<Utc>,
    serde_json::Value
);

impl<T: FromColumn> FromRow for Option<T> {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        row.get_at(0)
    }
}
