//! Measures a thumbnail of 512 pixels from a JPEG with 12 megapixels, on one thread, beside the
//! same steps by the crate `image` alone.
//!
//! ```text
//! cargo run --profile dist -p seaworthy-images --example thumbnail
//! ```

#![allow(clippy::print_stdout, reason = "a measurement prints its result")]

use std::{
    error::Error,
    io::Cursor,
    num::NonZeroU32,
    time::{Duration, Instant},
};

use image::{ImageFormat, Rgb, RgbImage, imageops::FilterType};
use seaworthy_images::{ImageError, Images, ImagesConfig, Rendition};

const RUNS: usize = 31;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // Edges and noise as in a photo, so that the file has some megabytes.
    let photo = RgbImage::from_fn(4000, 3000, |x, y| {
        let noise = u8::try_from(x.wrapping_mul(31).wrapping_add(y.wrapping_mul(17)) % 23);
        let level = u8::try_from((x / 40 + y / 30) % 200).unwrap_or_default();
        Rgb([level, level / 2 + 60, 200 - level / 2]
            .map(|one| one.saturating_add(noise.unwrap_or_default())))
    });
    let mut file = Cursor::new(Vec::new());
    photo.write_to(&mut file, ImageFormat::Jpeg)?;
    let file = file.into_inner();
    drop(photo);
    let images = Images::new(&ImagesConfig {
        max_concurrency: NonZeroU32::new(1),
        ..ImagesConfig::default()
    });
    let mut times = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let begun = Instant::now();
        let rendered: Result<_, ImageError> =
            images.render(file.clone(), &[Rendition::square(512)]).await;
        rendered?;
        times.push(begun.elapsed());
    }
    println!("file: {} KiB", file.len() / 1024);
    print("render", times);
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find(|line| line.starts_with("VmHWM"));
    println!("{}", peak.unwrap_or_default());
    let mut times = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let begun = Instant::now();
        bare(&file)?;
        times.push(begun.elapsed());
    }
    print("bare", times);
    Ok(())
}

/// Decodes, crops, resizes and encodes without limits.
fn bare(file: &[u8]) -> Result<Vec<u8>, image::ImageError> {
    let photo = image::load_from_memory_with_format(file, ImageFormat::Jpeg)?;
    let thumbnail = photo.resize_to_fill(512, 512, FilterType::Lanczos3);
    let mut jpeg = Cursor::new(Vec::new());
    thumbnail.write_to(&mut jpeg, ImageFormat::Jpeg)?;
    Ok(jpeg.into_inner())
}

fn print(name: &str, mut times: Vec<Duration>) {
    times.sort();
    let (median, slowest) = (times.get(RUNS / 2), times.last());
    println!("{name}: median {median:?}, slowest {slowest:?}");
}
