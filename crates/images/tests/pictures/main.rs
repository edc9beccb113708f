//! Pictures, bombs and polyglots (FILE-1).

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod corpus;

use std::{io::Cursor, num::NonZeroU32};

use image::{
    DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Rgb, RgbImage, Rgba, RgbaImage,
};
use seaworthy_core::ByteSize;
use seaworthy_images::{
    Crop, ImageError, ImageFormat as PictureFormat, Images, ImagesConfig, Picture, Rendition,
};

const RED: Rgb<u8> = Rgb([220, 20, 20]);
const BLUE: Rgb<u8> = Rgb([20, 20, 220]);

/// The left half is red, the right half is blue.
fn halves(width: u32, height: u32) -> DynamicImage {
    RgbImage::from_fn(width, height, |x, _| if x < width / 2 { RED } else { BLUE }).into()
}

fn file(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn decoded(picture: &Picture) -> RgbImage {
    let reader = ImageReader::with_format(Cursor::new(&picture.jpeg), ImageFormat::Jpeg);
    reader.decode().unwrap().into_rgb8()
}

fn is_like(pixel: &Rgb<u8>, expected: Rgb<u8>) -> bool {
    let channels = pixel.0.iter().zip(expected.0);
    channels
        .into_iter()
        .all(|(one, other)| one.abs_diff(other) < 30)
}

fn images() -> Images {
    Images::new(&ImagesConfig::default())
}

async fn one(bytes: Vec<u8>, rendition: Rendition) -> Result<Picture, ImageError> {
    let mut pictures = images().render(bytes, &[rendition]).await?;
    Ok(pictures.remove(0))
}

#[tokio::test]
async fn renders_all_four_formats_as_jpeg_file_1() {
    for format in [
        ImageFormat::Jpeg,
        ImageFormat::Png,
        ImageFormat::Gif,
        ImageFormat::WebP,
    ] {
        let picture = one(file(&halves(600, 400), format), Rendition::width(300))
            .await
            .unwrap();
        assert_eq!((picture.width, picture.height), (300, 200), "{format:?}");
        assert!(picture.jpeg.starts_with(b"\xff\xd8\xff"));
        let pixels = decoded(&picture);
        assert!(is_like(pixels.get_pixel(20, 100), RED), "{format:?}");
        assert!(is_like(pixels.get_pixel(280, 100), BLUE), "{format:?}");
    }
}

#[tokio::test]
async fn crops_fractions_of_the_picture_file_1() {
    let crop = Crop {
        x: 0.5,
        y: 0.0,
        width: 0.5,
        height: 1.0,
    };
    let bytes = file(&halves(400, 200), ImageFormat::Png);
    let picture = one(bytes.clone(), Rendition::square(64).crop(crop))
        .await
        .unwrap();
    assert!(decoded(&picture).pixels().all(|pixel| is_like(pixel, BLUE)));
    let outside = Crop { x: 1.5, ..crop };
    let refused = one(bytes, Rendition::square(64).crop(outside)).await;
    assert!(matches!(refused, Err(ImageError::EmptyCrop)));
}

/// A JPEG with an EXIF segment that has only an orientation.
fn with_orientation(orientation: u8) -> Vec<u8> {
    let jpeg = file(&halves(200, 100), ImageFormat::Jpeg);
    let tiff = [
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".as_slice(),
        &[orientation, 0, 0, 0],
        b"\0\0\0\0secret position",
    ]
    .concat();
    let length = u16::try_from(tiff.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &tiff, &jpeg[2..]].concat()
}

#[tokio::test]
async fn applies_orientation_and_removes_metadata_file_1() {
    // The corner of the output that is red, for each orientation of EXIF.
    for (orientation, size, red) in [
        (1, (200, 100), (5, 50)),
        (2, (200, 100), (195, 50)),
        (3, (200, 100), (195, 50)),
        (4, (200, 100), (5, 50)),
        (5, (100, 200), (50, 5)),
        (6, (100, 200), (50, 5)),
        (7, (100, 200), (50, 195)),
        (8, (100, 200), (50, 195)),
    ] {
        let bytes = with_orientation(orientation);
        assert!(bytes.windows(6).any(|part| part == b"secret"));
        let picture = one(bytes, Rendition::width(1000)).await.unwrap();
        assert_eq!((picture.width, picture.height), size, "{orientation}");
        let pixels = decoded(&picture);
        assert!(
            is_like(pixels.get_pixel(red.0, red.1), RED),
            "{orientation}"
        );
        assert!(!picture.jpeg.windows(6).any(|part| part == b"secret"));
        assert!(!picture.jpeg.windows(4).any(|part| part == b"Exif"));
    }
}

#[tokio::test]
async fn shows_transparent_pixels_on_white_file_1() {
    let clear = RgbaImage::from_pixel(64, 64, Rgba([0, 0, 0, 0]));
    let picture = one(file(&clear.into(), ImageFormat::Png), Rendition::square(32))
        .await
        .unwrap();
    let white = Rgb([255, 255, 255]);
    assert!(
        decoded(&picture)
            .pixels()
            .all(|pixel| is_like(pixel, white))
    );
}

/// A PNG of 65 bytes that declares a square of this side.
fn png_bomb(side: u32) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let header = [
        &side.to_be_bytes()[..],
        &side.to_be_bytes(),
        &[8, 6, 0, 0, 0],
    ]
    .concat();
    for (kind, data) in [(b"IHDR", &header[..]), (b"IDAT", &[]), (b"IEND", &[])] {
        let typed = [&kind[..], data].concat();
        png.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        png.extend(&typed);
        png.extend(crc32(&typed).to_be_bytes());
    }
    png
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

/// The resident memory of this process, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = status.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

#[tokio::test]
async fn rejects_bombs_from_their_header_file_1() {
    let mut jpeg = file(&halves(64, 64), ImageFormat::Jpeg);
    let frame = jpeg
        .windows(2)
        .position(|part| part == [0xff, 0xc0])
        .unwrap();
    jpeg[frame + 5..frame + 9].fill(0xff);
    let mut gif = file(&halves(64, 64), ImageFormat::Gif);
    gif[6..10].fill(0xff);
    let bombs = [
        ("png", png_bomb(16_384)),
        ("png wide", png_bomb(8_000)),
        ("jpeg", jpeg),
        ("gif", gif),
    ];
    for (name, bomb) in bombs {
        let before = resident();
        let refused = one(bomb, Rendition::square(64)).await.unwrap_err();
        // A decoder would report damaged pixels, because a bomb has fewer pixels than declared.
        assert_eq!(refused.reason(), "TOO_MANY_PIXELS", "{name}: {refused}");
        // Half of the smallest bomb, because concurrent tests also use memory.
        assert!(resident().saturating_sub(before) < 128 << 20, "{name}");
    }
}

#[tokio::test]
async fn rejects_files_that_are_not_pictures_file_1() {
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    for bytes in [
        &b""[..],
        b"\xff\xd8",
        svg,
        b"%PDF-1.7",
        b"PK\x03\x04",
        b"MZ",
        b"\0\0\0\x1cftypavif",
    ] {
        let refused = one(bytes.to_vec(), Rendition::square(64))
            .await
            .unwrap_err();
        assert!(
            matches!(refused, ImageError::UnknownFormat { .. }),
            "{refused}"
        );
    }
    for magic in [
        &b"\xff\xd8\xff"[..],
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"RIFF\0\0\0\0WEBP",
    ] {
        let bytes = [magic, b"<script>"].concat();
        let refused = one(bytes, Rendition::square(64)).await.unwrap_err();
        assert!(matches!(refused, ImageError::Damaged(_)), "{refused}");
    }
}

#[tokio::test]
async fn rejects_formats_that_are_not_accepted_file_1() {
    let accepted = &[PictureFormat::Jpeg, PictureFormat::Png, PictureFormat::Webp];
    let images = Images::with_formats(&ImagesConfig::default(), accepted);
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let bytes = file(&halves(64, 64), format);
        let rendered = images.render(bytes, &[Rendition::square(16)]).await;
        assert!(rendered.is_ok(), "{format:?}: {rendered:?}");
    }
    for bytes in [
        file(&halves(64, 64), ImageFormat::Gif),
        b"%PDF-1.7".to_vec(),
    ] {
        let refused = images.render(bytes, &[Rendition::square(16)]).await;
        assert_eq!(
            refused.unwrap_err().to_string(),
            "the format of the file is not accepted: use JPEG, PNG or WebP"
        );
    }
}

