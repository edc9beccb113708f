//! The number of functions of a component, before its compilation.

/// The length of the magic number and of the version.
const HEADER: usize = 8;
/// The section of a component with a core module.
const CORE_MODULE: u8 = 1;
/// The section of a component with another component.
const COMPONENT: u8 = 4;
/// The section of a core module that declares its functions.
const FUNCTIONS: u8 = 3;
/// The byte of the header in which the versions of modules and components differ.
const LAYER: usize = 6;
/// The maximum depth of nested components. The engine rejects deeper ones.
const MAX_DEPTH: usize = 100;

/// Returns the number of functions of a component and of the modules in it. For invalid bytes, it
/// counts those of the valid sections at the start. The engine rejects such a component.
pub(super) fn functions(component: &[u8]) -> usize {
    count(component, 0)
}

fn count(bytes: &[u8], depth: usize) -> usize {
    let is_component = bytes.get(LAYER) == Some(&1);
    let mut rest = bytes.get(HEADER..).unwrap_or_default();
    let mut found = 0_usize;
    while let Some((id, content, after)) = section(rest) {
        rest = after;
        found = found.saturating_add(match id {
            CORE_MODULE | COMPONENT if is_component && depth < MAX_DEPTH => {
                count(content, depth + 1)
            }
            FUNCTIONS if !is_component => number(content).map_or(0, |(functions, _)| functions),
            _ => 0,
        });
    }
    found
}

/// Returns the ID and the content of the first section, and the bytes after it.
fn section(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (id, rest) = bytes.split_first()?;
    let (length, rest) = number(rest)?;
    let (content, after) = rest.split_at_checked(length)?;
    Some((*id, content, after))
}

/// Reads an unsigned number in LEB128 of at most 32 bits.
fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_u64;
    for (position, byte) in bytes.iter().enumerate().take(5) {
        value |= u64::from(byte & 0x7f) << (7 * position);
        if byte & 0x80 == 0 {
            return Some((usize::try_from(value).ok()?, bytes.get(position + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_of_nested_modules_are_counted_plug_2() {
        let text = r#"(component
            (core module (func) (func))
            (component (core module (func)) (component (core module (func) (func) (func)))))"#;
        let component = wat::parse_str(text).unwrap();
        assert_eq!(functions(&component), 6);
        for end in 0..component.len() {
            assert!(functions(component.get(..end).unwrap()) <= 6);
        }
    }
}
