//! Creates a component from a core module.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::Interface;

/// The interface files, which are part of the crate.
const V0_1: &str = include_str!("../wit/0.1.0/plugin.wit");
const V0_2: &str = include_str!("../wit/0.2.0/plugin.wit");
const V0_3: &str = include_str!("../wit/0.3.0/plugin.wit");

/// Creates a component from a core module, in binary or text form. The module exports the functions
/// of `world`: `plugin`, `request-hook`, `event-handler`, `policy-decision` or `hooks-and-events`.
///
/// Compilers such as clang write core modules. Some compilers write components, which do not need
/// this function.
///
/// # Errors
/// The module is not valid, the world does not exist, or a function or type does not match the
/// interface. The text names the problem.
pub fn pack(module: &[u8], api: Interface, world: &str) -> Result<Vec<u8>, String> {
    let mut module = wat::parse_bytes(module)
        .map_err(|error| format!("the module cannot be read: {error}"))?
        .into_owned();
    let text = match api {
        Interface::V0_1 => V0_1,
        Interface::V0_2 => V0_2,
        Interface::V0_3 => V0_3,
    };
    let mut resolve = Resolve::default();
    let failed = |error| format!("the interface cannot be read: {error:#}");
    let package = resolve.push_str("plugin.wit", text).map_err(failed)?;
    let selected = resolve
        .select_world(&[package], Some(world))
        .map_err(|error| format!("the world \"{world}\" does not exist: {error:#}"))?;
    embed_component_metadata(&mut module, &resolve, selected, StringEncoding::UTF8)
        .map_err(|error| format!("the interface cannot be embedded: {error:#}"))?;
    let mismatch = |error| format!("the module does not match the interface: {error:#}");
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
