//! 300 generated files: good ones become pictures, all others are rejected, in bounded memory.

use image::{DynamicImage, ImageFormat};
use seaworthy_core::ByteSize;
use seaworthy_images::{Images, ImagesConfig, Rendition};

use super::{crc32, file, halves, png_bomb, with_orientation};

const FORMATS: [ImageFormat; 4] = [
    ImageFormat::Jpeg,
    ImageFormat::Png,
    ImageFormat::Gif,
    ImageFormat::WebP,
];
const PAYLOADS: [&[u8]; 6] = [
    b"PK\x03\x04 an archive",
    b"<script>alert(1)</script>",
    b"%PDF-1.7 a document",
    b"<?php system($_GET[0]); ?>",
    b"MZ a program",
    b"#!/bin/sh\nexit 1\n",
];
/// The budget of all pictures that are decoded at the same time.
const MAX_MEMORY: u64 = 64 << 20;
/// Stacks of threads, the corpus in the allocator, and fragmentation.
const OVERHEAD: u64 = 64 << 20;

#[derive(Debug)]
enum Expected {
    /// A picture of this size.
    Picture(u32, u32),
    /// A picture without this content, or none.
    Without(&'static [u8]),
    Rejected,
}

struct Case {
    name: String,
    bytes: Vec<u8>,
    expected: Expected,
}

fn case(name: impl Into<String>, bytes: Vec<u8>, expected: Expected) -> Case {
    Case {
        name: name.into(),
        bytes,
        expected,
    }
}

fn good() -> Vec<Case> {
    let sizes = [
        (1, 1),
        (1, 2),
        (3, 7),
        (16, 16),
        (17, 33),
        (64, 64),
        (200, 100),
        (1000, 10),
        (10, 1000),
        (1200, 900),
    ];
    let mut cases = Vec::new();
    for format in FORMATS {
        for (width, height) in sizes {
            let bytes = file(&halves(width, height), format);
            let name = format!("{format:?} {width}x{height}");
            cases.push(case(name, bytes, Expected::Picture(width, height)));
        }
    }
    let picture = halves(40, 30);
    let channels: [(&str, DynamicImage); 7] = [
        ("L8", picture.to_luma8().into()),
        ("La8", picture.to_luma_alpha8().into()),
        ("Rgba8", picture.to_rgba8().into()),
        ("L16", picture.to_luma16().into()),
        ("La16", picture.to_luma_alpha16().into()),
        ("Rgb16", picture.to_rgb16().into()),
        ("Rgba16", picture.to_rgba16().into()),
    ];
    for (name, picture) in channels {
        let bytes = file(&picture, ImageFormat::Png);
        cases.push(case(name, bytes, Expected::Picture(40, 30)));
    }
    for orientation in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 255] {
        let expected = match orientation {
            5..=8 => Expected::Picture(100, 200),
            _ => Expected::Picture(200, 100),
        };
        let bytes = with_orientation(orientation);
        cases.push(case(format!("orientation {orientation}"), bytes, expected));
    }
    cases
}

fn polyglots() -> Vec<Case> {
    let mut cases = Vec::new();
    for format in FORMATS {
        let picture = file(&halves(64, 48), format);
        for payload in PAYLOADS {
            let name = format!("{format:?} and {}", String::from_utf8_lossy(payload));
            let after = [&picture, payload].concat();
            cases.push(case(name.clone(), after, Expected::Without(payload)));
            let before = [payload, &picture].concat();
            cases.push(case(name, before, Expected::Rejected));
        }
    }
    cases
}

fn truncated() -> Vec<Case> {
    let mut cases = Vec::new();
    for format in FORMATS {
        let whole = file(&halves(120, 90), format);
        // Not the last two bytes: a GIF ends with a trailer that no decoder needs.
        for part in 0..24 {
            let mut bytes = whole.clone();
            bytes.truncate((whole.len() - 2) * part / 24);
            let name = format!("{format:?} with {} of {} bytes", bytes.len(), whole.len());
            cases.push(case(name, bytes, Expected::Rejected));
        }
    }
    cases
}