#[tokio::test]
async fn hidden_content_does_not_survive_file_1() {
    let secret = b"PK\x03\x04<script>alert(1)</script>";
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif] {
        let bytes = [&file(&halves(100, 100), format)[..], secret].concat();
        let picture = one(bytes, Rendition::square(64)).await.unwrap();
        assert!(!picture.jpeg.windows(8).any(|part| part == b"<script>"));
    }
}

#[tokio::test]
async fn damaged_files_are_rejected_and_never_panic_file_1() {
    for format in [
        ImageFormat::Jpeg,
        ImageFormat::Png,
        ImageFormat::Gif,
        ImageFormat::WebP,
    ] {
        let whole = file(&halves(40, 30), format);
        let mut state = 7_u64;
        for round in 0..200 {
            let mut bytes = whole.clone();
            for _ in 0..=round % 4 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                let index = usize::try_from(state >> 33).unwrap() % bytes.len();
                bytes[index] ^= u8::try_from(state >> 20 & 0xff).unwrap();
            }
            bytes.truncate(bytes.len() - round % 3 * bytes.len() / 4);
            if let Err(error) = one(bytes, Rendition::square(16)).await {
                assert!(!error.is_transient(), "{format:?}: {error:?}");
            }
        }
    }
}

#[tokio::test]
async fn limits_are_those_of_the_settings_file_1() {
    let bytes = file(&halves(200, 100), ImageFormat::Png);
    let narrow = ImagesConfig {
        max_side: NonZeroU32::new(199).unwrap(),
        ..ImagesConfig::default()
    };
    let few = ImagesConfig {
        max_pixels: NonZeroU32::new(19_999).unwrap(),
        ..ImagesConfig::default()
    };
    let small = ImagesConfig {
        max_input_size: ByteSize::bytes(10),
        ..ImagesConfig::default()
    };
    let tight = ImagesConfig {
        max_memory: ByteSize::bytes(50_000),
        ..ImagesConfig::default()
    };
    for (config, reason) in [
        (narrow, "TOO_MANY_PIXELS"),
        (few, "TOO_MANY_PIXELS"),
        (small, "TOO_LARGE"),
        (tight, "TOO_MUCH_MEMORY"),
    ] {
        let refused = Images::new(&config)
            .render(bytes.clone(), &[Rendition::square(16)])
            .await;
        assert_eq!(refused.unwrap_err().reason(), reason);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_pictures_wait_for_memory_file_1() {
    let bytes = file(&halves(1000, 1000), ImageFormat::Png);
    // Enough for one picture at a time.
    let config = ImagesConfig {
        max_memory: ByteSize::mebibytes(4),
        ..ImagesConfig::default()
    };
    let images = Images::new(&config);
    let calls = (0..8).map(|_| {
        let (images, bytes) = (images.clone(), bytes.clone());
        tokio::spawn(async move { images.render(bytes, &[Rendition::square(64)]).await })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap().unwrap()[0].width, 64);
    }
}

#[tokio::test]
async fn converts_profiles_to_srgb_file_1() {
    // Display P3 has a more saturated red than sRGB, so its pure red is clipped in sRGB.
    let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut bytes);
    image::ImageEncoder::set_icc_profile(&mut encoder, profile).unwrap();
    let gray_red = RgbImage::from_pixel(32, 32, Rgb([180, 60, 60]));
    gray_red.write_with_encoder(encoder).unwrap();
    let picture = one(bytes, Rendition::square(32)).await.unwrap();
    let pixel = *decoded(&picture).get_pixel(16, 16);
    assert!(pixel.0[0] > 184 && pixel.0[1] < 58, "{pixel:?}");
    let mut decoder = ImageReader::with_format(Cursor::new(&picture.jpeg), ImageFormat::Jpeg)
        .into_decoder()
        .unwrap();
    assert_eq!(decoder.icc_profile().unwrap(), None);
}
