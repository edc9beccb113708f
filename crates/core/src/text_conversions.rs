/// Implements the conversions from and to [`String`] of types with [`FromStr`](std::str::FromStr)
/// and [`Display`](std::fmt::Display), which `#[serde(try_from = "String", into = "String")]` needs.
///
/// ```
/// use std::{fmt, num::ParseIntError, str::FromStr};
///
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
/// #[serde(try_from = "String", into = "String")]
/// struct Room(u16);
///
/// impl FromStr for Room {
///     type Err = ParseIntError;
///
///     fn from_str(text: &str) -> Result<Self, ParseIntError> {
///         text.trim_start_matches("R-").parse().map(Self)
///     }
/// }
///
/// impl fmt::Display for Room {
///     fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
///         write!(formatter, "R-{}", self.0)
///     }
/// }
///
/// seaworthy_core::text_conversions!(Room);
///
/// assert_eq!(Room::try_from("R-7".to_owned()), Ok(Room(7)));
/// assert_eq!(serde_json::to_string(&Room(7)).unwrap(), r#""R-7""#);
/// ```
#[macro_export]
macro_rules! text_conversions {
    ($name:ty) => {
        impl ::core::convert::TryFrom<::std::string::String> for $name {
            type Error = <Self as ::core::str::FromStr>::Err;

            fn try_from(text: ::std::string::String) -> ::core::result::Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl ::core::convert::From<$name> for ::std::string::String {
            fn from(value: $name) -> Self {
                ::std::string::ToString::to_string(&value)
            }
        }
    };
}
