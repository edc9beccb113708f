//! Covers of the sample events, drawn by this program.

use image::{Rgb, RgbImage, codecs::jpeg::JpegEncoder};

use super::{SeedError, events::SampleEvent};

/// The size of a cover, in pixels.
const WIDTH: u32 = 800;
const HEIGHT: u32 = 400;
/// The sky and the light of each category.
const COLORS: [(&str, [f32; 3], [f32; 3]); 8] = [
    ("Music", [66.0, 32.0, 122.0], [255.0, 126.0, 182.0]),
    ("Tech", [12.0, 53.0, 91.0], [64.0, 196.0, 220.0]),
    ("Food", [158.0, 42.0, 22.0], [255.0, 209.0, 102.0]),
    ("Sports", [15.0, 107.0, 79.0], [211.0, 243.0, 107.0]),
    ("Art", [122.0, 31.0, 162.0], [255.0, 178.0, 107.0]),
    ("Outdoors", [17.0, 94.0, 103.0], [245.0, 238.0, 158.0]),
    ("Community", [29.0, 63.0, 187.0], [139.0, 233.0, 253.0]),
    ("Learning", [54.0, 48.0, 98.0], [182.0, 240.0, 156.0]),
];

/// Draws a sky with a sun above three rows of hills. The title determines their form.
pub(super) fn cover(sample: &SampleEvent) -> Result<Vec<u8>, SeedError> {
    let mut colors = COLORS.iter();
    let (_, sky, light) = colors
        .find(|(category, ..)| *category == sample.category)
        .copied()
        .unwrap_or(("", [40.0; 3], [220.0; 3]));
    let seed = sample.title.bytes().fold(7_u16, |seed, byte| {
        seed.wrapping_mul(31).wrapping_add(byte.into())
    });
    let form = f32::from(seed % 628) / 100.0;
    let sun = (0.2 + 0.6 * (form.sin() + 1.0) / 2.0, 0.35);
    let picture = RgbImage::from_fn(WIDTH, HEIGHT, |column, row| {
        let x = fraction(column, WIDTH);
        let y = fraction(row, HEIGHT);
        let distance = (2.0 * (x - sun.0)).hypot(y - sun.1);
        let glow = if distance < 0.11 {
            1.0
        } else {
            0.55 * (1.0 - distance).max(0.0)
        };
        let mut shade = 1.0;
        let mut warmth = glow * (0.35 + y / 2.0).min(1.0);
        for (index, base) in [(1.0_f32, 0.62), (2.0, 0.74), (3.0, 0.86)] {
            let hill = base
                - 0.07 * (x * (3.0 + index) + form * index).sin()
                - 0.03 * (x * 11.0 + form + index).sin();
            if y > hill {
                shade = 0.9 - 0.22 * index;
                warmth = 0.22 / index;
            }
        }
        let channels = std::array::from_fn(|channel| {
            let of = |color: [f32; 3]| color.get(channel).copied().unwrap_or_default();
            level(shade * (of(sky) + (of(light) - of(sky)) * warmth))
        });
        Rgb(channels)
    });
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 85)
        .encode_image(&picture)
        .map_err(SeedError::Picture)?;
    Ok(jpeg)
}

#[expect(clippy::cast_precision_loss, reason = "sizes have few digits")]
fn fraction(position: u32, size: u32) -> f32 {
    position as f32 / size as f32
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value is between 0 and 255"
)]
fn level(value: f32) -> u8 {
    value.clamp(0.0, 255.0) as u8
}
