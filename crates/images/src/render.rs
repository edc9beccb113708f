//! The steps on a blocking thread.

use bytes::Bytes;
use fast_image_resize::{
    FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer,
    images::{Image, ImageRef},
};
use image::{DynamicImage, ImageDecoder as _, RgbImage, codecs::jpeg::JpegEncoder};

use crate::{
    ImageError, ImageFormat, ImagesConfig, Picture, Rendition, color::Profile, header,
    rendition::Plan,
};

/// Decodes a file once and creates all renditions.
pub(crate) fn render(
    bytes: &Bytes,
    format: ImageFormat,
    config: &ImagesConfig,
    renditions: &[Rendition],
) -> Result<Vec<Picture>, ImageError> {
    let mut decoder = header::decoder(bytes, format, config)?;
    let orientation = decoder.orientation().map_err(ImageError::damaged)?;
    // A profile that cannot be read does not make the pixels unreadable.
    let profile = Profile::parse(decoder.icc_profile().unwrap_or_default());
    let mut decoded = DynamicImage::from_decoder(decoder).map_err(ImageError::damaged)?;
    decoded.apply_orientation(orientation);
    let source = Source::new(decoded);
    renditions
        .iter()
        .map(|rendition| {
            let plan = rendition.plan(source.width, source.height);
            let resized = source.resize(&plan.ok_or(ImageError::EmptyCrop)?)?;
            let resized = match &profile {
                Some(profile) => profile.apply(resized),
                None => resized,
            };
            encode(&resized, config.quality.get())
        })
        .collect()
}

/// A decoded picture with three or four channels.
struct Source {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
    kind: PixelType,
}

impl Source {
    fn new(decoded: DynamicImage) -> Self {
        let (width, height) = (decoded.width(), decoded.height());
        let (pixels, kind) = if decoded.color().has_alpha() {
            (decoded.into_rgba8().into_raw(), PixelType::U8x4)
        } else {
            (decoded.into_rgb8().into_raw(), PixelType::U8x3)
        };
        Self {
            width,
            height,
            pixels,
            kind,
        }
    }

    fn resize(&self, plan: &Plan) -> Result<RgbImage, ImageError> {
        let source = ImageRef::new(self.width, self.height, &self.pixels, self.kind)
            .map_err(ImageError::failed)?;
        let (width, height) = plan.output;
        let mut output = Image::new(width, height, self.kind);
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
            .crop(plan.left, plan.top, plan.width, plan.height);
        Resizer::new()
            .resize(&source, &mut output, &options)
            .map_err(ImageError::failed)?;
        let pixels = match self.kind {
            PixelType::U8x4 => on_white(output.buffer()),
            _ => output.into_vec(),
        };
        RgbImage::from_raw(width, height, pixels)
            .ok_or_else(|| ImageError::failed("the resized picture has another size"))
    }
}

/// Returns the pixels on a white background, because JPEG has no transparency.
fn on_white(rgba: &[u8]) -> Vec<u8> {
    let blend = |channel: u8, alpha: u8| {
        let (channel, alpha) = (u16::from(channel), u16::from(alpha));
        let sum = channel * alpha + 255 * (255 - alpha);
        u8::try_from((sum + 127) / 255).unwrap_or(u8::MAX)
    };
    let (pixels, _) = rgba.as_chunks::<4>();
    pixels
        .iter()
        .flat_map(|[red, green, blue, alpha]| {
            [red, green, blue].map(|channel| blend(*channel, *alpha))
        })
        .collect()
}

fn encode(picture: &RgbImage, quality: u8) -> Result<Picture, ImageError> {
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, quality.min(100))
        .encode_image(picture)
        .map_err(ImageError::failed)?;
    Ok(Picture {
        jpeg: jpeg.into(),
        width: picture.width(),
        height: picture.height(),
    })
}
