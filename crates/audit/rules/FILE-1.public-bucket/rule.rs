//! Anyone can read the objects of a bucket.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "FILE-1.public-bucket",
        title: "Anyone can read the objects of a bucket",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "A public ACL (`public-read`), a bucket policy for the principal `*`, `block_public_acls = false`, or `mc anonymous set` in code, manifests, Terraform and scripts.",
        why: "Every object that is stored later is public too, also one that a user did not publish. Buckets are found by their names.",
        fix: &[(
            "any",
            "Keep the bucket private. Serve its objects through the service, or with signed URLs that expire.",
        )],
        references: &[
            "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
        ],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::PublicBucket,
            "no file makes a bucket public",
        )
    }),
};
