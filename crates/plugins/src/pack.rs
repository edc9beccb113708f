//! Creates a component from a core module.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::{Interface, World};

/// The interface files, which are part of the crate.
const V0_1: &str = include_str!("../wit/0.1.0/plugin.wit");
const V0_2: &str = include_str!("../wit/0.2.0/plugin.wit");
const V0_3: &str = include_str!("../wit/0.3.0/plugin.wit");

/// Errors of [`pack`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PackError {
    /// The module is not valid.
    #[error("the module cannot be read: {0}")]
    InvalidModule(String),
    /// A function or a type of the module does not match the interface.
    #[error("the module does not match the interface: {0}")]
    Mismatch(String),
    /// The files of the interface are not valid. This is an error of this crate.
    #[error("the interface cannot be used: {0}")]
    InvalidInterface(String),
}

/// Creates a component from a core module, in binary or text form. The module exports the functions
/// of `world`.
///
/// Compilers such as clang write core modules. Some compilers write components, which do not need
/// this function.
///
/// # Errors
/// The module is not valid, or a function or type does not match the interface.
pub fn pack(module: &[u8], api: Interface, world: World) -> Result<Vec<u8>, PackError> {
    let mut module = wat::parse_bytes(module)
        .map_err(|error| PackError::InvalidModule(error.to_string()))?
        .into_owned();
    let text = match api {
        Interface::V0_1 => V0_1,
        Interface::V0_2 => V0_2,
        Interface::V0_3 => V0_3,
    };
    let mut resolve = Resolve::default();
    let invalid = |error| PackError::InvalidInterface(format!("{error:#}"));
    let package = resolve.push_str("plugin.wit", text).map_err(invalid)?;
    let selected = resolve.select_world(&[package], Some(world.as_str()));
    let selected = selected.map_err(invalid)?;
    embed_component_metadata(&mut module, &resolve, selected, StringEncoding::UTF8)
        .map_err(invalid)?;
    let mismatch = |error| PackError::Mismatch(format!("{error:#}"));
    ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .map_err(mismatch)?
        .encode()
        .map_err(mismatch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::sha256_hex;

    #[test]
    fn served_interfaces_never_change_plug_1() {
        // Components depend on this text: add a version instead of editing one.
        for (text, hash) in [
            (
                V0_1,
                "5abadffd75ff589e309976dc61eab0d5a1cc8f5115a04cad627ce41a9813840a",
            ),
            (
                V0_2,
                "efc87eb2e7cda9bfa9f2587a166371b5a635bfbdff5fdc96f962be7f319fa31b",
            ),
            (
                V0_3,
                "7015a7dcd68eaaf59e0b79cd934ae69cd43b62eda2637566499c0716107bb9cc",
            ),
        ] {
            assert_eq!(sha256_hex(text.as_bytes()), hash);
        }
    }
}
