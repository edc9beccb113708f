//! Routes that a service answers.

use crate::model::{Fact, Resolution};

/// One route.
#[derive(Debug, Clone)]
pub struct Route {
    /// Method in capitals; `*` for any.
    pub method: String,
    /// Path as far as this file tells; a router mounted elsewhere has a prefix more.
    pub path: Resolution<String>,
    /// Whether the router may be mounted under a prefix by another file.
    pub may_be_mounted: bool,
    /// The handler as written.
    pub handler: String,
    /// The router it hangs on, as written.
    pub pipeline: String,
}

impl Fact for Route {
    const KIND: &'static str = "routes";
}

/// A prefix under which a router of another file hangs.
#[derive(Debug, Clone)]
pub struct Mount {
    /// The prefix.
    pub prefix: Resolution<String>,
    /// The mounted router, as written.
    pub target: String,
}

impl Fact for Mount {
    const KIND: &'static str = "mounted routers";
}
