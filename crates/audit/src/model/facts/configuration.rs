//! One value of a configuration file.

use crate::model::{Fact, Resolution};

/// A leaf of a configuration document. The file name identifies the layer.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Keys from the top, joined with `.`.
    pub key: String,
    /// The value. Unknown if it is a template or a placeholder without a default.
    pub text: Resolution<String>,
    /// The profile, such as `production` in `config.production.yaml`. Absent for the base file.
    pub profile: Option<String>,
}

impl Fact for Setting {
    const KIND: &'static str = "settings";
}
