//! The macro for enums with names.

use std::{error::Error, fmt};

/// The error for a text that is not the name of a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownName;

impl fmt::Display for UnknownName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("this is not a known name")
    }
}

impl Error for UnknownName {}

/// Declares an enum whose variants have names in the interface and in databases. The package
/// depends on `serde`.
///
/// ```
/// seaworthy::named! {
///     /// The state of a lamp.
///     #[derive(Default)]
///     enum Lamp {
///         #[default]
///         Off = "off",
///         On = "on",
///     }
/// }
///
/// assert_eq!((Lamp::On.as_str(), Lamp::from_name("off")), ("on", Some(Lamp::default())));
/// assert!("dim".parse::<Lamp>().is_err() && Lamp::ALL.len() == 2);
/// ```
#[macro_export]
macro_rules! named {
    ($(#[$about:meta])* $visibility:vis enum $name:ident {
        $($(#[$variant_about:meta])* $variant:ident = $text:literal,)+
    }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, ::serde::Serialize, ::serde::Deserialize)]
        $visibility enum $name {
            $($(#[$variant_about])* #[serde(rename = $text)] $variant,)+
        }

        #[allow(dead_code, reason = "some enums need only a part")]
        impl $name {
            /// Every variant, in the order of the declaration.
            $visibility const ALL: [Self; [$($text),+].len()] = [$(Self::$variant),+];

            /// Returns the name in the interface and in databases.
            #[must_use]
            $visibility const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// Returns the variant with this name.
            #[must_use]
            $visibility fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl ::core::str::FromStr for $name {
            type Err = $crate::UnknownName;

            fn from_str(name: &str) -> Result<Self, $crate::UnknownName> {
                Self::from_name(name).ok_or($crate::UnknownName)
            }
        }
    };
}
