//! Bulk memory instructions in parts. The engine checks the deadline of a guest only at the start
//! of such an instruction, and one over the whole memory takes milliseconds. Instructions on tables
//! remain, because a table is small.

mod function;
mod module;
#[cfg(test)]
mod tests;

use super::binary::{COMPONENT, CORE_MODULE, is_component, put_section, sections};

/// The maximum bytes that a bulk memory instruction writes between two checks of the deadline. A
/// slow machine that writes 5 MiB in a millisecond needs a twentieth of a millisecond for them.
const MAX_PART: u32 = 256 * 1024;

/// Returns the component with functions that replace its bulk memory instructions, or `None` if it
/// has none to replace. They write the same bytes and trap in the same cases, but in parts of
/// [`MAX_PART`]. An instruction with a constant length of at most one part remains.
///
/// The caller limits the depth of the component. `left` is the number of functions that may still be
/// added.
///
/// # Errors
/// A component or a module in it cannot be read, or needs too many functions.
pub(super) fn split(component: &[u8], left: &mut usize) -> Result<Option<Vec<u8>>, String> {
    if !is_component(component) {
        return Err("create one from your module with `plugins pack`".to_owned());
    }
    let (header, sections) = sections(component)?;
    let mut output = header.to_vec();
    let mut is_changed = false;
    for (id, content) in sections {
        let changed = match id {
            COMPONENT => split(content, left)?,
            CORE_MODULE => module::split(content, left)?,
            _ => None,
        };
        is_changed |= changed.is_some();
        put_section(&mut output, id, changed.as_deref().unwrap_or(content));
    }
    Ok(is_changed.then_some(output))
}
