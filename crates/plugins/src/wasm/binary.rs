//! The sections of the binary format of WebAssembly.

/// The length of the magic number and of the version.
pub(super) const HEADER: usize = 8;
/// The section of a component with a core module.
pub(super) const CORE_MODULE: u8 = 1;
/// The section of a component that creates instances of core modules.
pub(super) const CORE_INSTANCES: u8 = 2;
/// The section of a component with another component.
pub(super) const COMPONENT: u8 = 4;
/// The section of a component that creates instances of components.
pub(super) const INSTANCES: u8 = 5;
/// The section of a core module with types.
pub(super) const TYPES: u8 = 1;
/// The section of a core module with imports.
pub(super) const IMPORTS: u8 = 2;
/// The section of a core module that declares its functions.
pub(super) const FUNCTIONS: u8 = 3;
/// The section of a core module with the code of its functions.
pub(super) const CODE: u8 = 10;
/// The section of a core module with the elements of tables.
pub(super) const ELEMENTS: u8 = 9;
/// The byte of the header in which the versions of modules and components differ.
const LAYER: usize = 6;

/// Returns whether the header is that of a component, and not that of a module.
pub(super) fn is_component(bytes: &[u8]) -> bool {
    bytes.get(LAYER) == Some(&1)
}

/// The ID and the content of a section.
type Section<'a> = (u8, &'a [u8]);

/// Returns the header, and the IDs and contents of all sections.
///
/// # Errors
/// The bytes are too short.
pub(super) fn sections(bytes: &[u8]) -> Result<(&[u8], Vec<Section<'_>>), String> {
    let too_short = || "it ends within a section".to_owned();
    let (header, mut rest) = bytes.split_at_checked(HEADER).ok_or_else(too_short)?;
    let mut sections = Vec::new();
    while !rest.is_empty() {
        let (id, content, after) = section(rest).ok_or_else(too_short)?;
        sections.push((id, content));
        rest = after;
    }
    Ok((header, sections))
}

/// Returns the ID and the content of the first section, and the bytes after it.
pub(super) fn section(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (id, rest) = bytes.split_first()?;
    let (length, rest) = number(rest)?;
    let (content, after) = rest.split_at_checked(length)?;
    Some((*id, content, after))
}

/// Reads an unsigned number in LEB128 of at most 32 bits.
pub(super) fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_u64;
    for (position, byte) in bytes.iter().enumerate().take(5) {
        value |= u64::from(byte & 0x7f) << (7 * position);
        if byte & 0x80 == 0 {
            return Some((usize::try_from(value).ok()?, bytes.get(position + 1..)?));
        }
    }
    None
}

/// Appends a section.
pub(super) fn put_section(bytes: &mut Vec<u8>, id: u8, content: &[u8]) {
    bytes.push(id);
    put_content(bytes, content);
}

/// Appends the length of a content, and the content.
pub(super) fn put_content(bytes: &mut Vec<u8>, content: &[u8]) {
    put_number(bytes, content.len());
    bytes.extend_from_slice(content);
}

/// Appends an unsigned number in LEB128.
pub(super) fn put_number(bytes: &mut Vec<u8>, mut number: usize) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            bytes.push(low & 0x7f);
            return;
        }
        bytes.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_numbers_are_read_again_plug_2() {
        for value in [0, 1, 0x7f, 0x80, 300, 0x3fff, 0x4000, 0xffff_ffff] {
            let mut bytes = Vec::new();
            put_number(&mut bytes, value);
            bytes.push(9);
            assert_eq!(number(&bytes), Some((value, &[9][..])));
        }
    }
}
