//! The checks before a pixel is decoded.

use std::io::Cursor;

use bytes::Bytes;
use image::{ColorType, ImageDecoder, ImageReader, Limits};

use crate::{ImageError, ImageFormat, ImagesConfig};

/// RGBA, into which every picture is converted at most. In bytes per pixel.
const CONVERTED: u64 = 4;

/// The memory that a picture needs, in bytes.
pub(crate) struct Weight(pub(crate) u64);

/// Opens the decoder of a file. It reads the header and no pixel.
pub(crate) fn decoder(
    bytes: &Bytes,
    config: &ImagesConfig,
) -> Result<impl ImageDecoder + use<>, ImageError> {
    let format = ImageFormat::of(bytes).ok_or(ImageError::UnknownFormat)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(config.max_side.get());
    limits.max_image_height = Some(config.max_side.get());
    limits.max_alloc = Some(config.max_memory.get());
    let mut reader = ImageReader::with_format(Cursor::new(bytes.clone()), format.codec());
    reader.limits(limits);
    reader.into_decoder().map_err(|error| match error {
        image::ImageError::Limits(_) => ImageError::TooMuchMemory(config.max_memory),
        error => ImageError::Damaged(error),
    })
}

/// Checks the size of a file and the pixels that its header declares.
pub(crate) fn check(bytes: &Bytes, config: &ImagesConfig) -> Result<Weight, ImageError> {
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if size > config.max_input_size.get() {
        return Err(ImageError::TooLarge(config.max_input_size));
    }
    let decoder = decoder(bytes, config)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    let (max_side, max_pixels) = (config.max_side.get(), config.max_pixels.get());
    if width.max(height) > max_side || pixels > max_pixels.into() {
        return Err(ImageError::TooManyPixels {
            width,
            height,
            max_side,
            max_pixels,
        });
    }
    // The decoded picture, the file in the decoder, and a picture with other channels.
    let is_kept = matches!(decoder.color_type(), ColorType::Rgb8 | ColorType::Rgba8);
    let converted = if is_kept { 0 } else { pixels * CONVERTED };
    let weight = decoder
        .total_bytes()
        .saturating_add(size)
        .saturating_add(converted);
    if weight > config.max_memory.get() {
        return Err(ImageError::TooMuchMemory(config.max_memory));
    }
    Ok(Weight(weight))
}
