//! An image is decoded without a pixel limit.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_unless_kept};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "FILE-1.unbounded-image",
        title: "An image is decoded without a pixel limit",
        severity: Severity::Medium,
        category: Category::Resilience,
        meaning: "Go: `image.Decode` of an upload in a file without `DecodeConfig`. Java: `ImageIO.read` of a `MultipartFile` without a check of the dimensions. Explicit removals of the default limit: `MAX_IMAGE_PIXELS = None` (Pillow), `limitInputPixels: false` (sharp), `no_limits()` (Rust).",
        why: "A file of a few kilobytes can declare 50,000 × 50,000 pixels. Its decoder then allocates gigabytes of memory.",
        fix: &[
            (
                "Go",
                "`image.DecodeConfig` first, and reject images of more than about 40 million pixels.",
            ),
            (
                "Java",
                "Read the dimensions with `ImageIO.getImageReaders` first.",
            ),
            (
                "any",
                "Read the dimensions from the header, and reject the image before it is decoded.",
            ),
        ],
        references: &["https://cwe.mitre.org/data/definitions/409.html"],
    },
    check: Check::Service(|_, service| observed_unless_kept(service, Practice::ImagePixels)),
};
