//! The checks before a pixel is decoded.

use std::io::Cursor;

use bytes::Bytes;
use image::{ColorType, ImageDecoder, ImageReader, Limits, metadata::Orientation};

use crate::{ImageError, ImageFormat, ImagesConfig};

/// The size of a pixel in RGBA, the largest format of a decoded picture, in bytes.
const CONVERTED: u64 = 4;

/// The memory of a progressive JPEG in bytes per pixel: it keeps the coefficients of three
/// channels until its end, 16 bits each.
const COEFFICIENTS: u64 = 6;

/// The memory that a picture needs, in bytes.
pub(crate) struct Weight(pub(crate) u64);

/// Opens the decoder of a file. It reads the header and no pixel.
pub(crate) fn decoder(
    bytes: &Bytes,
    format: ImageFormat,
    config: &ImagesConfig,
) -> Result<impl ImageDecoder + use<>, ImageError> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(config.max_side.get());
    limits.max_image_height = Some(config.max_side.get());
    limits.max_alloc = Some(config.max_memory.get());
    let mut reader = ImageReader::with_format(Cursor::new(bytes.clone()), format.codec());
    reader.limits(limits);
    reader.into_decoder().map_err(|error| match error {
        image::ImageError::Limits(_) => declared_size(bytes, format)
            .and_then(|size| too_many_pixels(size, config))
            .unwrap_or(ImageError::TooMuchMemory(config.max_memory)),
        error => ImageError::damaged(error),
    })
}

/// Returns the width and height, in pixels, from the header of a file that exceeds a limit of the
/// decoder.
fn declared_size(bytes: &Bytes, format: ImageFormat) -> Option<(u32, u32)> {
    match format {
        // The decoder allocates rows before it returns the size.
        ImageFormat::Png => {
            let size = bytes.get(16..24)?.as_chunks::<4>().0;
            let [width, height]: [[u8; 4]; 2] = size.try_into().ok()?;
            Some((u32::from_be_bytes(width), u32::from_be_bytes(height)))
        }
        ImageFormat::Jpeg | ImageFormat::Gif | ImageFormat::Webp => {
            let file = Cursor::new(bytes.clone());
            let decoder = ImageReader::with_format(file, format.codec()).into_decoder();
            Some(decoder.ok()?.dimensions())
        }
    }
}

/// Returns the error of a picture with too many pixels.
fn too_many_pixels((width, height): (u32, u32), config: &ImagesConfig) -> Option<ImageError> {
    let pixels = u64::from(width) * u64::from(height);
    let (max_side, max_pixels) = (config.max_side.get(), config.max_pixels.get());
    (width.max(height) > max_side || pixels > max_pixels.into()).then_some(
        ImageError::TooManyPixels {
            width,
            height,
            max_side,
            max_pixels,
        },
    )
}

/// Checks the size of a file and the pixels that its header declares.
pub(crate) fn check(
    bytes: &Bytes,
    format: ImageFormat,
    config: &ImagesConfig,
) -> Result<Weight, ImageError> {
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if size > config.max_input_size.get() {
        return Err(ImageError::TooLarge(config.max_input_size));
    }
    let mut decoder = decoder(bytes, format, config)?;
    let (width, height) = decoder.dimensions();
    if let Some(error) = too_many_pixels((width, height), config) {
        return Err(error);
    }
    let pixels = u64::from(width) * u64::from(height);
    if is_truncated(bytes) {
        return Err(ImageError::damaged("the end of the file is missing"));
    }
    // The decoded picture, the file in the decoder, and a picture with other channels.
    let is_kept = matches!(decoder.color_type(), ColorType::Rgb8 | ColorType::Rgba8);
    let converted = if is_kept { 0 } else { pixels * CONVERTED };
    let coefficients = if is_progressive(bytes) {
        pixels * COEFFICIENTS
    } else {
        0
    };
    // Other orientations change the picture in place.
    let is_in_place = matches!(
        decoder.orientation(),
        Ok(Orientation::NoTransforms
            | Orientation::Rotate180
            | Orientation::FlipHorizontal
            | Orientation::FlipVertical)
    );
    let decoded = decoder.total_bytes();
    let rotated = if is_in_place { 0 } else { decoded };
    let weight = [size, converted, coefficients, rotated]
        .into_iter()
        .fold(decoded, u64::saturating_add);
    if weight > config.max_memory.get() {
        return Err(ImageError::TooMuchMemory(config.max_memory));
    }
    Ok(Weight(weight))
}

