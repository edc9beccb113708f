//! Changes of core modules in binary form.

/// The section of a module with its imports.
const IMPORTS: u8 = 2;
/// The section of a module with its exports.
const EXPORTS: u8 = 7;
/// The section of a module with the bodies of its functions.
const CODE: u8 = 10;
/// The length of the magic number and the version at the start of a module.
const HEAD: usize = 8;
/// Replaces the bodies of exported functions by constants from 0 to 63. `constant` returns the one
/// of an export by its name, or `None` if its body stays. The module imports functions only.
pub(crate) fn with_constants(module: &[u8], constant: impl Fn(&str) -> Option<u8>) -> Vec<u8> {
    let (mut imported, mut constants) = (0, Vec::new());
    let (head, mut rest) = module.split_at(HEAD);
    let mut changed = head.to_vec();
    while let Some((id, after)) = rest.split_first() {
        rest = after;
        let mut content = take_bytes(&mut rest);
        let mut section = content.to_vec();
        match *id {
            IMPORTS => imported = number(&mut content),
            EXPORTS => {
                for _ in 0..number(&mut content) {
                    let name = std::str::from_utf8(take_bytes(&mut content)).unwrap();
                    let (kind, after) = content.split_first().unwrap();
                    content = after;
                    let index = number(&mut content);
                    if let (0, Some(value)) = (kind, constant(name)) {
                        constants.push((index, value));
                    }
                }
            }
            CODE => {
                let count = number(&mut content);
                section = leb(count);
                for index in imported..imported + count {
                    let body = take_bytes(&mut content);
                    let value = constants.iter().find(|(function, _)| *function == index);
                    let body = value.map_or(body.to_vec(), |(_, value)| constant_body(*value));
                    section.extend(leb(body.len()));
                    section.extend(body);
                }
            }
            _ => {}
        }
        changed.push(*id);
        changed.extend(leb(section.len()));
        changed.extend(section);
    }
    changed
}

/// Returns the body of a function without locals: `i32.const` and `end`.
fn constant_body(value: u8) -> Vec<u8> {
    vec![0, 0x41, value, 0x0b]
}

/// Takes a length and as many bytes.
fn take_bytes<'a>(from: &mut &'a [u8]) -> &'a [u8] {
    let length = number(from);
    let (bytes, rest) = from.split_at(length);
    *from = rest;
    bytes
}

/// Takes a number in LEB128.
fn number(from: &mut &[u8]) -> usize {
    let mut value = 0;
    for shift in (0..).step_by(7) {
        let (byte, rest) = from.split_first().unwrap();
        *from = rest;
        value |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    value
}

/// Returns a number in LEB128.
fn leb(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(value & 0x7f).unwrap();
        value >>= 7;
        match value {
            0 => {
                bytes.push(low);
                return bytes;
            }
            _ => bytes.push(low | 0x80),
        }
    }
}
