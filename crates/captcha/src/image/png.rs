//! Encodes a grayscale image as PNG (W3C, third edition).

use std::io::{self, Write as _};

use flate2::{Compression, Crc, write::ZlibEncoder};

const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];
/// The format in the header: eight bits per pixel, grayscale, without interlacing.
const FORMAT: [u8; 5] = [8, 0, 0, 0, 0];
/// The filter of each row: none.
const NO_FILTER: u8 = 0;

/// Encodes rows of `width` bytes, one byte per pixel.
///
/// # Errors
/// The encoder fails. It does not fail in memory.
pub(super) fn encode(width: u32, height: u32, pixels: &[u8]) -> io::Result<Vec<u8>> {
    let mut data = ZlibEncoder::new(Vec::new(), Compression::default());
    for row in pixels.chunks(usize::try_from(width).unwrap_or(usize::MAX)) {
        data.write_all(&[NO_FILTER])?;
        data.write_all(row)?;
    }
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &FORMAT].concat();
    let mut file = SIGNATURE.to_vec();
    chunk(&mut file, b"IHDR", &header);
    chunk(&mut file, b"IDAT", &data.finish()?);
    chunk(&mut file, b"IEND", &[]);
    Ok(file)
}

fn chunk(file: &mut Vec<u8>, name: &[u8; 4], content: &[u8]) {
    let mut check = Crc::new();
    check.update(name);
    check.update(content);
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    file.extend(length.to_be_bytes());
    file.extend(name);
    file.extend(content);
    file.extend(check.sum().to_be_bytes());
}