/// Returns true for a progressive JPEG (ITU-T T.81, table B.1), and for a JPEG without a frame
/// header.
fn is_progressive(bytes: &[u8]) -> bool {
    if ImageFormat::detect(bytes) != Some(ImageFormat::Jpeg) {
        return false;
    }
    let mut rest = bytes.get(2..).unwrap_or_default();
    loop {
        rest = match rest {
            // Skip fill bytes, and markers without a length.
            [0xff, 0xff, ..] => rest.get(1..).unwrap_or_default(),
            [0xff, 0x01 | 0xd0..=0xd8, rest @ ..] => rest,
            [0xff, 0xc4 | 0xc8 | 0xcc, high, low, ..] => after_segment(rest, *high, *low),
            [0xff, frame @ 0xc0..=0xcf, ..] => return frame & 0b11 == 0b10,
            [0xff, _, high, low, ..] => after_segment(rest, *high, *low),
            _ => return true,
        };
    }
}

/// Returns true for a JPEG without an end after its first scan (ITU-T T.81, table B.1). The decoder
/// would fill the missing part with gray.
fn is_truncated(bytes: &[u8]) -> bool {
    if ImageFormat::detect(bytes) != Some(ImageFormat::Jpeg) {
        return false;
    }
    let mut rest = bytes.get(2..).unwrap_or_default();
    loop {
        rest = match rest {
            [0xff, 0xff, ..] => rest.get(1..).unwrap_or_default(),
            [0xff, 0x01 | 0xd0..=0xd8, rest @ ..] => rest,
            [0xff, 0xda, scan @ ..] => {
                // Compressed data has no marker, so this is the end of the picture.
                return !scan.windows(2).rev().any(|pair| pair == [0xff, 0xd9]);
            }
            [0xff, _, high, low, ..] => after_segment(rest, *high, *low),
            _ => return true,
        };
    }
}

/// The bytes after a segment, whose length includes its own two bytes.
fn after_segment(rest: &[u8], high: u8, low: u8) -> &[u8] {
    let length = usize::from(u16::from_be_bytes([high, low])) + 2;
    rest.get(length..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, ImageFormat as Codec};

    use super::*;

    fn jpeg() -> Vec<u8> {
        let mut file = Cursor::new(Vec::new());
        let picture = DynamicImage::new_rgb8(64, 48);
        picture.write_to(&mut file, Codec::Jpeg).unwrap();
        file.into_inner()
    }

    /// Changes the marker of the frame from baseline to progressive.
    fn progressive(mut file: Vec<u8>) -> Vec<u8> {
        let frame = file.windows(2).position(|pair| pair == [0xff, 0xc0]);
        file[frame.unwrap() + 1] = 0xc2;
        file
    }

    fn weight(file: Vec<u8>) -> u64 {
        let (file, config) = (file.into(), ImagesConfig::default());
        check(&file, ImageFormat::Jpeg, &config).unwrap().0
    }

    #[test]
    fn weight_of_progressive_jpeg_includes_coefficients_file_1() {
        let baseline = jpeg();
        let size = baseline.len() as u64;
        assert_eq!(weight(baseline.clone()), 64 * 48 * 3 + size);
        assert_eq!(weight(progressive(baseline)), 64 * 48 * 9 + size);
    }

    #[test]
    fn jpeg_without_frame_counts_as_progressive_file_1() {
        assert!(is_progressive(b"\xff\xd8\xff\xe0\x00\x04ab"));
        assert!(!is_progressive(b"GIF89a"));
    }
}
