//! Scripts, which Redis runs atomically.

use std::sync::LazyLock;

use seaworthy_redis::redis::Script;

macro_rules! script {
    ($name:ident, $file:literal) => {
        pub(super) static $name: LazyLock<Script> =
            LazyLock::new(|| Script::new(include_str!($file)));
    };
}

script!(PUBLISH, "publish.lua");
script!(CLAIM, "claim.lua");
script!(SETTLE, "settle.lua");
script!(SWEEP, "sweep.lua");
script!(LAG, "lag.lua");
script!(BROWSE, "browse.lua");
script!(REMOVE, "remove.lua");