/// Sets the size in the header.
fn with_size(mut bytes: Vec<u8>, format: ImageFormat, width: u16, height: u16) -> Vec<u8> {
    match format {
        ImageFormat::Jpeg => {
            let frame = bytes.windows(2).position(|part| part == [0xff, 0xc0]);
            let frame = frame.unwrap();
            bytes[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
            bytes[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
        }
        ImageFormat::Png => {
            bytes[16..20].copy_from_slice(&u32::from(width).to_be_bytes());
            bytes[20..24].copy_from_slice(&u32::from(height).to_be_bytes());
            let crc = crc32(&bytes[12..29]).to_be_bytes();
            bytes[29..33].copy_from_slice(&crc);
        }
        ImageFormat::Gif => {
            // The logical screen and the first frame.
            let frame = bytes.iter().rposition(|byte| *byte == 0x2c).unwrap();
            for start in [6, frame + 5] {
                bytes[start..start + 2].copy_from_slice(&width.to_le_bytes());
                bytes[start + 2..start + 4].copy_from_slice(&height.to_le_bytes());
            }
        }
        _ => {
            // VP8L: 14 bits each, less one, after the signature.
            let packed = u32::from(width - 1) | u32::from(height - 1) << 14;
            let start = bytes.windows(4).position(|part| part == b"VP8L").unwrap() + 9;
            let old = u32::from_le_bytes(bytes[start..start + 4].try_into().unwrap());
            let new = old & 0xf000_0000 | packed;
            bytes[start..start + 4].copy_from_slice(&new.to_le_bytes());
        }
    }
    bytes
}

fn wrong_sizes() -> Vec<Case> {
    let mut cases = Vec::new();
    for format in FORMATS {
        let whole = file(&halves(64, 48), format);
        // More pixels than the file has, and more than the limits allow.
        for (width, height) in [
            (64, 480),
            (640, 480),
            (2_000, 2_000),
            (8_001, 8),
            (8, 8_001),
            (8_000, 8_000),
            (16_000, 16_000),
            (16_383, 16_383),
        ] {
            let bytes = with_size(whole.clone(), format, width, height);
            let name = format!("{format:?} that declares {width}x{height}");
            // A JPEG decoder fills blocks that are missing before the end with gray.
            let expected = match format {
                ImageFormat::Jpeg if width.max(height) <= 2_000 => {
                    Expected::Picture(width.into(), height.into())
                }
                _ => Expected::Rejected,
            };
            cases.push(case(name, bytes, expected));
        }
    }
    for side in [1, 100, 4_000, 8_000, 16_384, 65_535, i32::MAX as u32] {
        let name = format!("PNG of 65 bytes that declares {side}x{side}");
        cases.push(case(name, png_bomb(side), Expected::Rejected));
    }
    cases
}

fn other_files() -> Vec<Case> {
    let texts: [&[u8]; 14] = [
        b"",
        b"\0",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<!doctype html><title>x</title>",
        b"BM\0\0\0\0",
        b"II*\0\x08\0\0\0",
        b"MM\0*",
        b"\0\0\x01\0",
        b"\0\0\0\x1cftypavif",
        b"\0\0\0\x18ftypheic",
        b"8BPS",
        b"qoif",
        b"RIFF\0\0\0\0WAVE",
        b"gimp xcf",
    ];
    let magics: [&[u8]; 4] = [
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"RIFF\0\0\0\0WEBP",
    ];
    let mut cases = Vec::new();
    for bytes in texts.into_iter().chain(PAYLOADS) {
        let name = String::from_utf8_lossy(bytes).into_owned();
        cases.push(case(name.clone(), bytes.to_vec(), Expected::Rejected));
        for magic in magics {
            let disguised = [magic, bytes].concat();
            cases.push(case(
                format!("{magic:?} {name}"),
                disguised,
                Expected::Rejected,
            ));
        }
    }
    cases
}

/// The highest resident memory of this process since the last reset, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kibibytes: u64 = line
        .unwrap()
        .split_whitespace()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    kibibytes << 10
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn corpus_yields_only_good_pictures_in_bounded_memory_file_1() {
    let cases: Vec<_> = [
        good(),
        polyglots(),
        truncated(),
        wrong_sizes(),
        other_files(),
    ]
    .into_iter()
    .flatten()
    .collect();
    assert!(cases.len() >= 300, "{} files", cases.len());
    let config = ImagesConfig {
        max_memory: ByteSize::bytes(MAX_MEMORY),
        ..ImagesConfig::default()
    };
    let images = Images::new(&config);
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = peak();
    let mut wrong = Vec::new();
    for cases in cases.chunks(8) {
        let whole = [Rendition::width(8_000)];
        let rendered = cases
            .iter()
            .map(|case| images.render(case.bytes.clone(), &whole));
        let rendered = futures::future::join_all(rendered).await;
        for (case, rendered) in cases.iter().zip(rendered) {
            let is_expected = match (&case.expected, &rendered) {
                (Expected::Picture(width, height), Ok(pictures)) => {
                    (pictures[0].width, pictures[0].height) == (*width, *height)
                }
                (Expected::Without(payload), Ok(pictures)) => {
                    let mut windows = pictures[0].jpeg.windows(payload.len());
                    !windows.any(|part| part == *payload)
                }
                (Expected::Without(_) | Expected::Rejected, Err(error)) => !error.is_transient(),
                _ => false,
            };
            if !is_expected {
                let rendered = rendered.map(|pictures| (pictures[0].width, pictures[0].height));
                wrong.push(format!("{}: {:?}, {rendered:?}", case.name, case.expected));
            }
        }
    }
    assert!(wrong.is_empty(), "{} files: {wrong:#?}", wrong.len());
    let used = peak().saturating_sub(before);
    assert!(used <= MAX_MEMORY + OVERHEAD, "{used} bytes");
}
