use seaworthy_core::Ratio;
use serde::{Deserialize, Serialize};

/// A ratio above 0 and up to 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "Ratio", into = "Ratio")]
pub struct Threshold(Ratio);

impl Threshold {
    /// Creates a threshold from percent, limited to 1 to 100.
    #[must_use]
    pub const fn percent(percent: u8) -> Self {
        Self(Ratio::percent(if percent == 0 { 1 } else { percent }))
    }

    /// Returns the ratio.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0.get()
    }
}

/// The error of a threshold whose ratio is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a threshold must be above 0 and at most 1")]
pub struct ZeroThreshold;

impl TryFrom<Ratio> for Threshold {
    type Error = ZeroThreshold;

    fn try_from(share: Ratio) -> Result<Self, ZeroThreshold> {
        if share.get() > 0.0 {
            Ok(Self(share))
        } else {
            Err(ZeroThreshold)
        }
    }
}

impl From<Threshold> for Ratio {
    fn from(threshold: Threshold) -> Self {
        threshold.0
    }
}

impl schemars::JsonSchema for Threshold {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Threshold".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "number", "exclusiveMinimum": 0, "maximum": 1 })
    }

    fn inline_schema() -> bool {
        true
    }
}
